import { type OwnMap } from '../../base/own-text.ts';
import { SetMap } from '../../base/set-map.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Binding, type BindingFacts, Bound, type Repetition } from './binding.ts';
import { type Gruus, isInstance } from './gruus.ts';

/** A binding with its timer, which a refresh moves. */
class Stored extends Bound {
  timer: TimerHandle | undefined;
}

const NONE: readonly Stored[] = [];

/** The location service of RFC 3261 §10. Lapsed bindings are never returned; the timer only frees their memory. */
export class BindingTable {
  readonly #timers: TimerQueue;
  readonly #gruus: Gruus;
  /** Each list is replaced, never changed, so that whoever walks over one may change the table. */
  readonly #byAor: OwnMap<readonly Stored[]> = new Map<string, readonly Stored[]>();
  readonly #byHop = new SetMap<string, Stored>();

  constructor(timers: TimerQueue, gruus: Gruus) {
    this.#timers = timers;
    this.#gruus = gruus;
  }

  /** The bindings of an address-of-record; the one that was refreshed last comes last. */
  of(aor: string, nowMs: number): readonly Binding[] {
    const bindings = this.#byAor.get(aor) ?? NONE;
    for (const { expiresAtMs } of bindings) {
      if (expiresAtMs <= nowMs) return bindings.filter((binding) => binding.expiresAtMs > nowMs);
    }
    return bindings;
  }

  put(facts: BindingFacts): void {
    const stored = this.#byAor.get(facts.aor)?.find(({ key }) => key === facts.key);
    if (stored?.hop === facts.hop) this.#refresh(stored, facts);
    else this.#replace(stored, facts);
  }

  /** Refreshes the only binding of an address-of-record by a REGISTER that says the same as the one before, and has this CSeq. */
  repeat(binding: Binding, cseq: number, expiresAtMs: number): void {
    const stored = this.#find(binding);
    if (!stored) return;
    stored.cseq = cseq;
    this.#move(stored, expiresAtMs);
  }

  /** What is to be done when the REGISTER that has just made or refreshed a binding comes again. */
  keepRepetition(binding: Binding, repetition: Repetition): void {
    const stored = this.#find(binding);
    if (stored) stored.repetition = repetition;
  }

  remove(binding: Binding): void {
    const stored = this.#find(binding);
    if (!stored) return;
    this.#take(stored);
    const { aor, contact } = stored;
    const { instanceId } = contact;
    if (instanceId === undefined) return;
    const others = this.#byAor.get(aor) ?? NONE;
    if (others.some((other) => isInstance(other.contact.instanceId, instanceId))) return;
    this.#gruus.forget({ aor, instanceId });
  }

  removeHop(hopId: string): void {
    for (const binding of this.#byHop.get(hopId)) this.remove(binding);
  }

  #find(binding: Binding): Stored | undefined {
    for (const stored of this.#byAor.get(binding.aor) ?? NONE) if (stored === binding) return stored;
    return undefined;
  }

  /** Over the same flow, where the binding is found as before. */
  #refresh(stored: Stored, facts: BindingFacts): void {
    const { contact, callId, aor } = stored;
    stored.update(facts);
    this.#move(stored, facts.expiresAtMs);
    const ofAor = this.#byAor.get(aor) ?? NONE;
    if (ofAor.at(-1) !== stored) this.#byAor.set(aor, [...ofAor.filter((other) => other !== stored), stored]);
    if (stored.contact !== contact || stored.callId !== callId) this.#keepGruus(stored, callId);
  }

  #replace(before: Stored | undefined, facts: BindingFacts): void {
    const stored = new Stored(facts, before);
    if (before) this.#take(before);
    stored.timer = this.#timers.schedule(stored.expiresAtMs, () => {
      this.remove(stored);
    });
    this.#byAor.set(stored.aor, [...(this.#byAor.get(stored.aor) ?? NONE), stored]);
    this.#byHop.add(stored.hop.id, stored);
    this.#keepGruus(stored, before?.callId);
  }

  #move(stored: Stored, expiresAtMs: number): void {
    stored.expiresAtMs = expiresAtMs;
    if (stored.timer) this.#timers.reschedule(stored.timer, expiresAtMs);
  }

  #keepGruus({ aor, contact: { instanceId }, callId }: Binding, callIdBefore: string | undefined): void {
    if (instanceId === undefined) return;
    this.#gruus.keep({ aor, instanceId }, callIdBefore !== undefined && callIdBefore !== callId);
  }

  #take(stored: Stored): void {
    const { aor, hop, timer } = stored;
    if (timer) this.#timers.cancel(timer);
    const others = (this.#byAor.get(aor) ?? NONE).filter((other) => other !== stored);
    if (others.length > 0) this.#byAor.set(aor, others);
    else this.#byAor.delete(aor);
    this.#byHop.delete(hop.id, stored);
  }
}
