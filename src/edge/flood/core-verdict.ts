import { type SipResponse } from '../../sip/message.ts';

/** What an answer to a REGISTER with credentials says about the password. */
export type CoreVerdict = 'none-yet' | 'right' | 'wrong' | 'unknown';

const STALE = /\bstale\s*=\s*"?true\b/i;

/** RFC 3261 §22.2: a 401 or 407 with stale=true asks for a newer nonce and has nothing against the password; a 403 ends the matter. */
export function readVerdict({ status, headers }: SipResponse): CoreVerdict {
  if (status < 200) return 'none-yet';
  if (status < 300) return 'right';
  if (status === 403) return 'wrong';
  if (status !== 401 && status !== 407) return 'unknown';
  const challenges = [...headers.getAll('WWW-Authenticate'), ...headers.getAll('Proxy-Authenticate')];
  return challenges.some((challenge) => STALE.test(challenge)) ? 'unknown' : 'wrong';
}
