import { type SipMessage } from '../../sip/message.ts';

/**
 * A neighbour that SIP messages come from and go to: a WIC's flow, or the connection to a core. The proxy knows no more of either, so
 * requests and responses pass in both directions by the same rules.
 */
export interface Hop {
  /** Unique for the life of the process. */
  readonly id: string;
  readonly kind: 'wic' | 'core';
  /** Transport name for Via (RFC 3261 §20.42, RFC 7118 §5.2). */
  readonly viaTransport: string;
  /** `host` or `host:port`, lower case, by which the neighbour knows this edge. */
  readonly authority: string | undefined;
  /** Where its packets come from, for `received` and `rport`. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Whether nobody in between can read what is sent. */
  readonly secure: boolean;
  /** False when the message cannot be sent; the hop is then closed or about to be. */
  send(message: SipMessage): boolean;
}
