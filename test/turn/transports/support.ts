import { type DataSource } from '../../../src/stun/indications-in-place.ts';
import { createSocket } from 'node:dgram';
import { silentLogger } from '../../../src/base/logger.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { DropCounters } from '../../../src/turn/dataplane/shared/drop-counters.ts';
import { ClientTurns } from '../../../src/turn/dataplane/node/client-turns.ts';
import { ClientSockets, type ClientSocket } from '../../../src/turn/dataplane/node/client-sockets.ts';
import { type ClientDataPath, type ClientLeg, type ClientLink } from '../../../src/turn/dataplane/node/relay-state.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { FairShares } from '../../../src/turn/transports/fair-shares.ts';
import { type ListenerPorts } from '../../../src/turn/transports/listener.ts';
import { StreamConnection } from '../../../src/turn/transports/stream-connection.ts';
import { type StreamListenerOptions } from '../../../src/turn/transports/stream-listener.ts';
import { type UnprovenAllowanceOptions } from '../../../src/turn/transports/unproven-allowance.ts';

export interface Heard extends ListenerPorts {
  readonly messages: { client: ClientPath; bytes: Buffer }[];
  readonly closed: ClientPath[];
  readonly forwarded: Buffer[];
  /** What the fast path says to ChannelData of a client that has an allocation. */
  takes: boolean;
  onMessage: (client: Linked, bytes: Buffer) => void;
}

/** A client as the plane reaches it: by its 5-tuple, and by the fast way that its transport keeps. */
export class Linked implements ClientLink {
  readonly client: ClientPath;
  readonly #socket: ClientSocket;
  readonly #link: ClientLink;

  constructor({ clients }: Pick<ListenerPorts, 'clients'>, client: ClientPath) {
    const socket = clients.of(client);
    if (!socket) throw new Error('the client has gone');
    this.client = client;
    this.#socket = socket;
    this.#link = socket.linkTo(client);
  }

  get transport(): ClientPath['transport'] {
    return this.client.transport;
  }

  get remote(): TransportAddress {
    return this.client.remote;
  }

  get local(): TransportAddress {
    return this.client.local;
  }

  get key(): string {
    return this.client.key;
  }

  get leg(): ClientLeg | undefined {
    return this.#link.leg;
  }

  set leg(leg: ClientLeg | undefined) {
    this.#link.leg = leg;
  }

  /** The client's connection, where it has one of its own. */
  get connection(): StreamConnection {
    if (!(this.#link instanceof StreamConnection)) throw new Error('no connection');
    return this.#link;
  }

  send(data: Uint8Array): void {
    this.#socket.sendTo(this.client, data);
  }

  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean {
    return this.#link.sendChannelData(channel, data, offset, length);
  }

  sendDataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): boolean {
    return this.#link.sendDataIndication(source, data, offset, length);
  }
}

/** Sink and fast path that keep what they hear. */
export function heard(unproven?: UnprovenAllowanceOptions): Heard {
  const messages: Heard['messages'] = [];
  const closed: ClientPath[] = [];
  const forwarded: Buffer[] = [];
  const clientData: ClientDataPath = {
    forward: (_leg, frame) => {
      if (ports.takes) forwarded.push(Buffer.from(frame));
      return ports.takes;
    },
    forwardSend: () => false,
  };
  const ports: Heard = {
    messages,
    closed,
    forwarded,
    takes: true,
    onMessage: () => undefined,
    clientData,
    clients: new ClientSockets(),
    turns: new ClientTurns(),
    drops: new DropCounters(),
    logger: silentLogger,
    shares: new FairShares(unproven, () => performance.now()),
    nowMs: () => performance.now(),
    sink: {
      onClientMessage: (client, bytes) => {
        messages.push({ client, bytes: Buffer.from(bytes) });
        ports.onMessage(new Linked(ports, client), bytes);
      },
      onClientClosed: (client) => closed.push(client),
    },
  };
  return ports;
}

export function streamOptions(overrides: Partial<StreamListenerOptions> = {}): StreamListenerOptions {
  return {
    frameBytes: 70_000,
    bufferedBytes: 65_536,
    stuckSec: 10,
    idleUnauthenticatedSec: 10,
    handshakeSec: 10,
    connections: 100,
    connectionsPerAddress: 100,
    ...overrides,
  };
}

/** A STUN Binding request: the least that the first byte and the framing take for one. */
export function bindingRequest(fill = 0): Buffer {
  const message = Buffer.alloc(20, fill);
  message.writeUInt16BE(0x0001, 0);
  message.writeUInt16BE(0, 2);
  message.writeUInt32BE(0x2112a442, 4);
  return message;
}

export function channelFrame(channel: number, payload: Uint8Array | string): Buffer {
  const data = Buffer.from(payload as string);
  const frame = Buffer.alloc(4 + Math.ceil(data.length / 4) * 4);
  frame.writeUInt16BE(channel, 0);
  frame.writeUInt16BE(data.length, 2);
  data.copy(frame, 4);
  return frame;
}

export async function udpClient(server: TransportAddress): Promise<{
  received: Buffer[];
  port: number;
  send(bytes: Uint8Array): void;
  close(): void;
}> {
  const socket = createSocket({ type: server.family === 4 ? 'udp4' : 'udp6' });
  await new Promise<void>((resolve) => {
    socket.connect(server.port, server.address, resolve);
  });
  const received: Buffer[] = [];
  socket.on('message', (bytes) => received.push(bytes));
  socket.on('error', () => undefined);
  return {
    received,
    port: socket.address().port,
    send: (bytes) => {
      socket.send(bytes);
    },
    close: () => {
      socket.close();
    },
  };
}
