import { type TransportAddress } from '../../base/transport-address.ts';
import { type Logger } from '../../base/logger.ts';
import { type ClientTurns } from '../dataplane/node/client-turns.ts';
import { type ClientSockets } from '../dataplane/node/client-sockets.ts';
import { type ClientDataPath } from '../dataplane/node/relay-state.ts';
import { type DropCounters } from '../dataplane/shared/drop-counters.ts';
import { type FairShares } from './fair-shares.ts';
import { type ClientTransport } from '../contract/client-path.ts';
import { type DataPlaneSink } from '../contract/data-plane-sink.ts';

/** A client transport that is open. */
export interface Listener {
  readonly transport: ClientTransport;
  /** With the port the kernel chose when 0 was asked for. */
  readonly local: TransportAddress;
  /** TCP and TLS connections now open, handshakes included; 0 for UDP. */
  readonly connectionCount: number;
  /** Stops listening, ends the connections and frees the port; resolves when no handle is left. */
  close(): Promise<void>;
}

/** What every listener works with. */
export interface ListenerPorts {
  readonly sink: Pick<DataPlaneSink, 'onClientMessage' | 'onClientClosed'>;
  readonly clientData: ClientDataPath;
  /** Where the sockets of clients are taken up. */
  readonly clients: ClientSockets;
  /** Where UDP listeners have their turn among the relays. */
  readonly turns: ClientTurns;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Shares of the event loop that TCP and TLS clients have, over all listeners. */
  readonly shares: FairShares;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** A UDP listener on one address. */
export interface DatagramListener extends Listener {
  send(data: Uint8Array, address: string, port: number): void;
  /** A datagram that another socket took for it. */
  receive(bytes: Buffer, remote: { readonly address: string; readonly port: number }): void;
}

export interface DatagramListenOptions {
  /** SO_RCVBUF and SO_SNDBUF in bytes; 0 leaves the kernel's default. All UDP clients share this one socket. */
  readonly socketBufferBytes: number;
  /** Beside a wildcard socket of ours on the same port, which lets it at that moment. */
  readonly isShared?: boolean | undefined;
  /** Zone of a link-local address; absent for others. */
  readonly zone?: string | undefined;
}

/** Opens a UDP listener. Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
export type OpenDatagramListener = (local: TransportAddress, options: DatagramListenOptions) => DatagramListener;
