import { parseCSeq } from '../cseq.ts';
import { formatHostPort } from '../host-port.ts';
import { type SipMessage } from '../message.ts';
import { BRANCH_MAGIC_COOKIE } from '../token.ts';
import { topBranch, type Via } from '../via.ts';

/**
 * RFC 3261 §17.2.3: method of the request, sent-by and branch of its top Via; an ACK, and a CANCEL as `INVITE`, finds the INVITE. `undefined` for a
 * branch without the magic cookie: elements of RFC 2543 are not served. Method and sent-by hold no space, so no two requests share a
 * key by the choice of their parts. Whoever serves several connections keeps one table for each, or adds the connection to the key.
 */
export function serverTransactionKey(method: string, via: Via): string | undefined {
  const branch = via.params.get('branch');
  if (branch === undefined || !hasMagicCookie(branch)) return undefined;
  return `${method === 'ACK' ? 'INVITE' : method} ${formatHostPort(via.sentBy)} ${branch}`;
}

/** RFC 3261 §17.1.3: CSeq method and branch of the top Via, from the request sent or a response to it. */
export function clientTransactionKey(message: SipMessage): string | undefined {
  const branch = topBranch(message.headers);
  const cseq = parseCSeq(message.headers.get('CSeq') ?? '');
  return branch === undefined || !cseq.ok ? undefined : `${cseq.value.method} ${branch}`;
}

function hasMagicCookie(branch: string): boolean {
  const cookie = BRANCH_MAGIC_COOKIE;
  return branch.length > cookie.length && branch.slice(0, cookie.length).toLowerCase() === cookie.toLowerCase();
}
