import { type Clock } from '../../base/clock.ts';
import { type OwnMap, ownText } from '../../base/own-text.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type Hop } from '../hop.ts';
import { type Claim } from '../registration/contact-claims.ts';
import { type Identity } from '../registration/identity.ts';
import { type RejectedUsers } from '../registration/rejected-users.ts';
import { type Registration } from '../registration/registration.ts';
import { type Registrations } from '../registration/registrations.ts';

export interface ObeyCoreContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly registrations: Registrations;
  readonly rejected: RejectedUsers;
  /** Closes the WebSocket of a client, if it is open. */
  readonly closeFlow: (hop: Hop, cause: 'deregistered' | 'shortened') => void;
  /** How long a client whose last registration has been ended stays connected, so that its calls end in order. */
  readonly partingMs: number;
}

/** So long before its end, at most, a client is sent to register anew; a quarter of what is left where that is less. */
const MAX_LEAD_MS = 10_000;
/** Both sides count in whole seconds. */
const ROUNDING_MS = 1000;

/** Does to registrations, credentials and connections of clients what the core says of them (TS 24.229 §5.2.3, §5.2.5.2). */
export class ObeyCore {
  readonly #context: ObeyCoreContext;
  /** By hop: whose last registration has been ended. */
  readonly #parting: OwnMap<TimerHandle> = new Map<string, TimerHandle>();
  /** By registration: whose end has been brought forward. */
  readonly #shortened: OwnMap<TimerHandle> = new Map<string, TimerHandle>();

  constructor(context: ObeyCoreContext) {
    this.#context = context;
  }

  /** Somebody is registered on this connection again. */
  registered({ hop }: Registration): void {
    this.#cancel(this.#parting, hop.id);
  }

  /** Nothing of it is left. */
  released(registrationId: string): void {
    this.#cancel(this.#shortened, registrationId);
  }

  /** Ends a registration, standing or lapsed, and with it what was issued for it. */
  end(claim: Claim, kind: 'terminated' | 'rejected'): void {
    const { registrations, rejected, closeFlow } = this.#context;
    const hop = registrations.find(claim.registrationId)?.hop;
    if (kind === 'rejected') rejected.note(claim);
    registrations.end(claim.registrationId, kind === 'rejected' ? 'core-rejected' : 'core-terminated');
    if (!hop || registrations.count(hop) > 0) return;
    if (kind === 'rejected') closeFlow(hop, 'deregistered');
    else this.part(hop);
  }

  /**
   * Brings the end of a registration forward; false if it ends no later anyway. WICs hear nothing of it, so the connection is closed near that
   * end.
   */
  shorten(registrationId: string, expiresSec: number): boolean {
    const { registrations, timers } = this.#context;
    const standing = registrations.find(registrationId);
    const nowMs = this.#nowMs;
    const expiresAtMs = nowMs + expiresSec * 1000;
    if (!standing || expiresAtMs + ROUNDING_MS > standing.expiresAtMs) return false;
    registrations.amend(registrationId, { expiresAtMs });
    const leadMs = Math.min(MAX_LEAD_MS, (expiresSec * 1000) / 4);
    this.#cancel(this.#shortened, registrationId);
    const timer = timers.schedule(expiresAtMs - leadMs, () => {
      this.#shortened.delete(registrationId);
      const now = registrations.find(registrationId);
      // It may have been refreshed meanwhile.
      if (now?.expiresAtMs === expiresAtMs) this.#context.closeFlow(now.hop, 'shortened');
    });
    this.#shortened.set(ownText(registrationId), timer);
    return true;
  }

  setIdentities(registrationId: string, identities: readonly Identity[]): void {
    const own = identities.map(({ key, value, number }) => {
      return { key: ownText(key), value: ownText(value), number: number === undefined ? undefined : ownText(number) };
    });
    this.#context.registrations.amend(registrationId, { identities: own });
  }

  /** The core has ended a registration on this connection. If it was the last, the client has time to end its calls. */
  part(hop: Hop): void {
    const { timers, registrations, closeFlow, partingMs } = this.#context;
    this.#cancel(this.#parting, hop.id);
    const timer = timers.schedule(this.#nowMs + partingMs, () => {
      this.#parting.delete(hop.id);
      if (registrations.count(hop) === 0) closeFlow(hop, 'deregistered');
    });
    this.#parting.set(ownText(hop.id), timer);
  }

  #cancel(timersBy: OwnMap<TimerHandle>, key: string): void {
    const timer = timersBy.get(key);
    if (!timer) return;
    this.#context.timers.cancel(timer);
    timersBy.delete(key);
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
