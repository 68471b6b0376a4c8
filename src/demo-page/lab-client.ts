import { type AccessToken } from './access-token.ts';
import { type LabEventJson, type PageBus } from './page-bus.ts';

/** A fault as it is asked for: `kind` and the fields of that kind. */
export interface FaultRequest {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface FaultStatus extends FaultRequest {
  readonly id: string;
  /** How often it has hit. */
  readonly fired: number;
  readonly active: boolean;
}

type AllocateOutcome =
  | { readonly granted: true; readonly relayed: { readonly address: string; readonly port: number } }
  | { readonly granted: false; readonly code: number; readonly reason: string };

interface LabError {
  readonly error?: { readonly message?: string };
}

/** A browser gives up a stream that the server refuses, and tries again by itself only where the connection broke. */
const REOPEN_MS = 2000;

/** The lab's control interface, which a server has only when it was asked for. */
export class LabClient {
  readonly #path: string;
  readonly #bus: PageBus;
  #seen = 0;

  private constructor(path: string, bus: PageBus) {
    this.#path = path;
    this.#bus = bus;
    void this.#begin();
  }

  /** Puts every event of the server from now on on the bus. `undefined` when the server has no such interface. */
  static open(path: string | undefined, bus: PageBus): LabClient | undefined {
    return path === undefined ? undefined : new LabClient(path, bus);
  }

  /** Rejects with the server's own words about what is wrong with the request; so do the others. */
  async addFault(request: FaultRequest): Promise<FaultStatus> {
    return (await this.#ask('POST', '/faults', request)) as FaultStatus;
  }

  /** The active ones. */
  async faults(): Promise<readonly FaultStatus[]> {
    const { faults } = (await this.#ask('GET', '/faults')) as { readonly faults: readonly FaultStatus[] };
    return faults;
  }

  async clearFault(id: string): Promise<void> {
    await this.#ask('DELETE', `/faults/${encodeURIComponent(id)}`);
  }

  async clearFaults(): Promise<void> {
    await this.#ask('DELETE', '/faults');
  }

  /** Shows an access token to the TURN server, and says in words what came of it. */
  async allocate(token: AccessToken): Promise<string> {
    const outcome = (await this.#ask('POST', '/allocate', token)) as AllocateOutcome;
    if (!outcome.granted) return `The TURN server refused the token: ${outcome.code} ${outcome.reason}.`;
    const { address, port } = outcome.relayed;
    return `The TURN server took the token, and gave a relay at ${address}, port ${port}.`;
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.#path + path, {
      method,
      cache: 'no-store',
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    const text = await response.text();
    const answer: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new Error((answer as LabError).error?.message ?? `The server answered ${response.status}.`);
    return answer;
  }

  /** What happened before this page was opened is another story. */
  async #begin(): Promise<void> {
    try {
      // Of a kind that no server in use has had: only the cursor is of interest.
      const { next } = (await this.#ask('GET', '/events?type=stopped')) as { readonly next: number };
      this.#seen = next;
      this.#listen();
    } catch {
      setTimeout(() => void this.#begin(), REOPEN_MS);
    }
  }

  #listen(): void {
    const source = new EventSource(`${this.#path}/events/stream?since=${this.#seen}`);
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as LabEventJson;
      this.#seen = event.seq;
      this.#bus.emit('lab-event', event);
    });
    source.addEventListener('error', () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => {
        this.#listen();
      }, REOPEN_MS);
    });
  }
}
