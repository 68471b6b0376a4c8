import WebSocket from 'ws';
import { Secret } from '../../../src/base/secret.ts';
import { ha1 } from '../../../src/sip/digest.ts';
import { computeDigestResponse, formatAuthorization, parseChallenge } from '../../sip/digest-client.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { topVia } from '../../../src/sip/via.ts';
import { unwrap } from '../../support/unwrap.ts';
import { type Random } from './random.ts';
import { DOMAIN, USERS, type User, type Victim } from './victim.ts';
import { formatText, parseText } from '../../sip/message-text.ts';

const LIMITS = { maxHeaders: 1000, maxLineBytes: 65_536 };
const CLOSE_MS = 3000;

export interface SipClientOptions {
  readonly user: User;
  readonly localAddress: string;
  readonly random: Random;
  readonly patienceMs: number;
  /** A Contact URI of its own when absent. */
  readonly contact?: string;
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A WIC that says exactly what it is told to: one WebSocket, requests matched to their final responses by branch. */
export class SipClient {
  readonly aor: string;
  readonly contact: string;
  readonly user: User;
  readonly received: SipMessage[] = [];
  /** Answers requests of others; 486 unless told otherwise. `undefined` leaves them waiting. */
  onRequest: (request: SipRequest) => SipResponse | undefined = (request) =>
    request.method === 'ACK' ? undefined : createResponse(request, 486);
  readonly #socket: WebSocket;
  readonly #options: SipClientOptions;
  readonly #host: string;
  readonly #waiting = new Map<string, (outcome: SipResponse | Error) => void>();
  #cseq = 0;

  private constructor(socket: WebSocket, options: SipClientOptions) {
    this.user = options.user;
    this.#socket = socket;
    this.#options = options;
    this.#host = `${options.random.text(12)}.invalid`;
    this.aor = `sip:${options.user}@${DOMAIN}`;
    this.contact = options.contact ?? `sip:${options.random.text(8)}@${this.#host};transport=ws`;
    socket.on('message', (data: Buffer) => {
      this.#receive(data.toString());
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const settle of this.#waiting.values()) settle(new Error('closed by the server'));
    });
  }

  static async connect(victim: Victim, options: SipClientOptions): Promise<SipClient> {
    const socket = openWebSocket(victim, options.localAddress);
    const client = new SipClient(socket, options);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.terminate();
        reject(new Error(`no WebSocket for ${options.patienceMs} ms`));
      }, options.patienceMs);
      socket.once('open', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    return client;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(text: string | Buffer): void {
    if (this.isOpen) this.#socket.send(text);
  }

  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  write(parts: RequestParts): string {
    const { method, uri, headers = [], body = '' } = parts;
    const from = parts.from ?? `<${this.aor}>;tag=${this.#options.random.text(8)}`;
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/WSS ${this.#host};branch=${parts.branch ?? this.newBranch()}`,
      'Max-Forwards: 70',
      `From: ${from}`,
      `To: ${parts.to ?? `<${method === 'REGISTER' ? this.aor : uri}>`}`,
      `Call-ID: ${parts.callId ?? this.#options.random.text(16)}`,
      `CSeq: ${parts.cseq ?? ++this.#cseq} ${method}`,
      ...headers,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');
  }

  newBranch(): string {
    return `z9hG4bK${this.#options.random.text(16)}`;
  }

  /** The final response; an INVITE's failure is acknowledged. */
  request(parts: RequestParts): Promise<SipResponse> {
    const branch = parts.branch ?? this.newBranch();
    const sent = {
      ...parts,
      branch,
      cseq: parts.cseq ?? ++this.#cseq,
      callId: parts.callId ?? this.#options.random.text(16),
    };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.get(branch)?.(
          new Error(`no final response to ${parts.method} for ${this.#options.patienceMs} ms`),
        );
      }, this.#options.patienceMs);
      this.#waiting.set(branch, (outcome) => {
        clearTimeout(timer);
        this.#waiting.delete(branch);
        if (outcome instanceof Error) {
          reject(outcome);
          return;
        }
        if (parts.method === 'INVITE' && outcome.status >= 300) {
          const to = outcome.headers.get('To') ?? '';
          this.send(this.write({ method: 'ACK', uri: parts.uri, to, branch, callId: sent.callId, cseq: sent.cseq }));
        }
        resolve(outcome);
      });
      this.send(this.write(sent));
    });
  }

  /** Registers with digest; the 200, in which `headers` may have asked for a credential. */
  async register(headers: readonly string[] = [], expiresSec = 600): Promise<SipResponse> {
    const parts = {
      method: 'REGISTER',
      uri: `sip:${DOMAIN}`,
      callId: this.#options.random.text(16),
      headers: [`Contact: <${this.contact}>;expires=${expiresSec}`, ...headers],
    };
    const challenged = await this.request(parts);
    if (challenged.status !== 401) throw new Error(`expected a challenge, got ${challenged.status}`);
    const authorization = `Authorization: ${this.authorization(challenged, 'REGISTER', parts.uri)}`;
    const response = await this.request({ ...parts, headers: [...parts.headers, authorization] });
    if (response.status !== 200) throw new Error(`REGISTER: ${response.status} ${response.reason}`);
    return response;
  }

  /** As JsSIP does: the last challenge, MD5. */
  authorization(challenged: SipResponse, method: string, uri: string, password: string = USERS[this.user]): string {
    const challenge = parseChallenge(challenged.headers.getAll('WWW-Authenticate').at(-1) ?? '');
    const { realm, nonce, algorithm } = unwrap(challenge);
    const qop = { nc: '00000001', nonceCount: 1, cnonce: this.#options.random.text(8) };
    const a1 = ha1({ algorithm, username: this.user, realm, password: new Secret(password) });
    const response = computeDigestResponse({ algorithm, ha1: a1, method, uri, nonce, qop });
    return formatAuthorization({ username: this.user, realm, nonce, uri, response, algorithm, qop });
  }

  /** Resolves when the connection is gone. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.#socket.terminate();
      }, CLOSE_MS);
      this.#socket.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
      this.#socket.close();
    });
  }

  cut(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    const parsed = parseText(text, LIMITS);
    if (!parsed.ok) return;
    const message = parsed.value;
    this.received.push(message);
    if (message.kind === 'request') {
      const response = this.onRequest(message);
      if (response) this.send(formatText(response));
      return;
    }
    const branch = topVia(message.headers)?.params.get('branch');
    if (message.status >= 200 && branch !== undefined) this.#waiting.get(branch)?.(message);
  }
}

export function openWebSocket(victim: Victim, localAddress: string): WebSocket {
  return new WebSocket(victim.webSocketUrl, 'sip', { rejectUnauthorized: false, localAddress });
}
