import { type Binding } from './binding.ts';
import { type CoreTarget } from './ims-core.ts';

/**
 * The target set of a user (RFC 3261 §16.5), from bindings in the order in which they were last refreshed. A device that has registered over
 * several flows is in it once: over the flow that it refreshed last, and over the others only when that one fails (RFC 5626 §7).
 */
export function targetsOf(bindings: readonly Binding[]): CoreTarget[] {
  const devices = new Map<string, CoreTarget[]>();
  for (const { contact, key, hop, registrationId } of bindings) {
    const device = contact.instanceId === undefined ? key : `instance ${contact.instanceId.toLowerCase()}`;
    const flows = devices.get(device) ?? [];
    flows.unshift({ hop, uri: contact.uri, device: { registrationId } });
    devices.set(device, flows);
  }
  return [...devices.values()].flatMap(([newest, ...others]) =>
    newest === undefined ? [] : [others.length === 0 ? newest : { ...newest, alternatives: others }],
  );
}
