import { thirdPartyAuthorization } from '../../../stun/attributes/rfc7635.ts';
import {
  errorCode,
  fingerprint,
  nonce,
  passwordAlgorithms,
  realm,
  software,
  unknownAttributes,
} from '../../../stun/attributes/rfc8489.ts';
import { defaultReason } from '../../../stun/error-code.ts';
import { type IntegrityAlgorithm } from '../../../stun/integrity.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { type PasswordAlgorithmChoice } from '../../../stun/password-algorithm.ts';
import { StunWriter } from '../../../stun/writer.ts';
import { type Answer } from './answer.ts';

interface AnswerFrame {
  /** Signs with what the request was signed with; absent when it was not authenticated. */
  readonly signature?: { readonly key: Buffer; readonly integrity: IntegrityAlgorithm };
  readonly software?: string | undefined;
}

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  /** THIRD-PARTY-AUTHORIZATION, where access tokens are taken (RFC 7635 §6.1). */
  readonly accessTokensFor: string | undefined;
  /** PASSWORD-ALGORITHMS; left out when empty. */
  readonly offer: readonly PasswordAlgorithmChoice[];
}

/** A success or error response. FINGERPRINT answers FINGERPRINT. */
export function encodeAnswer(request: StunMessage, answer: Answer, frame: AnswerFrame): Buffer {
  const writer = new StunWriter(request.method, answer.granted ? 'success' : 'error', request.transactionId);
  if (answer.granted) answer.write(writer);
  else {
    writer.add(errorCode, { code: answer.code, reason: defaultReason(answer.code) });
    if (answer.unknown.length > 0) writer.add(unknownAttributes, [...answer.unknown]);
    answer.write?.(writer);
  }
  if (frame.software !== undefined) writer.add(software, frame.software);
  if (frame.signature) writer.addIntegrity(frame.signature.key, frame.signature.integrity);
  return sealed(request, writer);
}

/**
 * An answer to a request that did not authenticate. 401 and 438 carry realm, nonce and offered algorithms, 400 none of them (RFC 8489 §9.2.4); none carries
 * MESSAGE-INTEGRITY, nor SOFTWARE: the source may be forged, and what is sent to a victim should not be much more than what came in.
 */
export function encodeChallenge(request: StunMessage, code: number, challenge: Challenge | undefined): Buffer {
  const writer = new StunWriter(request.method, 'error', request.transactionId);
  writer.add(errorCode, { code, reason: defaultReason(code) });
  if (challenge) writer.add(realm, challenge.realm).add(nonce, challenge.nonce);
  if (challenge?.accessTokensFor !== undefined) writer.add(thirdPartyAuthorization, challenge.accessTokensFor);
  if (challenge && challenge.offer.length > 0) writer.add(passwordAlgorithms, challenge.offer);
  return sealed(request, writer);
}

function sealed(request: StunMessage, writer: StunWriter): Buffer {
  if (request.has(fingerprint)) writer.addFingerprint();
  return writer.finish();
}
