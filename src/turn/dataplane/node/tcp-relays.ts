import { type Socket } from 'node:net';
import { type Logger } from '../../../base/logger.ts';
import { SetMap } from '../../../base/set-map.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type RelayDirection } from '../../contract/bandwidth.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type TcpRelayPlane, type TcpRelaySink } from '../../contract/tcp-relay-plane.ts';
import { JoinedStreams, type JoinedStreamsOptions } from './joined-streams.ts';
import { addressFromKernel } from '../../kernel/address.ts';
import { type KernelTcp } from '../../kernel/tcp.ts';
import { type RelayDirectory, type OwnAddress } from './relay-directory.ts';
import { type ClientSockets } from './client-sockets.ts';
import { type Relay } from './relay-state.ts';
import { RoundRobin } from '../shared/round-robin.ts';
import { TcpRelaySocket } from './tcp-relay-socket.ts';

const KEEPALIVE_MS = 60_000;
/** A megabyte of a turn at most, so that media is not late. */
const SHARE = { unitsPerTurn: 64, unitsPerSlice: 8 };
const SWEEP_MS = { min: 10, max: 1_000 };

interface TcpRelaysPorts {
  readonly kernel: KernelTcp;
  readonly sink: TcpRelaySink;
  readonly clients: ClientSockets;
  readonly relayOf: (handle: RelayHandle) => Relay | undefined;
  readonly directory: RelayDirectory;
  readonly count: (relay: Relay, direction: RelayDirection, bytes: number) => void;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

interface PeerConnection {
  readonly id: number;
  readonly relay: Relay;
  readonly socket: Socket;
  joined: JoinedStreams | undefined;
}

/** The connections of TCP relays over `node:net`. */
export class TcpRelays implements TcpRelayPlane {
  readonly #options: JoinedStreamsOptions;
  readonly #ports: TcpRelaysPorts;
  readonly #connections = new Map<number, PeerConnection>();
  readonly #byRelay = new SetMap<Relay, PeerConnection>();
  readonly #round = new RoundRobin(SHARE);
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: JoinedStreamsOptions, ports: TcpRelaysPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Throws the system error. */
  open({ family, address }: OwnAddress, port: number): TcpRelaySocket {
    return new TcpRelaySocket({ family, address, port }, this.#ports.kernel);
  }

  /** From here on peers are accepted. */
  serve(relay: Relay, socket: TcpRelaySocket): void {
    socket.onAccepted = (accepted) => {
      this.#accept(relay, accepted);
    };
    socket.onClosed = () => {
      for (const { id } of this.#byRelay.get(relay)) this.end(id);
    };
  }

  connect(handle: RelayHandle, id: number, peer: TransportAddress): void {
    const relay = this.#ports.relayOf(handle);
    const relaySocket = relay?.socket;
    try {
      if (!relay || !(relaySocket instanceof TcpRelaySocket)) throw new Error('a relay that does not relay TCP');
      const socket = relaySocket.connect({ ...peer, address: this.#localOf(peer.address) });
      socket.once('connect', () => {
        socket.setNoDelay(true);
        if (this.#connections.has(id)) this.#ports.sink.onPeerConnected(id);
      });
      this.#add({ id, relay, socket, joined: undefined });
    } catch (error) {
      this.#ports.logger.debug({ err: error }, 'no connection to the peer could be begun');
      setImmediate(() => {
        this.#ports.sink.onPeerConnectionEnded(id);
      });
    }
  }

  join(id: number, client: ClientPath): void {
    const connection = this.#connections.get(id);
    const stream = this.#ports.clients.of(client)?.linkTo(client).handOver?.();
    if (!stream || !connection) {
      stream?.destroy();
      return;
    }
    const { relay, socket } = connection;
    const admits = {
      toPeer: (bytes: number) => this.#admit(relay, 'to-peer', bytes),
      toClient: (bytes: number) => this.#admit(relay, 'to-client', bytes),
    };
    connection.joined = new JoinedStreams(stream, socket, admits, this.#options, this.#round);
    this.#armSweep();
  }

  end(id: number): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    this.#remove(connection);
    connection.joined?.destroy();
    connection.socket.destroy();
  }

  #admit(relay: Relay, direction: RelayDirection, bytes: number): boolean {
    if (relay.bandwidth?.exceededBy(direction, bytes, this.#ports.nowMs()) !== undefined) return false;
    this.#ports.count(relay, direction, bytes);
    return true;
  }

  #accept(relay: Relay, socket: Socket): void {
    socket.on('error', ignore);
    const seen = addressFromKernel(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    const peer = seen && { ...seen, address: this.#advertisedOf(seen) };
    const id = peer && this.#ports.sink.onPeerAccepted(relay.handle, peer);
    if (id === undefined) socket.destroy();
    else this.#add({ id, relay, socket, joined: undefined });
  }

  #add(connection: PeerConnection): void {
    const { id, relay, socket } = connection;
    this.#connections.set(id, connection);
    this.#byRelay.add(relay, connection);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('error', ignore);
    socket.once('close', () => {
      if (this.#remove(connection)) this.#ports.sink.onPeerConnectionEnded(id);
    });
  }

  /** False when it was removed before. */
  #remove(connection: PeerConnection): boolean {
    const { id, relay } = connection;
    if (this.#connections.get(id) !== connection) return false;
    this.#connections.delete(id);
    this.#byRelay.delete(relay, connection);
    return true;
  }

  /** Behind 1:1 NAT our relayed addresses are reached inside; elsewhere the address is what it was. */
  #localOf(address: string): string {
    return this.#ports.directory.ofAddress(address)?.address ?? address;
  }

  /** A peer that is a TCP relay of ours is known by the address that it tells its own peers. */
  #advertisedOf({ family, address, port }: TransportAddress): string {
    const own = this.#ports.directory.ofFamily(family).find((one) => one.address === address);
    return own?.tcpRelays.has(port) ? own.advertised : address;
  }

  /** One timer for all joined connections, and only while there are some. */
  #armSweep(): void {
    const everyMs = Math.max(SWEEP_MS.min, Math.min(SWEEP_MS.max, this.#options.stuckSec * 250));
    this.#sweep ??= setInterval(() => {
      this.#runSweep();
    }, everyMs).unref();
  }

  #runSweep(): void {
    const nowMs = this.#ports.nowMs();
    for (const { id, joined } of this.#connections.values()) {
      const end = joined?.overdue(nowMs);
      if (end === undefined) continue;
      this.#ports.logger.debug({ connection: id, end }, 'peer connection given up');
      joined?.destroy();
    }
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

function ignore(): void {
  // A connection that breaks ends with 'close', which is all there is to do about it.
}
