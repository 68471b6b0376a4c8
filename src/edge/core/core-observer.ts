import { type AuthenticationFailure } from '../edge-words.ts';
import { type Hop } from '../hop.ts';

/** What the embedded core tells the edge beside its answers. */
export interface CoreObserver {
  challenged(hop: Hop, aor: string, stale: boolean): void;
  /** A request has proven the password of `user`. */
  authenticated(hop: Hop, user: string): void;
  /** A request has failed to prove the password of `user`, whatever address-of-record it was to register. */
  authenticationFailed(hop: Hop, aor: string, user: string, cause: AuthenticationFailure): void;
  tooManyContacts(hop: Hop): void;
  /** A binding ended by another flow's doing: `Contact: *`, or a device removed by name. */
  bindingRemoved(registrationId: string): void;
}
