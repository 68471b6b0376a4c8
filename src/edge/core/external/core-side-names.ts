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
  const here = addresses.filter(({ address }) => uri.host === uriHost(publicHost ?? address));
  if (here.length === 0) return false;
  const wanted = uri.params.get('transport')?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
  const own = here.filter(({ transport }) => transport === wanted);
  if (uri.port === undefined && own.length === 0) return true;
  const port = uri.port ?? defaultPort(wanted === 'tls' ? 'tls' : 'udp');
  return here.some((end) => end.port === port);
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
