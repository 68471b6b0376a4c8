import { type SipHeaders } from '../../sip/message.ts';

/** RFC 5393 §5.3.3: where a request names none, and the most of what it names. */
const USUAL_BREADTH = 60;

/** How many branches a request may have at once, here and all the way behind. 0: none may be made. */
export function incomingBreadth(headers: SipHeaders): number {
  const text = headers.get('Max-Breadth');
  return text === undefined || !/^\d+$/.test(text) ? USUAL_BREADTH : Math.min(Number(text), USUAL_BREADTH);
}

/**
 * The share of each branch, all of `breadth` together. Fewer shares than targets: the others wait for one that has ended (RFC 5393 §5.3.3.1).
 */
export function splitBreadth(breadth: number, targets: number): number[] {
  const branches = Math.min(breadth, targets);
  const rest = branches === 0 ? 0 : breadth % branches;
  return Array.from({ length: branches }, (_, index) => Math.floor(breadth / branches) + (index < rest ? 1 : 0));
}
