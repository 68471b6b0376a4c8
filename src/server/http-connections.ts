import { type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { addressKey } from '../base/address-key.ts';
import { type Arrival } from '../base/arrivals.ts';
import { type Clock } from '../base/clock.ts';
import { SpareConnections } from '../base/spare-connections.ts';

/** How long a web client may hold a connection, from when it is accepted. */
export interface HttpTimes {
  /** Until the head of the first request is there, TLS handshake included. An answer to a request that comes later is the connection's last. */
  readonly requestMs: number;
  /** Milliseconds until the last answer is taken. */
  readonly totalMs: number;
}

/** More than a page asks for. Node's own `maxRequestsPerSocket` goes on to answer 503 for as long as the client asks. */
const MAX_REQUESTS = 100;
/** Requests sent ahead of an answer, past which the connection is cut: reading them costs, although they are not answered. */
const MAX_AHEAD = 8;

/**
 * The connections of the HTTPS door that are no WebSocket, nor a TURN client's. Each has a deadline; and where there is no room for another,
 * one of them makes room, so that nobody can keep others out by holding connections.
 */
export class HttpConnections {
  readonly #times: HttpTimes;
  readonly #clock: Clock;
  readonly #spares = new SpareConnections<HttpConnection>();
  /** By the accepted socket and, behind its handshake, by the TLS socket. */
  readonly #bySocket = new Map<Duplex, HttpConnection>();

  constructor(times: HttpTimes, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
  }

  /** Adds a connection. Its deadline runs from now on, until it is removed. */
  add(arrival: Arrival): void {
    const parts = { times: this.#times, clock: this.#clock, spares: this.#spares };
    this.#bySocket.set(arrival.socket, new HttpConnection(arrival, parts));
  }

  /** The connection of an accepted socket, or of a TLS socket that `join` was told of. */
  of(socket: Duplex): HttpConnection | undefined {
    return this.#bySocket.get(socket);
  }

  join(secured: Duplex, accepted: Duplex): void {
    const connection = this.#bySocket.get(accepted);
    if (!connection) return;
    connection.secured = secured;
    this.#bySocket.set(secured, connection);
  }

  /** Forgets a connection, named by either socket: it has ended, or is a WebSocket or a TURN client's from here on. */
  remove(socket: Duplex): void {
    const connection = this.#bySocket.get(socket);
    if (!connection) return;
    connection.release();
    this.#bySocket.delete(connection.accepted);
    if (connection.secured) this.#bySocket.delete(connection.secured);
  }

  /** Ends one connection, of this source if one is named, and frees its place at once. Returns false when there is none to end. */
  makeRoom(source?: string): boolean {
    const oldest = this.#spares.first(source);
    oldest?.end();
    return oldest !== undefined;
  }
}

interface HttpConnectionParts {
  readonly times: HttpTimes;
  readonly clock: Clock;
  /** Where it stands while its time runs. */
  readonly spares: SpareConnections<HttpConnection>;
}

/** One connection, from accept until it ends, or is a WebSocket or a TURN client's. */
class HttpConnection {
  /** The TLS socket, once there is one. */
  secured: Duplex | undefined;
  readonly #arrival: Arrival;
  readonly #times: HttpTimes;
  readonly #spares: SpareConnections<HttpConnection>;
  readonly #source: string;
  readonly #clock: Clock;
  readonly #beganAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  /** The answer that is not wholly taken yet. */
  #answer: ServerResponse | undefined;
  #ahead = 0;

  constructor(arrival: Arrival, { times, clock, spares }: HttpConnectionParts) {
    this.#clock = clock;
    this.#beganAtMs = clock.now().monotonicMs;
    this.#arrival = arrival;
    this.#times = times;
    this.#spares = spares;
    this.#source = addressKey(arrival.remote.address);
    this.#run(times.requestMs);
  }

  get accepted(): Duplex {
    return this.#arrival.socket;
  }

  /**
   * Whether this request is to be answered. One at a time is: RFC 9112 §9.3.2 leaves it to the server how many requests of a pipeline it
   * answers, and what waits for a client that does not read is memory. A client that asks ahead gets the answer it waits for and no other.
   */
  begin(response: ServerResponse): boolean {
    if (this.#answer) {
      this.#onAskedAhead(this.#answer);
      return false;
    }
    const ageMs = this.#clock.now().monotonicMs - this.#beganAtMs;
    if (this.#requests === 0) this.#run(this.#times.totalMs - ageMs);
    this.#requests += 1;
    if (ageMs > this.#times.requestMs || this.#requests >= MAX_REQUESTS) response.setHeader('Connection', 'close');
    this.#answer = response;
    response.once('close', () => {
      this.#answer = undefined;
      if (this.#ahead > 0) response.req.socket.destroySoon();
    });
    return true;
  }

  /** Takes the deadline off, for an answer that its route bounds otherwise. The function it returns puts the whole deadline back. */
  hold(): () => void {
    this.release();
    return () => {
      if (!this.#arrival.socket.destroyed) this.#run(this.#times.totalMs);
    };
  }

  /** Takes the deadline off. */
  release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#spares.delete(this.#source, this);
  }

  end(): void {
    this.release();
    this.#arrival.end();
  }

  #run(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.end();
    }, ms);
    this.#spares.add(this.#source, this);
  }

  #onAskedAhead(answer: ServerResponse): void {
    this.#ahead += 1;
    if (this.#ahead === 1) {
      answer.req.socket.pause();
      if (!answer.headersSent) answer.setHeader('Connection', 'close');
    } else if (this.#ahead > MAX_AHEAD) this.end();
  }
}
