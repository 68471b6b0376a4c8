import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import {
  errorCode,
  nonce as nonceAttribute,
  realm as realmAttribute,
  username as usernameAttribute,
  xorMappedAddress,
} from '../../../src/stun/attributes/rfc8489.ts';
import {
  additionalAddressFamily,
  channelNumber,
  data as dataAttribute,
  evenPort,
  icmp,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { isChannelData, writeChannelDataHeader } from '../../../src/stun/channel-data.ts';
import { checkIntegrity } from '../../../src/stun/integrity.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../../../src/stun/message.ts';
import { StreamFramer } from '../../../src/stun/stream-framer.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { unwrap } from '../../support/unwrap.ts';

const TCP_PROTOCOL = 6;
const UDP_PROTOCOL = 17;
const WAIT_MS = 4_000;

export interface ClientOptions {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly server: TransportAddress;
  readonly username?: string;
  readonly password?: string;
  /** TLS: the certificate to trust. */
  readonly ca?: string;
  readonly localAddress?: string;
  /** TLS: `stun.turn` when absent. */
  readonly ALPNProtocols?: string[];
  /** TCP and TLS: what a proxy would send before anything else. */
  readonly proxyHeader?: string | Buffer;
  /** How long it waits for an answer; it sends each request once. */
  readonly waitMs?: number;
}

/** What came from the server that is no response: data of a peer. */
export interface Arrival {
  readonly kind: 'channel' | 'indication';
  readonly channel?: number;
  readonly peer?: TransportAddress;
  readonly data: Buffer;
  /** Of a ConnectionAttempt, which has no data. */
  readonly connectionId?: number | undefined;
}

interface Wire {
  send(bytes: Uint8Array): void;
  close(): void;
  readonly closed: Promise<void>;
}

/** A TURN client for tests: one transport to the server, one allocation, every response matched to its request. */
export class TurnClient {
  readonly arrivals: Arrival[] = [];
  /** ICMP errors that the server told of. */
  readonly errors: { peer: TransportAddress; error: { type: number; code: number; data: number } }[] = [];
  relayed: TransportAddress | undefined;
  /** Both of an allocation of two families. */
  relayedAll: readonly TransportAddress[] = [];
  mapped: TransportAddress | undefined;
  token: Buffer | undefined;
  /** MOBILITY-TICKET, the newest. */
  ticket: Buffer | undefined;
  grantedSec = 0;
  readonly #options: ClientOptions;
  readonly #responses = new Map<string, (message: StunMessage) => void>();
  #waiters: (() => void)[] = [];
  #realm = '';
  #nonce = '';
  #wire!: Wire;
  #over = false;

  private constructor(options: ClientOptions) {
    this.#options = options;
  }

  static async connect(options: ClientOptions): Promise<TurnClient> {
    const client = new TurnClient(options);
    const onFrame = (frame: Buffer): void => {
      client.#onFrame(frame);
    };
    client.#wire = options.transport === 'udp' ? await openUdp(options, onFrame) : await openStream(options, onFrame);
    return client;
  }

  get closed(): Promise<void> {
    return this.#wire.closed;
  }

  /** Also a second time. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#wire.close();
  }

  /** Bytes as they are, for what a good client would not send. */
  sendRaw(bytes: Uint8Array): void {
    this.#wire.send(bytes);
  }

  binding(): Promise<StunMessage> {
    return this.#transact(Method.Binding, (request) => request, false);
  }

  /** Allocates; the 401 with realm and nonce is part of it. Rejects on any other error. */
  async allocate(
    options: {
      family?: 4 | 6;
      bothFamilies?: boolean;
      evenPort?: boolean;
      token?: Buffer;
      lifetimeSec?: number;
      tcp?: boolean;
      mobile?: boolean;
    } = {},
  ): Promise<TransportAddress> {
    const response = await this.request(Method.Allocate, (request) => {
      request.add(requestedTransport, options.tcp === true ? TCP_PROTOCOL : UDP_PROTOCOL);
      if (options.family !== undefined) request.add(requestedAddressFamily, options.family === 4 ? 1 : 2);
      if (options.bothFamilies === true) request.add(additionalAddressFamily, 2);
      if (options.evenPort !== undefined) request.add(evenPort, options.evenPort);
      if (options.mobile === true) request.add(mobilityTicket, Buffer.alloc(0));
      if (options.token) request.add(reservationToken, options.token);
      if (options.lifetimeSec !== undefined) request.add(lifetime, options.lifetimeSec);
      return request;
    });
    this.relayedAll = response.getAll(xorRelayedAddress);
    this.relayed = this.relayedAll[0];
    this.mapped = response.get(xorMappedAddress);
    this.token = response.get(reservationToken);
    this.ticket = response.get(mobilityTicket);
    this.grantedSec = response.get(lifetime) ?? 0;
    return this.relayed!;
  }

  async refresh(lifetimeSec: number, family?: 4 | 6): Promise<void> {
    await this.request(Method.Refresh, (request) => {
      if (family !== undefined) request.add(requestedAddressFamily, family === 4 ? 1 : 2);
      return request.add(lifetime, lifetimeSec);
    });
  }

  /** Takes the allocation of a ticket to this client. */
  async moveHere(ticket: Buffer): Promise<void> {
    const response = await this.request(Method.Refresh, (request) => request.add(mobilityTicket, ticket));
    this.ticket = response.get(mobilityTicket);
  }

  async permit(...peers: TransportAddress[]): Promise<void> {
    await this.request(Method.CreatePermission, (request) => {
      for (const peer of peers) request.add(xorPeerAddress, peer);
      return request;
    });
  }

  async bindChannel(channel: number, peer: TransportAddress): Promise<void> {
    await this.request(Method.ChannelBind, (request) => request.add(channelNumber, channel).add(xorPeerAddress, peer));
  }

  send(peer: TransportAddress, payload: Uint8Array): void {
    const indication = new StunWriter(Method.Send, 'indication', randomBytes(12));
    this.#wire.send(indication.add(xorPeerAddress, peer).add(dataAttribute, Buffer.from(payload)).finish());
  }

  sendChannel(channel: number, payload: Uint8Array): void {
    this.#wire.send(this.channelFrame(channel, payload));
  }

  /** ChannelData as this client's transport carries it: padded on streams. */
  channelFrame(channel: number, payload: Uint8Array): Buffer {
    const bytes = 4 + payload.length;
    const frame = Buffer.alloc(this.#options.transport === 'udp' ? bytes : Math.ceil(bytes / 4) * 4);
    writeChannelDataHeader(frame, 0, channel, payload.length);
    frame.set(payload, 4);
    return frame;
  }

  /** Resolves with the first `count` arrivals, and takes them off. */
  async receive(count = 1): Promise<Arrival[]> {
    const deadline = Date.now() + WAIT_MS;
    while (this.arrivals.length < count) {
      if (Date.now() > deadline) throw new Error(`expected ${count} arrivals, got ${this.arrivals.length}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.arrivals.splice(0, count);
  }

  /** Sends an authenticated request, with the 401 or 438 round when it needs one. Rejects with the error code otherwise. */
  async request(method: number, fill: (request: StunWriter) => StunWriter): Promise<StunMessage> {
    for (let round = 0; ; round++) {
      const response = await this.#transact(method, fill, this.#nonce !== '');
      if (response.messageClass === 'success') {
        if (checkIntegrity(response, this.#key()) !== 'valid') throw new Error('response without valid integrity');
        return response;
      }
      const error = response.get(errorCode);
      const challenged = error?.code === 438 || (error?.code === 401 && this.#nonce === '');
      if (!challenged || round > 1) throw new Error(`${error?.code ?? 0} ${error?.reason ?? ''}`.trim());
      this.#realm = response.get(realmAttribute) ?? '';
      this.#nonce = response.get(nonceAttribute) ?? '';
    }
  }

  #key(): Buffer {
    const { username = '', password = '' } = this.#options;
    return createHash('md5').update(`${username}:${this.#realm}:${password}`).digest();
  }

  #transact(method: number, fill: (request: StunWriter) => StunWriter, sign: boolean): Promise<StunMessage> {
    const transactionId = randomBytes(12);
    const request = fill(new StunWriter(method, 'request', transactionId));
    if (sign) {
      request.add(usernameAttribute, this.#options.username ?? '');
      request.add(realmAttribute, this.#realm).add(nonceAttribute, this.#nonce);
      request.addIntegrity(this.#key());
    }
    const bytes = request.finish();
    return new Promise((resolve, reject) => {
      const key = transactionId.toString('hex');
      const timer = setTimeout(() => {
        this.#responses.delete(key);
        reject(new Error(`no response to method ${method}`));
      }, this.#options.waitMs ?? WAIT_MS);
      this.#responses.set(key, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      this.#wire.send(bytes);
    });
  }

  #onFrame(frame: Buffer): void {
    if (isChannelData(frame[0]!)) {
      const data = Buffer.from(frame.subarray(4, 4 + frame.readUInt16BE(2)));
      this.#arrived({ kind: 'channel', channel: frame.readUInt16BE(0), data });
      return;
    }
    const message = unwrap(decodeMessage(Buffer.from(frame)));
    if (message.messageClass === 'indication') {
      const peer = message.get(xorPeerAddress)!;
      const error = message.get(icmp);
      if (error) {
        this.errors.push({ peer, error });
        return;
      }
      const data = message.get(dataAttribute) ?? Buffer.alloc(0);
      this.#arrived({ kind: 'indication', peer, data, connectionId: message.get(connectionId) });
      return;
    }
    const key = message.transactionId.toString('hex');
    this.#responses.get(key)?.(message);
    this.#responses.delete(key);
  }

  #arrived(arrival: Arrival): void {
    this.arrivals.push(arrival);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

async function openUdp({ server, localAddress }: ClientOptions, onFrame: (frame: Buffer) => void): Promise<Wire> {
  const socket: UdpSocket = createSocket({ type: server.family === 4 ? 'udp4' : 'udp6', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve) => {
    socket.bind(0, localAddress ?? (server.family === 4 ? '127.0.0.1' : '::1'), resolve);
  });
  socket.on('message', onFrame);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', resolve);
  });
  return {
    closed,
    send: (bytes) => {
      socket.send(bytes, server.port, server.address);
    },
    close: () => {
      socket.close();
    },
  };
}

async function openStream(options: ClientOptions, onFrame: (frame: Buffer) => void): Promise<Wire> {
  const { server, ca } = options;
  const { ALPNProtocols = ['stun.turn'], proxyHeader } = options;
  const below = tcpConnect({ host: server.address, port: server.port, noDelay: true });
  if (proxyHeader !== undefined) below.write(proxyHeader);
  const socket: Socket =
    options.transport === 'tcp'
      ? below
      : tlsConnect({ socket: below, ca, ALPNProtocols, checkServerIdentity: () => undefined });
  await new Promise<void>((resolve, reject) => {
    socket.once(options.transport === 'tcp' ? 'connect' : 'secureConnect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const framer = new StreamFramer({ maxFrameBytes: 70_000 });
  socket.on('data', (chunk: Buffer) => {
    if (!framer.push(chunk, onFrame)) socket.destroy();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
  return {
    closed,
    send: (bytes) => {
      socket.write(bytes);
    },
    close: () => {
      socket.destroy();
    },
  };
}
