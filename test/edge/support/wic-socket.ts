import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { parseSipMessage } from '../../../src/sip/parse-message.ts';

const LIMITS = { maxHeaders: 200, maxLineBytes: 100_000 };
const PATIENCE_MS = 5000;

export interface WicSocketOptions extends ClientOptions {
  readonly subprotocol?: string | undefined;
}

interface Waiter {
  readonly accepts: (message: SipMessage) => boolean;
  readonly resolve: (message: SipMessage) => void;
}

/** A WebSocket that speaks raw SIP: what it gets is kept until somebody waits for it. */
export class WicSocket {
  readonly webSocket: WebSocket;
  /** Every frame, as text. */
  readonly frames: string[] = [];
  /** Every binary frame. */
  readonly binaryFrames: Buffer[] = [];
  readonly closed: Promise<number>;
  readonly #unread: SipMessage[] = [];
  readonly #waiters: Waiter[] = [];

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => {
      webSocket.on('close', resolve);
    });
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.binaryFrames.push(data);
      this.#onFrame(data);
    });
  }

  static async connect(url: string, { subprotocol = 'sip', ...options }: WicSocketOptions = {}): Promise<WicSocket> {
    // Where localhost has an IPv6 address too, an IPv4 one to come from would not go with it.
    const family = options.localAddress === undefined ? {} : { family: 4 };
    const webSocket = new WebSocket(url, [subprotocol], { rejectUnauthorized: false, ...family, ...options });
    const socket = new WicSocket(webSocket);
    await once(webSocket, 'open');
    return socket;
  }

  /** In a text frame where it can be one. */
  send(message: string | Buffer): void {
    this.webSocket.send(message, { binary: typeof message !== 'string' && !isUtf8(message) });
  }

  /** The next message, of those not yet taken, that is such a response. */
  async response(status: number, method?: string): Promise<SipResponse> {
    const accepts = (message: SipMessage): boolean =>
      message.kind === 'response' &&
      message.status === status &&
      (method === undefined || (message.headers.get('CSeq') ?? '').endsWith(` ${method}`));
    return (await this.#take(accepts, `${status} ${method ?? ''}`)) as SipResponse;
  }

  async request(method: string): Promise<SipRequest> {
    const accepts = (message: SipMessage): boolean => message.kind === 'request' && message.method === method;
    return (await this.#take(accepts, method)) as SipRequest;
  }

  /** What came and was not waited for: `180`, `INVITE`. */
  get unread(): string[] {
    return this.#unread.map((message) => (message.kind === 'request' ? message.method : String(message.status)));
  }

  async close(code = 1000): Promise<void> {
    this.webSocket.close(code);
    await this.closed;
  }

  #onFrame(bytes: Buffer): void {
    this.frames.push(bytes.toString());
    const parsed = parseSipMessage(bytes, LIMITS);
    if (!parsed.ok) return;
    const index = this.#waiters.findIndex(({ accepts }) => accepts(parsed.value));
    if (index < 0) this.#unread.push(parsed.value);
    else this.#waiters.splice(index, 1)[0]!.resolve(parsed.value);
  }

  #take(accepts: (message: SipMessage) => boolean, what: string): Promise<SipMessage> {
    const index = this.#unread.findIndex(accepts);
    if (index >= 0) return Promise.resolve(this.#unread.splice(index, 1)[0]!);
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        reject(new Error(`expected ${what}, got ${JSON.stringify(this.frames)}`));
      }, PATIENCE_MS);
      this.#waiters.push({
        accepts,
        resolve: (message) => {
          clearTimeout(timeout);
          resolve(message);
        },
      });
    });
  }
}
