import { type KeyPair } from '../base/key-pair.ts';
import { type TransportAddress } from '../base/transport-address.ts';
import { type ClientTransport } from './contract/client-path.ts';
import { type TcpRelayOptions, type TurnEngineOptions } from './engine/engine-options.ts';
import { type ListenOptions } from './transports/open-listeners.ts';
import { type NatDiscoveryListenOptions } from './transports/nat-discovery-listeners.ts';
import { type StreamListenerOptions } from './transports/stream-listener.ts';

export interface TurnRelayOptions {
  /** Local addresses to relay from, IP text. */
  readonly addresses: readonly string[];
  /** Behind 1:1 NAT: the address peers see, by local relay address. */
  readonly externalAddresses: Readonly<Record<string, string>>;
  readonly ports: TurnEngineOptions['relay']['ports'];
  readonly portQuarantineSec: number;
}

export interface TurnSocketOptions {
  /** SO_RCVBUF and SO_SNDBUF of a UDP listener, which all its clients share; 0 leaves the kernel's default. */
  readonly listenerBufferBytes: number;
  /** SO_RCVBUF and SO_SNDBUF of a relayed transport address; 0 leaves the kernel's default. */
  readonly relayBufferBytes: number;
  /** How late, in milliseconds, a packet may notice that its channel, permission or allocation has ended; 0 reads the clock for each packet. */
  readonly clockResolutionMs: number;
}

export interface TcpRelayServerOptions extends TcpRelayOptions {
  /** What may wait for a peer or a client before the other is no longer read. */
  readonly bufferedBytes: number;
}

export interface TurnServerOptions extends Omit<
  TurnEngineOptions,
  'relay' | 'realms' | 'listeners' | 'ownAddresses' | 'dontFragment' | 'tcpRelay' | 'natDiscovery'
> {
  readonly listeners: readonly ListenOptions[];
  /** Realm by web origin. */
  readonly originRealms: ReadonlyMap<string, string>;
  /** Certificate and key of the `tls` listeners; required when there is one. */
  readonly tls: KeyPair | undefined;
  readonly relay: TurnRelayOptions;
  /** IP addresses by which others reach this machine besides those it knows of itself, IP text. */
  readonly publicAddresses?: readonly string[] | undefined;
  readonly stream: StreamListenerOptions;
  readonly sockets: TurnSocketOptions;
  /** NAT behaviour discovery (RFC 5780) with the first UDP listener of the address's family; none when absent. */
  readonly natDiscovery?: NatDiscoveryListenOptions | undefined;
  /** `auto` is `node` with the sockets of the kernel where there are some. */
  readonly dataPlane: 'auto' | 'node' | 'batch';
  /** How many threads the data plane `batch` has; `auto`: one for each processor. */
  readonly shards: 'auto' | number;
  /** Absent: no TCP is relayed; nor is it with the data plane `node`. */
  readonly tcpRelay?: TcpRelayServerOptions | undefined;
}

/** A listener that is open, with its actual port. */
export interface TurnListenAddress extends TransportAddress {
  readonly transport: ClientTransport;
}
