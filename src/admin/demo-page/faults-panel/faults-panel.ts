import { type LabClient } from '../lab-client.ts';
import { type PageBus } from '../page-bus.ts';

/** Buttons for the faults of the lab. */
export function mountFaults(root: HTMLElement, bus: PageBus, lab: LabClient, users: readonly string[]): void {
  root.hidden = true;
  void [bus, lab, users];
}
