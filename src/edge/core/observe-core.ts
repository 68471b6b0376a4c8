import { type TypedEvents } from '../../base/typed-events.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { type Registrations } from '../registration/registrations.ts';
import { type CoreObserver } from './core-observer.ts';

/** Turns what the embedded core tells into events, counts of failed logins and ends of registrations. */
export function observeCore(
  events: TypedEvents<EdgeEvents>,
  admission: AdmissionControl,
  registrations: Registrations,
): CoreObserver {
  return {
    challenged: (hop, aor, stale) => {
      events.emit('register-challenged', { flowId: hop.id, aor, stale });
    },
    authenticated: (hop, user) => {
      admission.authenticated(hop, user);
    },
    authenticationFailed: (hop, aor, user, cause) => {
      admission.authenticationFailed(hop, aor, user, cause);
    },
    tooManyContacts: (hop) => {
      events.emit('limited', { flowId: hop.id, cause: 'contacts-per-user' });
    },
    bindingRemoved: (registrationId) => {
      registrations.end(registrationId, 'removed');
    },
  };
}
