import { formatTransportAddress, type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { type TcpRelayPlane } from '../../../src/turn/contract/tcp-relay-plane.ts';

/** Remembers what it was told of connections. */
export class FakeTcp implements TcpRelayPlane {
  /** Those on their way, by id. */
  readonly connecting = new Map<number, { readonly from: string; readonly to: string }>();
  readonly joined: { readonly id: number; readonly client: string; readonly answered: number }[] = [];
  readonly ended: number[] = [];
  readonly #answeredTo: (client: ClientPath) => number;

  /** `answeredTo`: how many messages a client was sent. */
  constructor(answeredTo: (client: ClientPath) => number = () => 0) {
    this.#answeredTo = answeredTo;
  }

  connect(relay: RelayHandle, id: number, peer: TransportAddress): void {
    this.connecting.set(id, { from: formatTransportAddress(relay.relayed), to: formatTransportAddress(peer) });
  }

  join(id: number, client: ClientPath): void {
    this.joined.push({ id, client: client.key, answered: this.#answeredTo(client) });
  }

  end(id: number): void {
    this.ended.push(id);
  }

  /** The latest that the engine asked for. */
  get latest(): number {
    const id = [...this.connecting.keys()].at(-1);
    if (id === undefined) throw new Error('no connection was asked for');
    return id;
  }
}
