import { type PageBus } from '../page-bus.ts';

/** Bit rate, loss, round-trip time and jitter of each connection of this tab. */
export function mountCharts(root: HTMLElement, bus: PageBus): void {
  root.hidden = true;
  void bus;
}
