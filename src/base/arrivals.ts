import { type Socket } from 'node:net';
import { type ConnectionLimits } from './connection-limits.ts';
import { IpRanges } from './ip-ranges.ts';
import { readProxyHeader, type ProxyHeader } from './proxy-header.ts';
import { type SourceRate } from './source-rate.ts';
import { transportAddress, type TransportAddress } from './transport-address.ts';

interface ArrivalOptions {
  readonly limits: ConnectionLimits;
  /**
   * Ranges of the proxies that connect for clients (see `parseIpRange`). Empty: clients connect themselves. Otherwise only these may connect,
   * and each connection has to begin with a PROXY header, which is believed of no other address.
   */
  readonly proxies: readonly string[];
  /** How fast a client may connect; absent: as fast as it likes. */
  readonly rate?: SourceRate | undefined;
  /** How many milliseconds the PROXY header may take to come. */
  readonly headerTimeoutMs: number;
  readonly onRefused: (refusal: ArrivalRefusal, address: string) => void;
}

/** Why a connection is refused: `total`, `address` and `rate` name the limit that is reached. */
export type ArrivalRefusal = 'total' | 'address' | 'rate' | 'not-a-proxy' | 'no-proxy-header';

/** A TCP connection and whom it is for. */
export interface Arrival {
  readonly socket: Socket;
  /** The address of the client: that of the connection, or the one in the PROXY header. */
  readonly remote: TransportAddress;
  /** The proxy that spoke for the client, if one did. */
  readonly via: TransportAddress | undefined;
  /** Gives back the place among the counted connections before the connection ends. A second call does nothing. */
  release(): void;
  /** Cuts the connection and gives back its place among the counted connections. */
  end(): void;
}

/** An arrival that holds a place under its client's address. */
class CountedArrival implements Arrival {
  readonly socket: Socket;
  readonly remote: TransportAddress;
  readonly via: TransportAddress | undefined;
  readonly #limits: ConnectionLimits;
  #isCounted = true;

  constructor(socket: Socket, remote: TransportAddress, via: TransportAddress | undefined, limits: ConnectionLimits) {
    this.socket = socket;
    this.remote = remote;
    this.via = via;
    this.#limits = limits;
  }

  release(): void {
    if (this.#isCounted) this.#limits.release(this.remote.address);
    this.#isCounted = false;
  }

  end(): void {
    this.release();
    this.socket.destroy();
  }
}

/** Accepts TCP connections: counts each under the address of its client before it costs anything, and finds that address. */
export class Arrivals {
  readonly #options: ArrivalOptions;
  readonly #proxies: IpRanges;
  readonly #sockets = new Set<Socket>();
  readonly #byEnds = new Map<string, Arrival>();

  constructor(options: ArrivalOptions) {
    this.#options = options;
    this.#proxies = IpRanges.of(options.proxies);
  }

  /** The connections that are open, including those whose client is not known yet. */
  get sockets(): ReadonlySet<Socket> {
    return this.#sockets;
  }

  /** Calls `serve` as soon as the client is known, and otherwise ends the connection. Bytes that came behind a header can still be read. */
  accept(socket: Socket, serve: (arrival: Arrival) => void): void {
    socket.on('error', ignore);
    const peer = transportAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    const isProxied = this.#options.proxies.length > 0;
    if (!peer) socket.destroy();
    else if (isProxied && !this.#proxies.has(peer.address)) this.#refuse(socket, 'not-a-proxy', peer.address);
    else if (isProxied) this.#acceptProxied(socket, peer, serve);
    else if (this.#takePlace(socket, peer.address)) this.#admit(socket, peer, undefined, serve);
  }

  /** The arrival below a TLS socket: both sockets have the same local and remote address. */
  of(socket: Socket): Arrival | undefined {
    return this.#byEnds.get(endsOf(socket));
  }

  #acceptProxied(socket: Socket, proxy: TransportAddress, serve: (arrival: Arrival) => void): void {
    if (!this.#takePlace(socket, undefined)) return;
    const { limits, headerTimeoutMs } = this.#options;
    const onGone = (): void => {
      limits.release(undefined);
      this.#sockets.delete(socket);
    };
    socket.once('close', onGone);
    takeHeader(socket, headerTimeoutMs, (header) => {
      socket.off('close', onGone);
      onGone();
      if (header.state !== 'complete') {
        this.#refuse(socket, 'no-proxy-header', proxy.address);
        return;
      }
      const remote = header.source ?? proxy;
      if (this.#takePlace(socket, remote.address)) this.#admit(socket, remote, header.source && proxy, serve);
    });
  }

  #admit(
    socket: Socket,
    remote: TransportAddress,
    via: TransportAddress | undefined,
    serve: (arrival: Arrival) => void,
  ): void {
    const arrival = new CountedArrival(socket, remote, via, this.#options.limits);
    const ends = endsOf(socket);
    this.#byEnds.set(ends, arrival);
    socket.on('close', () => {
      arrival.release();
      this.#sockets.delete(socket);
      // The same ends may have met again before this was told.
      if (this.#byEnds.get(ends) === arrival) this.#byEnds.delete(ends);
    });
    serve(arrival);
  }

  #takePlace(socket: Socket, address: string | undefined): boolean {
    if (address !== undefined && (this.#options.rate?.waitSec(address) ?? 0) > 0) {
      this.#refuse(socket, 'rate', address);
      return false;
    }
    const place = this.#options.limits.acquire(address);
    if (place !== 'taken') {
      this.#refuse(socket, place, address ?? socket.remoteAddress ?? '');
      return false;
    }
    this.#sockets.add(socket);
    return true;
  }

  #refuse(socket: Socket, refusal: ArrivalRefusal, address: string): void {
    this.#options.onRefused(refusal, address);
    socket.destroy();
  }
}

/**
 * Reads the PROXY header and puts back the bytes behind it. Calls back with `incomplete` after the time-out, and not at all when the connection
 * ends.
 */
function takeHeader(socket: Socket, timeoutMs: number, done: (header: ProxyHeader) => void): void {
  let bytes = Buffer.alloc(0);
  const settle = (header: ProxyHeader): void => {
    stop();
    if (header.state === 'complete' && bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes));
    done(header);
  };
  const timer = setTimeout(settle, timeoutMs, { state: 'incomplete' });
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const header = readProxyHeader(bytes);
    if (header.state !== 'incomplete') settle(header);
  };
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('close', stop);
  };
  socket.on('readable', onReadable);
  socket.on('close', stop);
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`;
}

function ignore(): void {
  // A connection that breaks ends with 'close', which is all there is to do about it.
}
