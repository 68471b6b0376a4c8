import { type OwnMap, type OwnText } from '../../base/own-text.ts';
import { SetMap } from '../../base/set-map.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Binding, type BindingFacts, createBinding } from './binding.ts';
import { type Gruus, isInstance } from './gruus.ts';

/** The place of a binding: a refresh puts a newer binding into it and moves its timer. */
interface Stored {
  binding: Binding;
  readonly timer: TimerHandle;
}

/** The location service of RFC 3261 §10. Lapsed bindings are never returned; the timer only frees their memory. */
export class BindingTable {
  readonly #timers: TimerQueue;
  readonly #gruus: Gruus;
  readonly #byAor: OwnMap<OwnMap<Stored>> = new Map<string, OwnMap<Stored>>();
  readonly #byHop = new SetMap<string, Stored>();

  constructor(timers: TimerQueue, gruus: Gruus) {
    this.#timers = timers;
    this.#gruus = gruus;
  }

  /** The bindings of an address-of-record; the one that was refreshed last comes last. */
  of(aor: string, nowMs: number): Binding[] {
    const bindings: Binding[] = [];
    for (const { binding } of this.#byAor.get(aor)?.values() ?? []) {
      if (binding.expiresAtMs > nowMs) bindings.push(binding);
    }
    return bindings;
  }

  put(facts: BindingFacts): void {
    const stored = this.#byAor.get(facts.aor)?.get(facts.key);
    if (stored?.binding.hop === facts.hop) this.#refresh(stored, facts);
    else this.#replace(stored, facts);
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

  /** Over the same flow, where the binding is found as before. */
  #refresh(stored: Stored, facts: BindingFacts): void {
    const { binding: before, timer } = stored;
    const binding = createBinding(facts, before);
    stored.binding = binding;
    this.#timers.reschedule(timer, binding.expiresAtMs);
    const ofAor = this.#byAor.get(binding.aor);
    if (ofAor && ofAor.size > 1) {
      ofAor.delete(binding.key);
      ofAor.set(binding.key, stored);
    }
    if (binding.contact !== before.contact || binding.callId !== before.callId) this.#keepGruus(binding, before);
  }

  #replace(before: Stored | undefined, facts: BindingFacts): void {
    const binding = createBinding(facts, before?.binding);
    if (before) this.#take(before);
    const timer = this.#timers.schedule(binding.expiresAtMs, () => {
      this.remove(stored.binding);
    });
    const stored: Stored = { binding, timer };
    mapIn(this.#byAor, binding.aor).set(binding.key, stored);
    this.#byHop.add(binding.hop.id, stored);
    this.#keepGruus(binding, before?.binding);
  }

  #keepGruus({ aor, contact: { instanceId }, callId }: Binding, before: Binding | undefined): void {
    if (instanceId === undefined) return;
    this.#gruus.keep({ aor, instanceId }, before !== undefined && before.callId !== callId);
  }

  #take(stored: Stored): void {
    const { aor, key, hop } = stored.binding;
    this.#timers.cancel(stored.timer);
    const ofAor = this.#byAor.get(aor);
    ofAor?.delete(key);
    if (ofAor?.size === 0) this.#byAor.delete(aor);
    this.#byHop.delete(hop.id, stored);
  }

  removeHop(hopId: string): void {
    for (const { binding } of this.#byHop.get(hopId)) this.remove(binding);
  }
}

function mapIn<V>(maps: OwnMap<OwnMap<V>>, key: OwnText): OwnMap<V> {
  const map: OwnMap<V> = maps.get(key) ?? new Map<string, V>();
  maps.set(key, map);
  return map;
}
