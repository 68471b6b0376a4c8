import { EpcscfTurnError } from '../base/errors.ts';

/** How far the end of an expired token or credential lies back. */
export const EXPIRED_SINCE_SEC = 60;

/** What a test wants of a credential that the lab makes by hand. */
export interface MintOptions {
  /** Lifetime in whole seconds; 3600 when absent. */
  readonly ttlSec?: number;
  /** Makes one that ended a minute ago, whatever `ttlSec` says. */
  readonly expired?: boolean;
}

/** The same of a token, web token or access token. */
export interface TokenOptions extends MintOptions {
  /** Whom the token is for; without it, whom it should be for: the edge, or the TURN server. */
  readonly audience?: string;
  /** Makes it with a key that nobody here knows, and names that key. */
  readonly unknownKid?: boolean;
}

const DEFAULT_TTL_SEC = 3600;

/** Throws ERR_INVALID_ARGUMENT. */
export function ttlOf({ ttlSec = DEFAULT_TTL_SEC }: MintOptions, call: string): number {
  if (Number.isSafeInteger(ttlSec) && ttlSec > 0) return ttlSec;
  throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${call}: ttlSec: expected whole seconds above 0, got ${ttlSec}`);
}
