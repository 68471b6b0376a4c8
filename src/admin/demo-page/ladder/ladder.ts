import { type PageBus } from '../page-bus.ts';

/** The ladder of figure 6.3.3-1, from the events of both sides. */
export function mountLadder(root: HTMLElement, bus: PageBus, options: { readonly hasLab: boolean }): void {
  root.hidden = true;
  void [bus, options];
}
