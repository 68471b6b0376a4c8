import { uriHost } from '../../../sip/host-port.ts';
import { type SipUri } from '../../../sip/uri.ts';
import { type EdgeSide } from '../../hop.ts';
import { type CoreDestination } from '../core-destination.ts';
import { defaultPort } from './transport/response-port.ts';

/**
 * Whether a URI names this edge as a core outside knows it. Core and edge may share a host, so the port decides; without one, it is that
 * of the URI's transport, and where nothing listens for that transport the core was told none.
 */
export function isCoreSideName(
  uri: SipUri,
  addresses: readonly CoreDestination[],
  publicHost: string | undefined,
): boolean {
  const wanted = uri.params.get('transport')?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
  const wantedPort = uri.port ?? defaultPort(wanted === 'tls' ? 'tls' : 'udp');
  let [isHere, hasTransport, hasPort] = [false, false, false];
  for (const { address, port, transport } of addresses) {
    if (uri.host !== uriHost(publicHost ?? address)) continue;
    isHere = true;
    hasTransport ||= transport === wanted;
    hasPort ||= port === wantedPort;
  }
  return hasPort || (isHere && uri.port === undefined && !hasTransport);
}

/** The edge as it names itself where no hop is known yet; `undefined` while nothing listens. */
export function firstCoreSide(
  [first]: readonly CoreDestination[],
  publicHost: string | undefined,
): EdgeSide | undefined {
  if (!first) return undefined;
  const { address, port, transport } = first;
  return { sentBy: { host: uriHost(publicHost ?? address), port }, transport, tokens: false };
}
