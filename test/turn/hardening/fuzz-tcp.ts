import { formatTransportAddress, type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { FakeTcp } from '../engine/fake-tcp.ts';
import { isClosed } from './granted.ts';

/** A connection as a plane has it: a descriptor, and two once it is joined. */
export interface PeerConnection {
  readonly id: number;
  /** Relayed transport address. */
  readonly relayed: string;
  readonly peer: TransportAddress;
  state: 'connecting' | 'open' | 'joined';
  client: ClientPath | undefined;
}

/** Keeps what a plane would hold of connections with peers, and notes what an engine may not ask of it. */
export class FuzzTcp extends FakeTcp {
  readonly live = new Map<number, PeerConnection>();
  readonly wrong: string[] = [];
  readonly #closed: (client: ClientPath) => void;

  /** `closed`: the connection of a client that was joined is no more. */
  constructor(closed: (client: ClientPath) => void) {
    super();
    this.#closed = closed;
  }

  override connect(relay: RelayHandle, id: number, peer: TransportAddress): void {
    if (isClosed(peer)) this.wrong.push(`connected to ${formatTransportAddress(peer)}`);
    this.#add({ id, relayed: formatTransportAddress(relay.relayed), peer, state: 'connecting', client: undefined });
  }

  accepted(relay: RelayHandle, id: number, peer: TransportAddress): void {
    this.#add({ id, relayed: formatTransportAddress(relay.relayed), peer, state: 'open', client: undefined });
  }

  override join(id: number, client: ClientPath): void {
    const connection = this.live.get(id);
    if (connection?.state !== 'open') this.wrong.push(`joined ${id}, which is ${connection?.state ?? 'no more'}`);
    if (client.transport === 'udp') this.wrong.push('joined a client on UDP');
    if (!connection) return;
    connection.state = 'joined';
    connection.client = client;
  }

  override end(id: number): void {
    const connection = this.live.get(id);
    this.live.delete(id);
    if (connection?.client) this.#closed(connection.client);
  }

  isJoined(client: ClientPath): boolean {
    return [...this.live.values()].some((connection) => connection.client === client);
  }

  #add(connection: PeerConnection): void {
    if (this.live.has(connection.id)) this.wrong.push(`${connection.id} names two connections`);
    this.live.set(connection.id, connection);
  }
}
