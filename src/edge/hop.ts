import { type FieldMemory } from '../sip/field-memory.ts';
import { type HostPort } from '../sip/host-port.ts';
import { type SipMessage } from '../sip/message.ts';

/** The edge as its neighbour on one side knows it: what Via, Record-Route and Path say there. */
export interface EdgeSide {
  readonly sentBy: HostPort;
  /** `transport` parameter of a URI. */
  readonly transport: 'ws' | 'udp' | 'tcp' | 'tls';
  /**
   * Whether a URI of this side needs a flow token to lead back to this hop. Without one it only says that a request has come this way; where
   * it goes on is said by the rest of its Route set.
   */
  readonly tokens: boolean;
  /** Further names by which neighbours on this side call the edge: `host` or `host:port`, lower case. */
  readonly otherNames?: ReadonlySet<string>;
}

/**
 * A neighbour that SIP messages come from and go to: a WIC's flow, or the connection to a core. The proxy knows no more of either, so
 * requests and responses pass in both directions by the same rules.
 */
export interface Hop {
  /** Identifies the hop; unique for the life of the process. */
  readonly id: string;
  readonly kind: 'wic' | 'core';
  /** Transport name for Via (RFC 3261 §20.42, RFC 7118 §5.2). */
  readonly viaTransport: string;
  /** `host` or `host:port`, lower case, by which the neighbour knows this edge. */
  readonly authority: string | undefined;
  readonly self: EdgeSide;
  /** Whether the transport repeats by itself what is lost: retransmissions are ours otherwise (RFC 3261 §17). */
  readonly reliable: boolean;
  /** IP address of the neighbour, for `received` and `rport`. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Local IP address of the connection, for traces; absent when there is no connection. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Origin of the page that has opened it, as its browser says; absent where there is none. */
  readonly origin?: string | undefined;
  /** Whether the transport is encrypted, so that no node in between can read what is sent. */
  readonly secure: boolean;
  /** What it has sent before and may repeat; absent where nobody repeats himself. */
  readonly memory?: FieldMemory | undefined;
  /** Sends a message. Returns false when it cannot be sent; the hop is then closed or about to be. */
  send(message: SipMessage): boolean;
}
