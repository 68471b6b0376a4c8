import { type OwnMap, type OwnText } from '../../base/own-text.ts';
import { SetMap } from '../../base/set-map.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Binding, type BindingFacts, createBinding } from './binding.ts';
import { type Gruus, isInstance } from './gruus.ts';

interface Stored {
  readonly binding: Binding;
  readonly timer: TimerHandle;
}

/** The location service of RFC 3261 §10. Lapsed bindings are never returned; the timer only frees their memory. */
export class BindingTable {
  readonly #timers: TimerQueue;
  readonly #gruus: Gruus;
  readonly #byAor: OwnMap<OwnMap<Stored>> = new Map<string, OwnMap<Stored>>();
  readonly #byHop = new SetMap<string, Binding>();

  constructor(timers: TimerQueue, gruus: Gruus) {
    this.#timers = timers;
    this.#gruus = gruus;
  }

  /** The bindings of an address-of-record, oldest first. */
  of(aor: string, nowMs: number): Binding[] {
    const stored = [...(this.#byAor.get(aor)?.values() ?? [])];
    return stored.map(({ binding }) => binding).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  put(facts: BindingFacts): void {
    const before = this.#byAor.get(facts.aor)?.get(facts.key);
    const binding = createBinding(facts, before?.binding);
    if (before) this.#take(before);
    const timer = this.#timers.schedule(binding.expiresAtMs, () => {
      this.remove(binding);
    });
    mapIn(this.#byAor, binding.aor).set(binding.key, { binding, timer });
    this.#byHop.add(binding.hop.id, binding);
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
    this.#byHop.delete(binding.hop.id, binding);
  }

  removeHop(hopId: string): void {
    for (const binding of this.#byHop.get(hopId)) this.remove(binding);
  }
}

function mapIn<V>(maps: OwnMap<OwnMap<V>>, key: OwnText): OwnMap<V> {
  const map: OwnMap<V> = maps.get(key) ?? new Map<string, V>();
  maps.set(key, map);
  return map;
}
