import { type Logger } from '../../core/logger.ts';
import { type TypedEvents } from '../../core/typed-events.ts';
import { type CredentialIssuer } from '../../credentials/credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type Hop } from '../hop.ts';
import { type Deregistrations } from './deregistration.ts';
import { type RegistrationsContext } from './registrations.ts';

export interface RegistrationObserverContext {
  readonly events: TypedEvents<EdgeEvents>;
  readonly logger: Logger;
  readonly issuer: CredentialIssuer | undefined;
  /** What a flow carries has changed. */
  readonly changed: (hop: Hop) => void;
  readonly deregistrations: () => Deregistrations | undefined;
}

/** What the edge does when registrations come and go. */
export function observeRegistrations(context: RegistrationObserverContext): RegistrationsContext['on'] {
  const { events, logger, issuer, changed, deregistrations } = context;
  return {
    registered: ({ registrationId, aor, hop, grantedExpiresSec }, refresh) => {
      deregistrations()?.settled(registrationId);
      changed(hop);
      const event = { flowId: hop.id, aor, registrationId, expiresSec: grantedExpiresSec, refresh };
      logger.debug(event, 'registered');
      events.emit('registered', event);
    },
    unregistered: (registration, cause) => {
      const { registrationId, aor, hop } = registration;
      if (cause === 'flow-closed') deregistrations()?.lost(registration);
      changed(hop);
      const event = { flowId: hop.id, aor, registrationId, cause };
      logger.debug(event, 'unregistered');
      events.emit('unregistered', event);
    },
    released: (registrationId) => {
      deregistrations()?.settled(registrationId);
      issuer?.release(registrationId);
    },
  };
}
