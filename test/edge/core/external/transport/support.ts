import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { vi } from 'vitest';
import { silentLogger } from '../../../../../src/base/logger.ts';
import { type CoreDestination, type CoreTransport } from '../../../../../src/edge/core/core-destination.ts';
import {
  type CoreRefusal,
  type CoreTransports,
} from '../../../../../src/edge/core/external/transport/core-transport.ts';
import { createCoreTransports } from '../../../../../src/edge/core/external/transport/core-transports.ts';
import { type CoreTransportLimits } from '../../../../../src/edge/core/external/transport/transport-context.ts';
import { type CoreListenOptions, type CoreTlsOptions } from '../../../../../src/edge/edge-options.ts';
import { type Hop } from '../../../../../src/edge/hop.ts';
import { createResponse } from '../../../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../../../src/sip/message.ts';
import { parseText } from '../../../../sip/message-text.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

export interface HeardMessage {
  readonly text: string;
  readonly hop: Hop;
}

export interface TransportWorld {
  readonly transports: CoreTransports;
  readonly clock: FakeClock;
  readonly messages: HeardMessage[];
  readonly closed: Hop[];
  readonly refused: (readonly [string, CoreTransport, CoreRefusal])[];
  /** Where the edge listens, on its first address. */
  readonly place: (transport: CoreTransport) => CoreDestination;
}

export interface WorldOptions {
  readonly listen?: Partial<CoreListenOptions>;
  readonly trusted?: readonly string[];
  readonly tls?: Partial<CoreTlsOptions>;
  readonly connections?: number;
  readonly limits?: Partial<CoreTransportLimits>;
}

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];

export function createWorld(options: WorldOptions = {}): TransportWorld {
  const clock = new FakeClock();
  const world = { clock, messages: [], closed: [], refused: [] } as Omit<TransportWorld, 'transports' | 'place'>;
  const transports = createCoreTransports(
    {
      listen: { addresses: ['127.0.0.1'], port: 0, tlsPort: undefined, publicHost: undefined, ...options.listen },
      trusted: options.trusted ?? LOOPBACK,
      tls: { requireClientCertificate: false, ...options.tls },
      connections: options.connections ?? 20,
    },
    { messageBytes: 100_000, bufferedBytes: 200_000, ...options.limits },
    {
      message: (bytes, hop) => world.messages.push({ text: bytes.toString(), hop }),
      closed: (hop) => world.closed.push(hop),
      refused: (...refusal) => world.refused.push(refusal),
    },
    { clock, timers: clock.timers, logger: silentLogger },
  );
  const place = (transport: CoreTransport): CoreDestination =>
    transports.addresses.find((address) => address.transport === transport)!;
  return { ...world, transports, place };
}

export function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 5 });
}

export function requestText(via: string, body = ''): string {
  return [
    'OPTIONS sip:edge.example SIP/2.0',
    `Via: ${via};branch=z9hG4bK1`,
    'From: <sip:core@example.org>;tag=1',
    'To: <sip:edge.example>',
    'Call-ID: 1',
    'CSeq: 1 OPTIONS',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

export function request(body = ''): SipRequest {
  const parsed = parseText(requestText('SIP/2.0/TCP edge.example', body), { maxHeaders: 20, maxLineBytes: 1000 });
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('a request was expected');
  return parsed.value;
}

export function responseTo(text: string, status = 200): SipResponse {
  const parsed = parseText(text, { maxHeaders: 20, maxLineBytes: 1000 });
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('a request was expected');
  return createResponse(parsed.value, status);
}

/** A UDP socket that plays a core. */
export interface UdpCore {
  readonly socket: UdpSocket;
  readonly port: number;
  readonly heard: string[];
  readonly send: (bytes: string | Uint8Array, to: CoreDestination) => void;
}

export async function udpCore(address = '127.0.0.1'): Promise<UdpCore> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, address, resolve);
  });
  const heard: string[] = [];
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  return {
    socket,
    port: socket.address().port,
    heard,
    send: (bytes, to) => {
      socket.send(bytes, to.port, to.address);
    },
  };
}

/** What one end of a stream hears. */
export interface Line {
  readonly socket: Socket;
  text(): string;
  isClosed(): boolean;
}

function lineOf(socket: Socket): Line {
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  return { socket, text: () => Buffer.concat(chunks).toString(), isClosed: () => closed };
}

/** A TCP server that plays a core. */
export interface TcpCore {
  readonly port: number;
  readonly lines: Line[];
  close(): Promise<void>;
}

export async function streamCore(
  server: Server = createServer(),
  event: 'connection' | 'secureConnection' = 'connection',
  address = '127.0.0.1',
): Promise<TcpCore> {
  const lines: Line[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on(event, (socket: Socket) => lines.push(lineOf(socket)));
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Worlds, cores and lines of one test. `end` ends all that there are. */
export class TransportTest {
  readonly #worlds: TransportWorld[] = [];
  readonly #cores: TcpCore[] = [];
  readonly #lines: Line[] = [];

  async start(options?: WorldOptions): Promise<TransportWorld> {
    const world = createWorld(options);
    this.#worlds.push(world);
    await world.transports.start();
    return world;
  }

  async core(...how: Parameters<typeof streamCore>): Promise<TcpCore> {
    const core = await streamCore(...how);
    this.#cores.push(core);
    return core;
  }

  line(socket: Socket): Line {
    const line = lineOf(socket);
    this.#lines.push(line);
    return line;
  }

  async end(): Promise<void> {
    for (const { socket } of this.#lines.splice(0)) socket.destroy();
    await Promise.all(this.#worlds.splice(0).map(({ transports }) => transports.stop()));
    await Promise.all(this.#cores.splice(0).map((core) => core.close()));
  }
}
