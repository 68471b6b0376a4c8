import { BoundedMap } from '../../base/bounded-map.ts';
import { type OwnMap, type OwnText, ownText } from '../../base/own-text.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type RegistrationObserver } from '../registration/registrations.ts';

/** A REGISTER that has no answer after this time (64 × T1 of RFC 3261) will have none. */
const ANSWER_MS = 32_000;
const MAX_ASKED = 10_000;

interface Holder {
  readonly registrationId: OwnText;
  /** The connection of the holder; absent once its WebSocket is gone. */
  hop: Hop | undefined;
}

interface Asked {
  readonly registrationId: OwnText;
  readonly untilMs: number;
}

/** One device at a time is registered under an identity of a pool (TS 33.203 X.4.1): the identity is of one person at a time. */
export class PoolHolders implements RegistrationObserver {
  readonly #holders: OwnMap<Holder> = new Map<string, Holder>();
  /** REGISTERs that are under way, since two of them do not see one another's answers. */
  readonly #asked = new BoundedMap<Asked>(MAX_ASKED);
  readonly #endLapsed: (registrationId: string) => void;

  /** `endLapsed` is called with a registration whose client has lost its WebSocket and whose identity another device has now. */
  constructor(endLapsed: (registrationId: string) => void) {
    this.#endLapsed = endLapsed;
  }

  /** Whether a device may register under this identity now; if so, it is the only one until its answer. */
  take(aor: string, registrationId: string, nowMs: number): boolean {
    const holder = this.#holders.get(aor);
    if (holder?.hop && holder.registrationId !== registrationId) return false;
    const asked = this.#asked.get(aor);
    if (asked && asked.registrationId !== registrationId && asked.untilMs > nowMs) return false;
    this.#asked.set(aor, { registrationId: ownText(registrationId), untilMs: nowMs + ANSWER_MS });
    return true;
  }

  registered({ aor, registrationId, hop, webLogin }: Registration): void {
    if (webLogin?.isPool !== true) return;
    const before = this.#holders.get(aor);
    this.#holders.set(aor, { registrationId, hop });
    this.#asked.delete(aor);
    if (before && before.registrationId !== registrationId) this.#endLapsed(before.registrationId);
  }

  unregistered({ aor, registrationId, hop }: Registration): void {
    const holder = this.#holders.get(aor);
    if (holder?.registrationId === registrationId && holder.hop === hop) holder.hop = undefined;
  }

  released(registrationId: string, { aor }: { readonly aor: string }): void {
    if (this.#holders.get(aor)?.registrationId !== registrationId) return;
    this.#holders.delete(aor);
    this.#asked.delete(aor);
  }
}
