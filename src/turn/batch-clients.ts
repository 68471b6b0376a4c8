import { isChannelData } from '../stun/channel-data.ts';
import { dataIndication } from '../stun/indications-in-place.ts';
import { type ClientPath } from './contract/client-path.ts';
import { type DataPlaneSink } from './contract/data-plane-sink.ts';
import { type BatchListener } from './dataplane/batch/batch-listener.ts';
import { type ClientSocket } from './dataplane/node/client-sockets.ts';
import { type ClientLeg, type ClientLink } from './dataplane/node/relay-state.ts';
import { type NodeDataPlane } from './dataplane/node/node-data-plane.ts';

/**
 * A listener of the plane `batch` as the plane `node` has it, for relays of `node` whose client has moved to it (RFC 8016). All other clients of the
 * listener have no leg here.
 */
export class BatchClients implements ClientSocket {
  readonly #listener: BatchListener;
  readonly #legs = new Map<string, ClientLeg>();

  constructor(listener: BatchListener) {
    this.#listener = listener;
  }

  sendTo(client: ClientPath, data: Uint8Array): void {
    this.#listener.sendTo(client, data);
  }

  linkTo(client: ClientPath): ClientLink {
    const listener = this.#listener;
    const legs = this.#legs;
    return {
      client,
      get leg(): ClientLeg | undefined {
        return legs.get(client.key);
      },
      set leg(leg: ClientLeg | undefined) {
        if (leg) legs.set(client.key, leg);
        else legs.delete(client.key);
      },
      sendChannelData: (channel, data, offset, length) => {
        listener.sendChannelData(client, channel, data, offset, length);
        return true;
      },
      sendDataIndication: (source, data, offset, length) => {
        listener.sendTo(client, dataIndication(source, data, offset, length));
        return true;
      },
    };
  }
}

/** How ChannelData finds a relay of the plane that does not serve its client. */
interface OtherWays {
  readonly clients: { of(client: ClientPath): ClientSocket | undefined };
  readonly node: () => Pick<NodeDataPlane, 'forward'>;
  /** To a relay of the plane `batch`; false when the client has none there. */
  readonly batch: () => { forward(client: ClientPath, frame: Uint8Array): boolean };
}

/** What clients send that their own plane cannot place: for relays of the other plane, else for the engine. */
export class CrossingClients implements Pick<DataPlaneSink, 'onClientMessage' | 'onClientClosed'> {
  readonly #sink: DataPlaneSink;
  readonly #ways: OtherWays;

  constructor(sink: DataPlaneSink, ways: OtherWays) {
    this.#sink = sink;
    this.#ways = ways;
  }

  onClientMessage(client: ClientPath, bytes: Buffer): void {
    if (!isChannelData(bytes[0] ?? 0) || !this.#crosses(client, bytes)) this.#sink.onClientMessage(client, bytes);
  }

  onClientClosed(client: ClientPath): void {
    this.#sink.onClientClosed(client);
  }

  #crosses(client: ClientPath, frame: Buffer): boolean {
    const { clients, node, batch } = this.#ways;
    if (batch().forward(client, frame)) return true;
    const socket = clients.of(client);
    const leg = socket instanceof BatchClients ? socket.linkTo(client).leg : undefined;
    return leg !== undefined && node().forward(leg, frame);
  }
}
