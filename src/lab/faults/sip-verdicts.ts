import { type Hop } from '../../edge/hop.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';

/** What becomes of a request in place of its ordinary way. */
export type RequestVerdict =
  | { readonly kind: 'answer'; readonly response: SipResponse }
  /** The request is treated as if it had never come. */
  | { readonly kind: 'drop' };

/** How a message to a client goes out in place of at once and once. */
export type DeliveryVerdict =
  { readonly kind: 'drop' } | { readonly kind: 'delay'; readonly delayMs: number } | { readonly kind: 'twice' };

/** Says what becomes of the messages between WICs and an edge. */
export interface SipJudge {
  /**
   * A well-formed request of a WIC, ACK excepted, when it comes for the first time and before the edge acts on it. Its header fields may be
   * changed in place, other than those by which it was recognised (Via, From, To, Call-ID, CSeq). `undefined` lets it pass. An answer leaves
   * no transaction behind: its To tag is overwritten, and the ACK of an INVITE that was answered ends at the edge.
   */
  request(request: SipRequest, hop: Hop): RequestVerdict | undefined;
  /** Anything on its way to a WIC. Its header fields may be changed in place. `undefined` lets it pass. */
  delivery(message: SipMessage, hop: Hop): DeliveryVerdict | undefined;
}
