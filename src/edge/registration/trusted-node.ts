import { quote } from '../../sip/params.ts';
import { type WebLogin } from './web-login.ts';

export interface TrustedNodeOptions {
  /** Realm of the home domain, and the host of the Request-URI of a REGISTER. */
  readonly domain: string;
  /** Whether the core is told whose token it was (`authorization-entity`, draft-holmberg-sipcore-auth-id). */
  readonly namesEntity: boolean;
}

/**
 * Credentials by which a trusted node says that it has authenticated the user itself (TS 24.229 §7.2A.2, TS 33.203 P.4 and U.1): they prove nothing, and the
 * core takes them from this edge alone. No client's text is in them: each part comes from a token that was checked, or from the configuration.
 */
export function trustedNodeCredentials(
  { impi, entity }: WebLogin,
  { domain, namesEntity }: TrustedNodeOptions,
): string {
  const names = `username=${quote(impi)}, realm=${quote(domain)}, uri=${quote(`sip:${domain}`)}`;
  const issuer = namesEntity ? `, authorization-entity=${quote(entity)}` : '';
  return `Digest ${names}, nonce="", response="", integrity-protected="auth-done"${issuer}`;
}
