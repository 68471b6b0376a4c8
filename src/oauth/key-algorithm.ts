import { type KeyObject } from 'node:crypto';
import { type SigningAlgorithm } from '../credentials/signing-keys.ts';

/** Shortest RSA key in bits (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048;

/** The one algorithm that a key is for (RFC 7518 §3.1); `undefined` of a key that is for none of ours. */
export function signingAlgorithmOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): SigningAlgorithm | undefined {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  return asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS ? 'RS256' : undefined;
}
