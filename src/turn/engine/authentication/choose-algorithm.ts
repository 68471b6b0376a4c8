import { type KeyAlgorithm } from '../../../credentials/credential.ts';
import { messageIntegritySha256, passwordAlgorithm, passwordAlgorithms } from '../../../stun/attributes/rfc8489.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { type PasswordAlgorithmChoice } from '../../../stun/password-algorithm.ts';
import { type SecurityFeatures } from './security-features.ts';

type Choice = KeyAlgorithm | 'bid-down' | 'weak-algorithm';

/**
 * The algorithm of the key that a request is signed with (RFC 8489 §9.2.4). Its nonce is one of ours, so it was challenged with our offer.
 * `bid-down`: what it chose from is not what we offered, or it chose and is not signed with MESSAGE-INTEGRITY-SHA256, which whoever was
 * offered a choice must use (§9.2.5): somebody on the path took something away. `weak-algorithm`: it is of RFC 5389, and MD5 is not allowed.
 */
export function chooseAlgorithm(message: StunMessage, { algorithms, offer }: SecurityFeatures): Choice {
  if (!message.has(passwordAlgorithms) && !message.has(passwordAlgorithm)) {
    return algorithms.length === 0 || algorithms.includes('md5') ? 'md5' : 'weak-algorithm';
  }
  const returned = message.get(passwordAlgorithms);
  const chosen = message.get(passwordAlgorithm);
  if (!returned || !chosen || !message.has(messageIntegritySha256)) return 'bid-down';
  const unchanged = returned.length === offer.length && offer.every((ours, i) => isSame(ours, returned[i]));
  const at = offer.findIndex((ours) => isSame(ours, chosen));
  return (unchanged ? algorithms[at] : undefined) ?? 'bid-down';
}

/** Whether two algorithms are the same. The registered algorithms have no parameters. */
function isSame({ algorithm }: PasswordAlgorithmChoice, other: PasswordAlgorithmChoice | undefined): boolean {
  return other?.algorithm === algorithm && other.parameters.length === 0;
}
