import { type Logger } from '../../base/logger.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type CredentialIssuer } from '../../credentials/credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type RegistrationObserver } from './registrations.ts';

export interface RegistrationReportContext {
  readonly events: TypedEvents<EdgeEvents>;
  readonly logger: Logger;
  readonly issuer: CredentialIssuer | undefined;
}

/** What events, log and issuer are told of registrations. */
export function reportRegistrations({ events, logger, issuer }: RegistrationReportContext): RegistrationObserver {
  return {
    registered: ({ registrationId, aor, hop, grantedExpiresSec }, refresh) => {
      const event = { flowId: hop.id, aor, registrationId, expiresSec: grantedExpiresSec, refresh };
      logger.debug(event, 'registered');
      events.emit('registered', event);
    },
    unregistered: ({ registrationId, aor, hop }, cause) => {
      const event = { flowId: hop.id, aor, registrationId, cause };
      logger.debug(event, 'unregistered');
      events.emit('unregistered', event);
    },
    released: (registrationId, { aor, impi, webIdentity }, how) => {
      issuer?.release(registrationId, how);
      events.emit('registration-ended', { registrationId, impi, impu: aor, webIdentity });
    },
  };
}
