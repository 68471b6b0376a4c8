import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

/** Parts of a JsSIP response to OPTIONS. */
export interface FakeResponse {
  getHeaders(name: string): string[];
}

function response(fields: Readonly<Record<string, string>>): FakeResponse {
  return {
    getHeaders: (name) => {
      const value = fields[name];
      return value === undefined ? [] : [value];
    },
  };
}

export function credentialField(name: string, ttlSec: number, nowMs = Date.now()): string {
  const t = Math.floor(nowMs / 1000) + ttlSec;
  return `name="${name}";pwd="p";lifetime=${t};ttl=${ttlSec};uris="turn:relay.example?transport=udp turn:relay.example?transport=tcp"`;
}

interface Asked {
  readonly target: { readonly user: string };
  readonly extraHeaders: string[];
  readonly eventHandlers: Record<'succeeded' | 'failed', (event: { response: FakeResponse | null }) => void>;
}

/** What the helper needs of a JsSIP user agent. */
export class FakeUserAgent extends EventEmitter {
  registered = false;
  extraHeaders: string[] = ['X-App: 1'];
  readonly asked: Asked[] = [];
  readonly received: unknown[] = [];
  readonly configuration = { uri: { clone: () => ({ user: 'alice', host: 'example.com' }) } };
  readonly transport = {
    ondata: (event: { message: unknown }): void => {
      this.received.push(event.message);
    },
  };
  readonly #registrator = {
    _extraHeaders: this.extraHeaders,
    setExtraHeaders: (headers: string[]): void => {
      this.extraHeaders = headers;
    },
  };

  registrator(): { setExtraHeaders(headers: string[]): void } {
    return this.#registrator;
  }

  isRegistered(): boolean {
    return this.registered;
  }

  sendOptions(target: { user: string }, _body: undefined, options: Omit<Asked, 'target'>): void {
    this.asked.push({ target, ...options });
  }

  /** A 200 to REGISTER, as the socket brings it. */
  answerRegister(field: string | undefined): void {
    this.registered = true;
    const line = field === undefined ? '' : `TURN-Cred-Rsp: ${field}\r\n`;
    this.transport.ondata({ message: `SIP/2.0 200 OK\r\nCSeq: 2 REGISTER\r\n${line}Content-Length: 0\r\n\r\n` });
  }

  answerOptions(field: string): void {
    this.asked.at(-1)?.eventHandlers.succeeded({ response: response({ 'TURN-Cred-Rsp': field }) });
  }

  refuseOptions(fields: Readonly<Record<string, string>> | null): void {
    this.asked.at(-1)?.eventHandlers.failed({ response: fields && response(fields) });
  }
}

interface Server {
  urls: string | string[];
  username?: string;
  credential?: string;
}

/** An `RTCPeerConnection` whose candidates are gathered in the blink of an eye. */
export class FakePeerConnection {
  signalingState = 'stable';
  iceGatheringState = 'gathering';
  candidateType = 'relay';
  localDescription: { sdp: string } | null = { sdp: 'v=0\r\na=ice-ufrag:one\r\n' };
  restarts = 0;
  #configuration: { iceServers?: Server[]; iceTransportPolicy?: string };

  constructor(configuration: { iceServers?: Server[]; iceTransportPolicy?: string }) {
    this.#configuration = configuration;
  }

  getConfiguration(): { iceServers?: Server[]; iceTransportPolicy?: string } {
    return this.#configuration;
  }

  setConfiguration(configuration: { iceServers?: Server[] }): void {
    this.#configuration = configuration;
  }

  restartIce(): void {
    this.restarts++;
  }

  getStats(): Promise<Map<string, Record<string, unknown>>> {
    return Promise.resolve(
      new Map<string, Record<string, unknown>>([
        ['pair', { nominated: true, localCandidateId: 'local' }],
        ['local', { candidateType: this.candidateType }],
      ]),
    );
  }

  setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = description;
    return Promise.resolve();
  }
}

/** An established call of JsSIP. */
export class FakeSession extends EventEmitter {
  ended = false;
  readonly direction: string;
  readonly connection: FakePeerConnection;
  readonly renegotiate = vi.fn(() => true);

  constructor(connection: FakePeerConnection, direction = 'outgoing') {
    super();
    this.connection = connection;
    this.direction = direction;
  }

  isEnded(): boolean {
    return this.ended;
  }
}
