import { type AuthenticationFailure } from '../edge-words.ts';
import { type Hop } from '../hop.ts';

/** What the embedded core tells the edge beside its answers. */
export interface CoreObserver {
  challenged(hop: Hop, aor: string, stale: boolean): void;
  /** `user`: whose password was proven. */
  authenticated(hop: Hop, user: string): void;
  /** `user`: whose password was tried, whatever AoR was to be registered. */
  authenticationFailed(hop: Hop, aor: string, user: string, cause: AuthenticationFailure): void;
  tooManyContacts(hop: Hop): void;
  /** A binding ended by another flow's doing: `Contact: *`, or a device removed by name. */
  bindingRemoved(registrationId: string): void;
}
