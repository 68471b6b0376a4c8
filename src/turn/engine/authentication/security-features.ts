import { type CredentialVerifier, type KeyAlgorithm } from '../../../credentials/credential.ts';
import { PasswordAlgorithm, type PasswordAlgorithmChoice } from '../../../stun/password-algorithm.ts';

export interface SecurityFeatureOptions {
  /** Offered in this order as far as every user has such a key; none: no client is asked to choose, and all keys are MD5. */
  readonly passwordAlgorithms: readonly KeyAlgorithm[];
  /** Ask clients of RFC 8489 to send USERHASH instead of USERNAME, where the verifier can find every user by it. */
  readonly usernameAnonymity: boolean;
}

/** What a challenge offers beyond RFC 5389, told in PASSWORD-ALGORITHMS and, so that nobody strips it unseen, in the nonce. */
export interface SecurityFeatures {
  /** The offered algorithms; empty when there is nothing to choose. */
  readonly algorithms: readonly KeyAlgorithm[];
  /** The value of PASSWORD-ALGORITHMS. */
  readonly offer: readonly PasswordAlgorithmChoice[];
  /** 13 characters that begin every nonce (RFC 8489 §9.2). */
  readonly nonceCookie: string;
}

const COOKIE_MARK = 'obMatJos2';
/** RFC 8489 §18.1; bit 0 is the highest of three bytes. */
const FeatureBit = { PasswordAlgorithms: 0x80_00_00, UsernameAnonymity: 0x40_00_00 } as const;
const NUMBERS = { md5: PasswordAlgorithm.Md5, sha256: PasswordAlgorithm.Sha256 } as const;

export function securityFeatures(options: SecurityFeatureOptions, verifier: CredentialVerifier): SecurityFeatures {
  const { keyAlgorithms = ['md5'] } = verifier;
  const algorithms = options.passwordAlgorithms.filter((algorithm) => keyAlgorithms.includes(algorithm));
  const anonymity = options.usernameAnonymity && verifier.lookupHash !== undefined;
  const bits =
    (algorithms.length > 0 ? FeatureBit.PasswordAlgorithms : 0) + (anonymity ? FeatureBit.UsernameAnonymity : 0);
  const bytes = Buffer.alloc(3);
  bytes.writeUIntBE(bits, 0, 3);
  return {
    algorithms,
    offer: algorithms.map((algorithm) => ({ algorithm: NUMBERS[algorithm], parameters: Buffer.alloc(0) })),
    nonceCookie: COOKIE_MARK + bytes.toString('base64'),
  };
}
