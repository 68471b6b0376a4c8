import { EpcscfTurnError } from '../../../../base/errors.ts';
import { formatIp, isLoopback, isWildcard, parseIp } from '../../../../base/ip.ts';
import { transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { formatHostPort, type HostPort } from '../../../../sip/host-port.ts';
import { type EdgeSide } from '../../../hop.ts';
import { type CoreTransport } from '../../core-destination.ts';

/** One address of this host that the core knows the edge by. */
export interface LocalEnd {
  readonly transport: CoreTransport;
  readonly local: TransportAddress;
  readonly self: EdgeSide;
  /** `host:port` by which the core knows this end. */
  readonly authority: string;
}

/** Where nothing listens, as with TLS to a core that never calls, the core is told no port and answers over the connection it was asked on. */
export function createLocalEnd(
  transport: CoreTransport,
  local: TransportAddress,
  publicHost: string | undefined,
  isListening = true,
): LocalEnd {
  const host = bracketed(publicHost ?? local.address).toLowerCase();
  const sentBy: HostPort = isListening ? { host, port: local.port } : { host };
  return { transport, local, self: { sentBy, transport, tokens: false }, authority: formatHostPort(sentBy) };
}

/** The address of `edge.core.listen.addresses`. Throws ERR_CONFIG_INVALID for text that is no address, and for a wildcard without `publicHost`. */
export function checkListenAddress(text: string, publicHost: string | undefined): TransportAddress {
  const local = transportAddress(text, 0);
  if (!local) {
    const got = JSON.stringify(text);
    throw new EpcscfTurnError('ERR_CONFIG_INVALID', `edge.core.listen.addresses: expected an IP address, got ${got}`);
  }
  if (isWildcard(local.address) && publicHost === undefined) {
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      `edge.core.listen.publicHost: expected the host by which the core reaches ${local.address}, got none`,
    );
  }
  return local;
}

/** The local address from which a remote one is reached: of the same family, and of loopback exactly when the remote one is. The wildcard serves both. */
export function localEndTowards(localEnds: readonly LocalEnd[], remote: TransportAddress): LocalEnd | undefined {
  const usable = localEnds.filter(({ local }) => local.family === remote.family);
  const fitting = usable.find(({ local }) => fits(local, remote));
  return fitting ?? usable[0];
}

function fits({ address }: TransportAddress, remote: TransportAddress): boolean {
  return isWildcard(address) || isLoopback(address) === isLoopback(remote.address);
}

function bracketed(host: string): string {
  const bytes = parseIp(host);
  return bytes?.length === 16 ? `[${formatIp(bytes)}]` : host;
}
