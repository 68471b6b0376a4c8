import { type SipResponse } from '../../../../sip/message.ts';
import { topVia } from '../../../../sip/via.ts';
import { type CoreTransport } from '../../core-destination.ts';

const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061 } as const satisfies Record<CoreTransport, number>;

/** The port of a URI or a sent-by that names none (RFC 3261 §18.2.2, §19.1.2). */
export function defaultPort(transport: CoreTransport): number {
  return DEFAULT_PORTS[transport];
}

/**
 * The port a response goes to over UDP, and over a stream whose connection is gone (RFC 3261 §18.2.2). The address is always that which the
 * request came from, as `received` would say: whoever writes a Via cannot make the edge send to somebody else, so `maddr` is not followed.
 */
export function responsePort(response: SipResponse, transport: CoreTransport, sourcePort: number): number | undefined {
  const via = topVia(response.headers);
  if (!via) return undefined;
  // RFC 3581 §4; over a stream the source port of a connection that is gone leads nowhere.
  if (transport === 'udp' && via.params.has('rport')) return sourcePort;
  return via.sentBy.port ?? defaultPort(transport);
}
