import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';

/** 4xx codes that are preferred to others of their class, because they tell the caller how to try again (RFC 3261 §16.7 step 6). */
const HELPFUL = new Set([401, 407, 415, 420, 484]);
const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'];

/** The final outcome of one branch: the response of a target, or one that the proxy makes because none came. */
export interface FinalOutcome {
  readonly response: SipResponse;
  /** Whether the proxy has made the response. A 503 of the proxy then says that no other request would fare better. */
  readonly isOwn: boolean;
}

/**
 * RFC 3261 §16.7 steps 6 and 7: of the final outcomes of all branches, none of them 2xx, the response that goes to the caller. A 503 of a target
 * means this branch only, so it leaves as 500; challenges of several branches are put together.
 */
export function chooseBestResponse(request: SipRequest, outcomes: readonly FinalOutcome[], toTag: string): SipResponse {
  const sorted = [...outcomes].sort((a, b) => rank(a) - rank(b));
  const best = sorted[0]?.response;
  if (!best) return createResponse(request, 480, { toTag });
  if (best.status === 503) {
    const own = outcomes.find(({ response, isOwn }) => isOwn && response.status === 503);
    return own?.response ?? createResponse(request, 500, { toTag });
  }
  if (best.status === 401 || best.status === 407) addChallenges(best, outcomes);
  return best;
}

/** Lower is better: 6xx before all, then the lowest class, then what helps. Who is gone never outweighs who is there and has answered. */
function rank({ response: { status }, isOwn }: FinalOutcome): number {
  const last = isOwn ? 10_000 : 0;
  if (status >= 600) return last;
  if (status === 503) return last + 7000;
  return last + Math.floor(status / 100) * 1000 + (HELPFUL.has(status) ? 0 : 1);
}

function addChallenges(best: SipResponse, outcomes: readonly FinalOutcome[]): void {
  for (const { response: other } of outcomes) {
    if (other === best || (other.status !== 401 && other.status !== 407)) continue;
    for (const name of CHALLENGES) {
      for (const value of other.headers.getAll(name)) best.headers.append(name, value);
    }
  }
}
