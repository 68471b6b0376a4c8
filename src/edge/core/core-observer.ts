import { type AuthenticationFailure } from '../edge-events.ts';
import { type Hop } from '../flow/hop.ts';

/** What the embedded core tells the edge beside its answers. */
export interface CoreObserver {
  challenged(hop: Hop, aor: string, stale: boolean): void;
  authenticated(hop: Hop): void;
  authenticationFailed(hop: Hop, aor: string, cause: AuthenticationFailure): void;
  tooManyContacts(hop: Hop): void;
  /** A binding ended by another flow's doing: `Contact: *`, or a device removed by name. */
  bindingRemoved(registrationId: string): void;
}
