import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { lookup } from 'node:dns';
import { type Clock } from '../../base/clock.ts';
import { type LimitedLog } from '../../base/limited-log.ts';
import { transportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { formatMasked } from '../../sip/mask-secrets.ts';
import { type SipMessage } from '../../sip/message.ts';
import { type HepOptions } from '../edge-options.ts';
import { type Hop } from '../hop.ts';
import { encodeHep3 } from './hep3.ts';

export interface HepCounters {
  /** How many copies were given to the kernel. */
  readonly sent: number;
  /** How many of the copies sent were longer than a datagram may be, and lost their end. */
  readonly cut: number;
  /** How many copies were not sent: the collector is not known or gone, or too many came at once. */
  readonly dropped: number;
}

interface HepMirrorContext {
  readonly clock: Clock;
  readonly limitedLog: LimitedLog;
}

/** After a failure nothing is tried for this long; the next message then has the name resolved again. */
const RETRY_MS = 5000;
/** How many datagrams may wait for the end of a turn, or for the kernel: 8 MB at most. */
const MAX_PENDING = 1024;
const UNKNOWN_ADDRESS = { 4: '0.0.0.0', 6: '::' } as const;

/**
 * Copies of SIP messages for a Homer collector: HEP3 over UDP, secrets masked. It gets no say in anything: what cannot be sent now is
 * counted and forgotten, there is no timer, and the socket keeps no process alive.
 */
export class HepMirror {
  readonly #options: HepOptions;
  readonly #context: HepMirrorContext;
  readonly #agent: { readonly id: number; readonly key: Buffer | undefined };
  /** The socket towards the collector, once its name is resolved and the socket connected. */
  #ready: Socket | undefined;
  /** Under way; another one, or none, when it is no longer wanted. */
  #opening: symbol | undefined;
  #retryAtMs = -Infinity;
  #closed = false;
  #pending = 0;
  #lastUs = 0;
  #sent = 0;
  #cut = 0;
  #dropped = 0;

  constructor(options: HepOptions, context: HepMirrorContext) {
    this.#options = options;
    this.#context = context;
    this.#agent = { id: options.captureId, key: options.captureKey?.reveal() };
    this.#open();
  }

  get counters(): HepCounters {
    return { sent: this.#sent, cut: this.#cut, dropped: this.#dropped };
  }

  /** Sends a copy of a message from the hop (`in`) or to it. Never throws, never waits. */
  copy(message: SipMessage, hop: Hop, direction: 'in' | 'out'): void {
    const { monotonicMs, unixMs } = this.#context.clock.now();
    if (!this.#ready && !this.#opening && monotonicMs >= this.#retryAtMs) this.#open();
    if (!this.#ready || this.#pending >= MAX_PENDING) {
      this.#dropped++;
      return;
    }
    const { local, remote } = endsOf(hop);
    const { datagram, cutBytes } = encodeHep3(
      {
        source: direction === 'in' ? remote : local,
        destination: direction === 'in' ? local : remote,
        transport: hop.viaTransport === 'UDP' ? 'udp' : 'tcp',
        atUs: this.#stamp(unixMs),
        payload: formatMasked(message),
        correlationId: message.headers.get('Call-ID') ?? '',
      },
      this.#agent,
    );
    if (cutBytes > 0) this.#cut++;
    this.#send(this.#ready, datagram);
  }

  close(): void {
    this.#closed = true;
    this.#opening = undefined;
    this.#ready?.close();
    this.#ready = undefined;
  }

  #send(socket: Socket, datagram: Buffer): void {
    this.#pending++;
    socket.send(datagram, (error) => {
      this.#pending--;
      if (!error) {
        this.#sent++;
        return;
      }
      this.#dropped++;
      this.#fail(error, socket);
    });
  }

  #open(): void {
    if (this.#closed) return;
    const { host, port } = this.#options.collector;
    const opening = Symbol(host);
    this.#opening = opening;
    lookup(host, (error, address, family) => {
      if (this.#opening !== opening) return;
      if (error) this.#fail(error);
      else this.#connect(address, family === 6 ? 'udp6' : 'udp4', port, opening);
    });
  }

  /** Connected, so that an ICMP error says when nobody listens. */
  #connect(address: string, type: SocketType, port: number, opening: symbol): void {
    const socket = createSocket(type);
    let settled = false;
    const settle = (error?: unknown): void => {
      if (settled) return;
      settled = true;
      const isWanted = this.#opening === opening;
      if (isWanted && error === undefined) {
        this.#opening = undefined;
        this.#ready = socket;
        return;
      }
      socket.close();
      if (isWanted) this.#fail(error);
    };
    socket.unref();
    socket.on('error', (error) => {
      if (this.#ready === socket) this.#fail(error, socket);
      else settle(error);
    });
    // Types of Node leave out that the callback is given the error.
    socket.connect(port, address, (...[error]: unknown[]) => {
      settle(error);
    });
  }

  /** `socket`: the one that failed; an older one has been replaced already. */
  #fail(error: unknown, socket?: Socket): void {
    if (this.#closed || socket !== this.#ready) return;
    this.#opening = undefined;
    this.#ready = undefined;
    socket?.close();
    const { monotonicMs } = this.#context.clock.now();
    this.#retryAtMs = monotonicMs + RETRY_MS;
    const { host, port } = this.#options.collector;
    const fields = { collector: `${host}:${port}`, err: error, dropped: this.#dropped };
    this.#context.limitedLog.warn('hep collector', fields, 'HEP collector cannot be reached', monotonicMs);
  }

  /** The clock counts milliseconds; a microsecond more for each message of one keeps them in order at the collector. */
  #stamp(unixMs: number): number {
    const nowUs = Math.floor(unixMs) * 1000;
    const isAhead = this.#lastUs >= nowUs && this.#lastUs - nowUs < 1_000_000;
    this.#lastUs = isAhead ? this.#lastUs + 1 : nowUs;
    return this.#lastUs;
  }
}

/** Both ends of the hop's connection in one family, as the chunks need it; an end that is not known is the unspecified address. */
function endsOf({ remoteAddress, remotePort, localAddress = '', localPort = 0 }: Hop): {
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
} {
  const knownRemote = transportAddress(remoteAddress, remotePort);
  const knownLocal = transportAddress(localAddress, localPort);
  const family = knownRemote?.family ?? knownLocal?.family ?? 4;
  return {
    remote: knownRemote ?? { family, address: UNKNOWN_ADDRESS[family], port: remotePort },
    local: knownLocal?.family === family ? knownLocal : { family, address: UNKNOWN_ADDRESS[family], port: localPort },
  };
}
