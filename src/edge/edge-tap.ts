import { type SipMessage, type SipRequest, type SipResponse } from '../sip/message.ts';
import { type Hop } from './hop.ts';

/** What becomes of a request in place of its ordinary way. */
export type RequestVerdict =
  | { readonly kind: 'answer'; readonly response: SipResponse }
  /** The request is treated as if it had never come. */
  | { readonly kind: 'drop' };

/** How a message to a client goes out in place of at once and once. */
export type DeliveryVerdict =
  { readonly kind: 'drop' } | { readonly kind: 'delay'; readonly delayMs: number } | { readonly kind: 'twice' };

/** Stands in the way of what passes between WICs and the edge, to cause faults on purpose. Absent in production. */
export interface EdgeTap {
  /**
   * A well-formed request of a WIC, ACK excepted, when it comes for the first time and before the edge acts on it. Its header fields may be
   * changed in place, other than those by which it was recognised (Via, From, To, Call-ID, CSeq). `undefined` lets it pass. An answer leaves
   * no transaction behind: its To tag is overwritten, and the ACK of an INVITE that was answered ends here.
   */
  request(request: SipRequest, hop: Hop): RequestVerdict | undefined;
  /** Anything on its way to a WIC. Its header fields may be changed in place. `undefined` lets it pass. */
  delivery(message: SipMessage, hop: Hop): DeliveryVerdict | undefined;
}

/** A program in the core that takes calls to users of the home domain, in the place of a device. */
export interface ApplicationServer {
  /** Whether requests to this user (the user part, unescaped) are for it when no device is registered by the name. */
  serves(user: string): boolean;
  /**
   * Called at each start of the edge, before anything is received; `send` hands requests and responses to it until it stops. Throws
   * ERR_INVALID_ARGUMENT for a message that cannot be written.
   */
  connect(send: (message: SipMessage) => void): void;
  /**
   * A request to one of its users, or a response to one of its own; its to keep and change. May call `send` at once or later. The edge is
   * a proxy before it: 100 has been sent, and what is not answered ends in 408.
   */
  receive(message: SipMessage): void;
  /** The edge stops: calls end without further messages. */
  close(): void;
}
