import { type PageBus } from '../page-bus.ts';

/** Turns what was just done into a vitest file. */
export function mountCopyAsTest(
  root: HTMLElement,
  bus: PageBus,
  facts: { readonly domain: string; readonly users: readonly string[] },
): void {
  root.hidden = true;
  void [bus, facts];
}
