import { readAuthFields } from '../../sip/auth-params.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { type DigestLogin } from '../registration/passed-challenges.ts';

/** What the edge says of the connection that credentials came over: the values of TS 24.229 §7.2A.2 that a connection with TLS may have. */
export type IntegrityProtection = 'tls-pending' | 'tls-yes' | 'tls-connected';

/** IMS AKA without IPsec (TS 33.203 P.3); the one algorithm for which TS 24.229 §5.4.1.1 knows `tls-connected`. */
const AKA_OVER_TLS = 'akav2-sha-256';

/**
 * Adds `integrity-protected` to the digest credentials of a REGISTER (TS 24.229 §5.2.2.4, TS 33.203 O.4 and P.3). `isProven`: whether this connection
 * has proven to be that of this login. Credentials without a response prove nothing and get none, but for those of IMS AKA over TLS, of which the edge
 * says no more than that they came over TLS.
 */
export function vouchForProofs(headers: SipHeaders, isProven: (login: DigestLogin) => boolean): void {
  const values = headers.getAll('Authorization');
  const vouched = values.map((value) => {
    const protection = protectionOf(value, isProven);
    return protection === undefined ? value : `${value}, integrity-protected="${protection}"`;
  });
  if (vouched.every((value, index) => value === values[index])) return;
  headers.remove('Authorization');
  for (const value of vouched) headers.append('Authorization', value);
}

function protectionOf(value: string, isProven: (login: DigestLogin) => boolean): IntegrityProtection | undefined {
  const fields = readAuthFields(value);
  const params = fields?.scheme === 'digest' ? fields.params : undefined;
  const username = params?.get('username');
  if (params === undefined || username === undefined) return undefined;
  if (params.get('algorithm')?.toLowerCase() === AKA_OVER_TLS) return 'tls-connected';
  if ((params.get('response') ?? '') === '') return undefined;
  return isProven({ username, realm: params.get('realm') ?? '' }) ? 'tls-yes' : 'tls-pending';
}
