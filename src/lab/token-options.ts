import { EpcscfTurnError } from '../base/errors.ts';

/** Seconds for which an expired token or credential has ended. */
export const EXPIRED_SINCE_SEC = 60;

/** What a test wants of a credential that the lab makes by hand. */
export interface MintOptions {
  /** Lifetime in whole seconds. Default: 3600. */
  readonly ttlSec?: number;
  /** Whether to make one that ended a minute ago, whatever `ttlSec` says. Default: no. */
  readonly expired?: boolean;
}

/** What a test wants of a web token or access token that the lab makes by hand. */
export interface TokenOptions extends MintOptions {
  /** Whom the token is for; without it, whom it should be for: the edge, or the TURN server. */
  readonly audience?: string;
  /** Makes it with a key that nobody here knows, and names that key. */
  readonly unknownKid?: boolean;
}

const DEFAULT_TTL_SEC = 3600;

/** The lifetime in seconds that the options ask for. Throws ERR_INVALID_ARGUMENT. */
export function ttlOf({ ttlSec = DEFAULT_TTL_SEC }: MintOptions, call: string): number {
  if (Number.isSafeInteger(ttlSec) && ttlSec > 0) return ttlSec;
  throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${call}: ttlSec: expected whole seconds above 0, got ${ttlSec}`);
}
