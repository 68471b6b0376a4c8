import { type Logger } from '../../base/logger.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type AccessTokenIssuer, type CredentialIssuer } from '../../credentials/credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type RegistrationObserver } from './registrations.ts';

export interface RegistrationReportContext {
  readonly events: TypedEvents<EdgeEvents>;
  readonly logger: Logger;
  /** Issuers that are told when a registration ends, so that they release its credentials. `undefined` entries are skipped. */
  readonly issuers: readonly (CredentialIssuer | AccessTokenIssuer | undefined)[];
}

/** What events, log and issuers are told of registrations. */
export function reportRegistrations({ events, logger, issuers }: RegistrationReportContext): RegistrationObserver {
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
      for (const issuer of issuers) issuer?.release(registrationId, how);
      events.emit('registration-ended', { registrationId, impi, impu: aor, webIdentity });
    },
  };
}
