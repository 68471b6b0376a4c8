import { type Now } from '../base/clock.ts';
import { mapOutcome, type Outcome } from '../base/outcome.ts';
import { ok, type Result } from '../base/result.ts';
import { type Secret } from '../base/secret.ts';
import { type OAuthError } from './oauth-words.ts';

/** A registration token, and until when it is good. */
export interface RegistrationToken {
  readonly token: string;
  /** When the token ends, in UNIX seconds. */
  readonly expiresAtSec: number;
  readonly impi: string;
  readonly impus: readonly string[];
}

/** A token of RFC 7635 with its session key. */
export interface TurnToken {
  /** The token in base64, as RFC 7635 §6.2 hands it to clients. */
  readonly token: string;
  readonly kid: string;
  /** The session key in base64. */
  readonly key: Secret;
  /** When the token ends, in UNIX seconds. */
  readonly expiresAtSec: number;
  /** Name of the TURN server that takes it. */
  readonly audience: string;
}

/** The MAC that a session key is for, by its length in octets (RFC 7635 appendix B). */
const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [20, 'HMAC-SHA-1'],
  [32, 'HMAC-SHA-256-128'],
]);

/** Body of a successful answer (RFC 6749 §5.1), or what of it goes into a fragment (§4.2.2). */
export type TokenFields = Readonly<Record<string, string | number>>;

export function registrationFields(
  made: Result<RegistrationToken, OAuthError>,
  now: Now,
): Result<TokenFields, OAuthError> {
  if (!made.ok) return made;
  const { token, expiresAtSec } = made.value;
  return ok({ access_token: token, token_type: 'Bearer', expires_in: secondsLeft(expiresAtSec, now), scope: 'sip' });
}

/** RFC 7635 appendix B. */
export function turnFields(
  made: Outcome<Result<TurnToken, OAuthError>>,
  now: Now,
): Outcome<Result<TokenFields, OAuthError>> {
  return mapOutcome(made, (result) => {
    if (!result.ok) return result;
    const { token, kid, key, expiresAtSec, audience } = result.value;
    const keyText = key.revealText();
    const alg = ALGORITHMS.get(Buffer.from(keyText, 'base64').length);
    const expiresIn = secondsLeft(expiresAtSec, now);
    return ok({
      access_token: token,
      token_type: 'pop',
      expires_in: expiresIn,
      scope: 'turn',
      kid,
      key: keyText,
      ...(alg !== undefined && { alg }),
      aud: audience,
    });
  });
}

function secondsLeft(expiresAtSec: number, { unixMs }: Now): number {
  return Math.max(0, Math.floor(expiresAtSec - unixMs / 1000));
}
