import { EpcscfTurnError } from '../../base/errors.ts';
import { isWildcard } from '../../base/ip.ts';
import { type KeyPair } from '../../base/key-pair.ts';
import { transportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { type ClientTransport } from '../contract/client-path.ts';
import { type ReceiveBatch } from '../kernel/receive-batch.ts';
import { type KernelUdp } from '../kernel/udp.ts';
import { kernelWildcard } from '../kernel/wildcard.ts';
import { type Listener, type ListenerPorts, type OpenDatagramListener } from './listener.ts';
import { streamLimits, StreamListener, type StreamLimits, type StreamListenerOptions } from './stream-listener.ts';
import { UdpListener } from './udp-listener.ts';
import { WildcardUdpListener } from './wildcard-udp-listener.ts';

export interface ListenOptions {
  readonly transport: ClientTransport;
  /** IP text. */
  readonly address: string;
  /** 0 lets the kernel choose; UDP and TCP on one address then get the same port where that is possible. */
  readonly port: number;
  /** Realm of the clients that come here; the server's when absent. */
  readonly realm?: string | undefined;
  /** Ranges of proxies that begin each TCP or TLS connection with a PROXY header. When there are some, only they may connect. */
  readonly proxyProtocolFrom?: readonly string[] | undefined;
}

export interface OpenListenersOptions {
  readonly listeners: readonly ListenOptions[];
  /** Required when there is a `tls` listener. */
  readonly tls: KeyPair | undefined;
  readonly stream: StreamListenerOptions;
  /** SO_RCVBUF and SO_SNDBUF of each UDP listener; 0 leaves the kernel's default. */
  readonly udpBufferBytes: number;
  /** For UDP; `node:dgram` alone when absent. */
  readonly kernel?: KernelUdp | undefined;
  /** See `UdpListenerOptions`. */
  readonly batch?: ReceiveBatch | undefined;
  /** Opens the UDP listener of one address; `UdpListener` when absent. */
  readonly openUdp?: OpenDatagramListener | undefined;
}

/** Opens all listeners or none: when one fails, those opened before it are closed and its error is thrown. */
export async function openListeners(
  options: OpenListenersOptions,
  ports: ListenerPorts,
  limits = streamLimits(options.stream, ports),
): Promise<Listener[]> {
  const open: Listener[] = [];
  try {
    for (const wish of options.listeners)
      open.push(await openOne(wish, sharedPort(wish, open), options, limits, ports));
    return open;
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close()));
    throw error;
  }
}

async function openOne(
  wish: ListenOptions,
  preferredPort: number,
  options: OpenListenersOptions,
  limits: StreamLimits,
  ports: ListenerPorts,
): Promise<Listener> {
  try {
    return await bind(wish, preferredPort, options, limits, ports);
  } catch (error) {
    if (preferredPort === wish.port) throw error;
    return bind(wish, wish.port, options, limits, ports);
  }
}

/** A client that is told one port for both of `turn:` transports needs one line of firewall rules, not two. */
function sharedPort(wish: ListenOptions, open: readonly Listener[]): number {
  if (wish.port !== 0 || wish.transport === 'tls') return wish.port;
  const other = wish.transport === 'udp' ? 'tcp' : 'udp';
  const twin = open.find(({ transport, local }) => transport === other && local.address === wish.address);
  return twin?.local.port ?? 0;
}

async function bind(
  { transport, address, proxyProtocolFrom }: ListenOptions,
  port: number,
  { tls, stream, udpBufferBytes, kernel, batch, openUdp }: OpenListenersOptions,
  limits: StreamLimits,
  ports: ListenerPorts,
): Promise<Listener> {
  const local = localAddress(address, port);
  if (transport === 'udp') {
    const open = openUdp ?? ((at, options) => new UdpListener(at, { ...options, kernel, batch }, ports));
    const options = { socketBufferBytes: udpBufferBytes };
    if (!isWildcard(local.address)) return open(local, options);
    return new WildcardUdpListener(local, { ...options, open, wildcard: kernel && kernelWildcard() }, ports);
  }
  if (transport === 'tls' && !tls) {
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      'turn.listeners: a tls listener needs tls.certFile and tls.keyFile',
    );
  }
  return StreamListener.listen(local, transport === 'tls' ? tls : undefined, stream, limits, ports, proxyProtocolFrom);
}

function localAddress(address: string, port: number): TransportAddress {
  const local = transportAddress(address, port);
  if (local) return local;
  throw new EpcscfTurnError(
    'ERR_CONFIG_INVALID',
    `turn.listeners: expected an IP address and a port 0-65535, got ${JSON.stringify(address)} and ${port}`,
  );
}
