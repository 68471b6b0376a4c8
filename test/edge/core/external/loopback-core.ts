import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../../src/sip/format-message.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { parseSipMessage } from '../../../../src/sip/parse-message.ts';

const PATIENCE_MS = 15_000;
const LIMITS = { maxHeaders: 200, maxLineBytes: 100_000 };

type Answer = (message: SipMessage) => void;

/** A message and the way back to its sender. */
export interface Got<Message extends SipMessage = SipMessage> {
  readonly message: Message;
  readonly answer: Answer;
}

interface Waiter {
  readonly accepts: (message: SipMessage) => boolean;
  readonly resolve: (got: Got) => void;
}

/** A hand-driven core on one port of loopback, UDP and TCP. It answers OPTIONS by itself. */
export class LoopbackCore {
  readonly address: string;
  port = 0;
  /** Every message with its text, probes aside. */
  readonly texts: string[] = [];
  readonly #unread: Got[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #sockets = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #onProbe: (() => void) | undefined;

  constructor(address: string) {
    this.address = address;
  }

  /** On the port it had before, if any. */
  async start(): Promise<void> {
    const tcp = createServer((socket) => {
      this.#accept(socket);
    });
    tcp.listen(this.port, this.address);
    await once(tcp, 'listening');
    this.port = (tcp.address() as AddressInfo).port;
    const udp = createSocket('udp4', (bytes, { address, port }) => {
      this.#receive(bytes, (message) => {
        udp.send(formatSipMessage(message), port, address);
      });
    });
    udp.bind(this.port, this.address);
    await once(udp, 'listening');
    this.#tcp = tcp;
    this.#udp = udp;
  }

  /** As when its process is killed. */
  async kill(): Promise<void> {
    const [tcp, udp] = [this.#tcp, this.#udp];
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#tcp = this.#udp = undefined;
    await Promise.all([
      tcp && new Promise((resolve) => tcp.close(resolve)),
      udp &&
        new Promise<void>((resolve) => {
          udp.close(resolve);
        }),
    ]);
  }

  /** Resolves when the edge has noticed, and asks over a new connection whether the core is there. */
  async closeConnections(): Promise<void> {
    const asked = new Promise<void>((resolve) => {
      this.#onProbe = resolve;
    });
    for (const socket of this.#sockets) socket.destroy();
    await asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** By its own UDP socket, or over a new TCP connection each time. */
  async send(
    transport: string,
    to: { readonly host: string; readonly port: number },
    message: SipMessage,
  ): Promise<void> {
    await this.sendBytes(transport, to, formatSipMessage(message));
  }

  async sendBytes(
    transport: string,
    to: { readonly host: string; readonly port: number },
    bytes: Buffer,
  ): Promise<void> {
    if (transport === 'udp') {
      this.#udp?.send(bytes, to.port, to.host);
      return;
    }
    const socket = connect({ ...to, localAddress: this.address });
    this.#accept(socket);
    await once(socket, 'connect');
    socket.write(bytes);
  }

  async request(method: string): Promise<Got<SipRequest>> {
    return (await this.#take((it) => it.kind === 'request' && it.method === method, method)) as Got<SipRequest>;
  }

  async response(status: number, method: string): Promise<SipResponse> {
    const accepts = (it: SipMessage): boolean =>
      it.kind === 'response' && it.status === status && (it.headers.get('CSeq') ?? '').endsWith(` ${method}`);
    return (await this.#take(accepts, `${status} ${method}`)).message as SipResponse;
  }

  /** A response of whatever status that is wanted. */
  async responseTo(method: string, wanted: (response: SipResponse) => boolean): Promise<SipResponse> {
    const accepts = (it: SipMessage): boolean =>
      it.kind === 'response' && (it.headers.get('CSeq') ?? '').endsWith(` ${method}`) && wanted(it);
    return (await this.#take(accepts, `an answer to ${method}`)).message as SipResponse;
  }

  get unread(): string[] {
    return this.#unread.map(({ message }) => (message.kind === 'request' ? message.method : String(message.status)));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: string) => {
      text = (text + chunk).replace(/^[\r\n]+/, '');
      for (let end = endOfMessage(text); end !== undefined; end = endOfMessage(text)) {
        this.#receive(Buffer.from(text.slice(0, end), 'latin1'), (message) => {
          socket.write(formatSipMessage(message));
        });
        text = text.slice(end);
      }
    });
  }

  #receive(bytes: Buffer, answer: Answer): void {
    const parsed = parseSipMessage(bytes, LIMITS);
    if (!parsed.ok) return;
    const message = parsed.value;
    if (message.kind === 'request' && message.headers.get('Max-Forwards') === '0') {
      answer(createResponse(message, 200));
      this.#onProbe?.();
      return;
    }
    this.texts.push(bytes.toString());
    const index = this.#waiters.findIndex(({ accepts }) => accepts(message));
    if (index < 0) this.#unread.push({ message, answer });
    else this.#waiters.splice(index, 1)[0]!.resolve({ message, answer });
  }

  #take(accepts: Waiter['accepts'], what: string): Promise<Got> {
    const index = this.#unread.findIndex(({ message }) => accepts(message));
    if (index >= 0) return Promise.resolve(this.#unread.splice(index, 1)[0]!);
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        reject(new Error(`expected ${what}, got ${JSON.stringify(this.texts)}`));
      }, PATIENCE_MS);
      this.#waiters.push({
        accepts,
        resolve: (got) => {
          clearTimeout(timeout);
          resolve(got);
        },
      });
    });
  }
}

/** Bytes of the first message in a stream; `undefined` while it is not whole. */
function endOfMessage(text: string): number | undefined {
  const body = text.indexOf('\r\n\r\n') + 4;
  if (body < 4) return undefined;
  const end = body + Number(/^content-length:\s*(\d+)/im.exec(text.slice(0, body))?.[1]);
  return text.length >= end ? end : undefined;
}
