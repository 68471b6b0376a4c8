import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { isUtf8 } from 'node:buffer';
import { EndOfTurn } from '../../../../src/base/end-of-turn.ts';
import { OPCODES } from '../../../../src/edge/websocket/frame.ts';
import { type FrameLimits } from '../../../../src/edge/websocket/frame-reader.ts';
import { encodeMessage } from '../../../../src/edge/websocket/frame-writer.ts';
import { OpeningHandshake } from '../../../../src/edge/websocket/opening-handshake.ts';
import { type PeerEnd, WebSocketConnection } from '../../../../src/edge/websocket/web-socket-connection.ts';
import { LIMITS } from './read-frames.ts';

/** A server that sends each message back: text where it is UTF-8. */
export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  /** How clients have ended, in order. */
  readonly ends: readonly PeerEnd[];
  open(): Promise<RawClient>;
}

export async function startEchoServer(limits: FrameLimits = LIMITS): Promise<EchoServer> {
  const ends: PeerEnd[] = [];
  const endOfTurn = new EndOfTurn();
  const handshake = new OpeningHandshake((socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    if (!handshake.accept(request, socket, head, 'sip')) return;
    const connection = new WebSocketConnection(
      socket,
      {
        onMessage: (bytes) => {
          connection.send(encodeMessage(isUtf8(bytes) ? OPCODES.text : OPCODES.binary, '', bytes));
        },
        onPing: () => undefined,
        onPong: () => undefined,
        onPeerEnd: (end) => ends.push(end),
        onGone: () => undefined,
      },
      { limits, endOfTurn },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ends,
    open: () => RawClient.open(port),
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The bytes of a client's side, after a handshake. */
export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    // RFC 6455 §1.3
    if (!head.includes('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')) throw new Error(head.toString());
    const client = new RawClient(socket);
    socket.on('data', (chunk: Buffer) => {
      client.#received = Buffer.concat([client.#received, chunk]);
    });
    return client;
  }

  /** Each chunk by a write of its own. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.#socket.writable) this.#socket.write(chunk);
      // The next is a packet of its own.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Writes nothing more, and waits until the server ends the connection: the frames that have come, `text 6869` or `close 1000`. */
  async untilEnd(): Promise<string[]> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
    return framesOf(this.#received);
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 9: 'ping', 10: 'pong' };

/** Frames of a server: whole, and not masked. */
function framesOf(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]!;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    const payload = bytes.subarray(start, start + length);
    const opcode = bytes[at]! - 0x80;
    if (opcode === 8) frames.push(length === 0 ? 'close' : `close ${payload.readUInt16BE()}`);
    else frames.push(`${NAMES[opcode] ?? opcode} ${payload.toString('hex')}`);
    at = start + length;
  }
  return frames;
}
