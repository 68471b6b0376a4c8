import { type TimerHandle, type TimerQueue } from '../../core/timer-queue.ts';
import { type Contact } from '../../sip/contact.ts';
import { type Hop } from '../flow/hop.ts';
import { type Gruus, isInstance } from './gruus.ts';

/** One Contact of one AoR, reachable over the flow it was registered on (RFC 5626 §6). */
export interface Binding {
  readonly aor: string;
  /** The same as it may be sent. */
  readonly address: string;
  /** `bindingKey` of the contact: unique within the AoR. */
  readonly key: string;
  readonly registrationId: string;
  readonly contact: Contact;
  readonly hop: Hop;
  readonly callId: string;
  readonly cseq: number;
  /** Monotonic milliseconds. */
  readonly expiresAtMs: number;
}

interface Stored {
  readonly binding: Binding;
  readonly timer: TimerHandle;
}

/** The location service of RFC 3261 §10. Lapsed bindings are never returned; the timer only frees their memory. */
export class BindingTable {
  readonly #timers: TimerQueue;
  readonly #gruus: Gruus;
  readonly #byAor = new Map<string, Map<string, Stored>>();
  readonly #byHop = new Map<string, Set<Binding>>();

  constructor(timers: TimerQueue, gruus: Gruus) {
    this.#timers = timers;
    this.#gruus = gruus;
  }

  /** Oldest first. */
  of(aor: string, nowMs: number): Binding[] {
    const stored = [...(this.#byAor.get(aor)?.values() ?? [])];
    return stored.map(({ binding }) => binding).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  put(binding: Binding): void {
    const before = this.#byAor.get(binding.aor)?.get(binding.key);
    if (before) this.#take(before);
    const timer = this.#timers.schedule(binding.expiresAtMs, () => {
      this.remove(binding);
    });
    mapIn(this.#byAor, binding.aor).set(binding.key, { binding, timer });
    const ofHop = this.#byHop.get(binding.hop.id) ?? new Set();
    this.#byHop.set(binding.hop.id, ofHop.add(binding));
    const { aor, contact, callId } = binding;
    if (contact.instanceId === undefined) return;
    this.#gruus.keep({ aor, instanceId: contact.instanceId }, before !== undefined && before.binding.callId !== callId);
  }

  remove(binding: Binding): void {
    const { aor, key, contact } = binding;
    const ofAor = this.#byAor.get(aor);
    const stored = ofAor?.get(key);
    if (stored?.binding !== binding) return;
    this.#take(stored);
    const { instanceId } = contact;
    if (instanceId === undefined) return;
    const others = ofAor?.values() ?? [];
    if ([...others].some((other) => isInstance(other.binding.contact.instanceId, instanceId))) return;
    this.#gruus.forget({ aor, instanceId });
  }

  #take({ binding, timer }: Stored): void {
    this.#timers.cancel(timer);
    const ofAor = this.#byAor.get(binding.aor);
    ofAor?.delete(binding.key);
    if (ofAor?.size === 0) this.#byAor.delete(binding.aor);
    const ofHop = this.#byHop.get(binding.hop.id);
    ofHop?.delete(binding);
    if (ofHop?.size === 0) this.#byHop.delete(binding.hop.id);
  }

  removeHop(hopId: string): void {
    for (const binding of this.#byHop.get(hopId) ?? []) this.remove(binding);
  }
}

function mapIn<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const map = maps.get(key) ?? new Map<string, V>();
  maps.set(key, map);
  return map;
}
