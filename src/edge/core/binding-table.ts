import { type TimerHandle, type TimerQueue } from '../../core/timer-queue.ts';
import { type Contact } from '../../sip/contact.ts';
import { type Hop } from '../flow/hop.ts';

/** One Contact of one AoR, reachable over the flow it was registered on (RFC 5626 §6). */
export interface Binding {
  readonly aor: string;
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
  readonly #byAor = new Map<string, Map<string, Stored>>();
  readonly #byHop = new Map<string, Set<Binding>>();

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  /** Oldest first. */
  of(aor: string, nowMs: number): Binding[] {
    const stored = [...(this.#byAor.get(aor)?.values() ?? [])];
    return stored.map(({ binding }) => binding).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  put(binding: Binding): void {
    const before = this.#byAor.get(binding.aor)?.get(binding.key);
    if (before) this.remove(before.binding);
    const timer = this.#timers.schedule(binding.expiresAtMs, () => {
      this.remove(binding);
    });
    mapIn(this.#byAor, binding.aor).set(binding.key, { binding, timer });
    const ofHop = this.#byHop.get(binding.hop.id) ?? new Set();
    this.#byHop.set(binding.hop.id, ofHop.add(binding));
  }

  remove(binding: Binding): void {
    const ofAor = this.#byAor.get(binding.aor);
    const stored = ofAor?.get(binding.key);
    if (!ofAor || stored?.binding !== binding) return;
    this.#timers.cancel(stored.timer);
    ofAor.delete(binding.key);
    if (ofAor.size === 0) this.#byAor.delete(binding.aor);
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
