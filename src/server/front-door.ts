import { type Server } from 'node:https';
import { type Socket } from 'node:net';
import { type TLSSocket } from 'node:tls';
import { type Arrival, type Arrivals } from '../base/arrivals.ts';
import { type HttpConnections } from './http-connections.ts';
import { STUN_ALPN_PROTOCOLS } from '../turn/transports/alpn-protocols.ts';

/** Serves a TLS client that speaks STUN. */
export type TurnEntry = (socket: TLSSocket, from: Arrival) => void;

interface FrontDoorOptions {
  readonly arrivals: Arrivals;
  /** The web connections with their deadlines, which end connections that say nothing. */
  readonly connections: HttpConnections;
  /** Takes TLS clients that speak STUN. Absent: every client is a web client. */
  readonly turn: TurnEntry | undefined;
}

const HTTP_PROTOCOL = 'http/1.1';

const END_EVENTS = ['end', 'error', 'close'] as const;

/**
 * How an HTTPS server behind a front door answers ALPN: STUN first, since its clients offer both, coturn's among them, and browsers only HTTP. Nothing in
 * common ends the handshake (RFC 7301 §3.2). A list in its place would cost each connection a copy of it in 8 KB of shared memory.
 */
export function alpnAnswer(turn: TurnEntry | undefined): (offer: { protocols: string[] }) => string | undefined {
  const own = turn ? [...STUN_ALPN_PROTOCOLS, HTTP_PROTOCOL] : [HTTP_PROTOCOL];
  return ({ protocols }) => own.find((protocol) => protocols.includes(protocol));
}

/**
 * Stands before an HTTPS server: counts connections, knows the client behind a proxy, and sends TLS clients that speak STUN to the TURN
 * server. ALPN tells them apart; without it the first byte does, which no request line can begin with.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #shakeHands: (socket: Socket) => void;
  readonly #serveHttp: (socket: Socket) => void;
  /** Connections whose protocol (HTTP or STUN) is not known yet. */
  readonly #undecided = new Set<Socket>();

  constructor(server: Server, options: FrontDoorOptions) {
    const { arrivals, connections, turn } = options;
    this.#options = options;
    this.#shakeHands = takeOver(server, 'connection');
    this.#serveHttp = takeOver(server, 'secureConnection');
    server.on('connection', (socket: Socket) => {
      this.#undecided.add(socket);
      socket.on('close', () => {
        this.#undecided.delete(socket);
        connections.remove(socket);
      });
      arrivals.accept(socket, (arrival) => {
        connections.add(arrival);
        // Media of TURN clients would be read by the kilobyte.
        if (turn) this.#shakeHands(socket);
        else onFirstBytes(socket, this.#shakeHands);
      });
    });
    server.on('secureConnection', (socket) => {
      this.#onSecure(socket);
    });
  }

  /** Ends what is neither the web server's yet nor the TURN server's. */
  close(): void {
    for (const socket of this.#undecided) socket.destroy();
  }

  #onSecure(socket: TLSSocket): void {
    const arrival = this.#options.arrivals.of(socket);
    if (!arrival) {
      // It has broken before this was told.
      socket.destroy();
      return;
    }
    if (!this.#options.turn || socket.alpnProtocol === HTTP_PROTOCOL) this.#passHttp(socket, arrival);
    else if (isStunProtocol(socket.alpnProtocol)) this.#passTurn(socket, arrival);
    else this.#lookAtFirstByte(socket, arrival);
  }

  #lookAtFirstByte(socket: TLSSocket, arrival: Arrival): void {
    const giveUp = (): void => {
      socket.destroy();
    };
    const onReadable = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      socket.off('readable', onReadable);
      for (const event of END_EVENTS) socket.off(event, giveUp);
      socket.unshift(bytes);
      if (isStunMessage(bytes)) this.#passTurn(socket, arrival);
      else this.#passHttp(socket, arrival);
    };
    socket.on('readable', onReadable);
    for (const event of END_EVENTS) socket.on(event, giveUp);
  }

  #passHttp(socket: TLSSocket, { socket: below, remote, via }: Arrival): void {
    this.#undecided.delete(below);
    this.#options.connections.join(socket, below);
    // The socket of a request names the client as its remote address, not the proxy.
    if (via) {
      const family = `IPv${remote.family}`;
      for (const [name, value] of [
        ['remoteAddress', remote.address],
        ['remotePort', remote.port],
        ['remoteFamily', family],
      ] as const) {
        Object.defineProperty(socket, name, { value, configurable: true });
      }
    }
    this.#serveHttp(socket);
  }

  #passTurn(socket: TLSSocket, arrival: Arrival): void {
    this.#undecided.delete(arrival.socket);
    // The TURN server counts it from here on, and gives it its time.
    this.#options.connections.remove(arrival.socket);
    arrival.release();
    this.#options.turn?.(socket, arrival);
  }
}

/**
 * Serves a connection once its client has sent something, which can still be read. TLS makes its buffer for received bytes as large as what there is to read
 * at first: 1 to 2 KB for the greeting of a client, but 64 KB where it waits for that, and keeps it as long as the connection.
 */
function onFirstBytes(socket: Socket, serve: (socket: Socket) => void): void {
  socket.once('readable', () => {
    if (socket.readableLength > 0) serve(socket);
    else socket.destroy();
  });
}

function isStunProtocol(protocol: string | false | null): boolean {
  return typeof protocol === 'string' && STUN_ALPN_PROTOCOLS.includes(protocol);
}

/**
 * The two uppermost bits of a STUN message are 0 and it is the first that a TURN client sends; ChannelData, whose first byte may be a
 * letter, needs a channel before. What is not STUN is left to the web server, to refuse in its way.
 */
function isStunMessage(bytes: Buffer): boolean {
  return (bytes[0] ?? 0xff) <= 3;
}

/** Takes the server's own listeners of an event off; returns what calls them. */
function takeOver(server: Server, event: 'connection' | 'secureConnection'): (socket: Socket) => void {
  const own = server.listeners(event);
  server.removeAllListeners(event);
  return (socket) => {
    for (const listener of own) Reflect.apply(listener, server, [socket]);
  };
}
