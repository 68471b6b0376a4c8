import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { isWildcard, parseIp } from '../../../../base/ip.ts';
import { type OwnText, ownText } from '../../../../base/own-text.ts';
import { type TimerHandle } from '../../../../base/timer-queue.ts';
import { transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { type SipResponse } from '../../../../sip/message.ts';
import { topVia } from '../../../../sip/via.ts';
import { type CoreTransport } from '../../core-destination.ts';
import { checkCoreIdentity } from './core-tls.ts';
import { type LocalEnd } from './local-end.ts';
import { responsePort } from './response-port.ts';
import { StreamHop, type StreamHopOwner } from './stream-hop.ts';
import { type TransportContext } from './transport-context.ts';

export interface StreamDestination {
  readonly localEnd: LocalEnd;
  readonly remote: TransportAddress;
  readonly serverName?: OwnText | undefined;
}

const TCP_KEEPALIVE = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 } as const;
/** Share of all connections that is kept for those this edge makes: one machine of the core must not use up the connections to all others. */
const OUTGOING_SHARE = 1 / 4;
/** Milliseconds that sent data may take to go out before a connection is cut. */
const FAREWELL_MS = 500;

/** All TCP and TLS connections with the core, in both directions, bounded together. */
export class StreamPool implements StreamHopOwner {
  readonly #context: TransportContext;
  readonly #maxConnections: number;
  /** All connections, including those in their handshakes. */
  readonly #sockets = new Set<Socket>();
  #incoming = 0;
  readonly #hops = new Set<StreamHop>();
  readonly #outgoing = new Map<string, StreamHop>();
  #secureContext: SecureContext;
  #sweep: TimerHandle | undefined;
  #isOpen = true;

  constructor(maxConnections: number, secureOptions: SecureContextOptions, context: TransportContext) {
    this.#maxConnections = maxConnections;
    this.#context = context;
    this.#secureContext = createSecureContext(secureOptions);
  }

  /** Sets TLS options for later handshakes. */
  setSecureOptions(options: SecureContextOptions): void {
    this.#secureContext = createSecureContext(options);
  }

  /** The hop to a destination: the same for each call while its connection is open. */
  hopTo(destination: StreamDestination): StreamHop {
    const key = keyOf(destination);
    const known = this.#outgoing.get(key);
    if (known?.isOpen) return known;
    const hop = this.#add(destination);
    // Hops that have never sent anything are no connections yet, but must not pile up either.
    if (this.#outgoing.size < this.#maxConnections) this.#outgoing.set(key, hop);
    return hop;
  }

  /** Counts a connection that has just come in; refuses one that is no part of the core, or for which there is no room. */
  admit(socket: Socket, transport: CoreTransport): boolean {
    socket.on('error', ignore);
    const remote = transportAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    const isTrusted = remote !== undefined && this.#context.trusted.has(remote.address);
    if (isTrusted && this.#countIncoming(socket)) return true;
    if (remote) {
      const cause = isTrusted ? 'connections' : 'unknown-address';
      this.#context.handlers.refused(remote.address, transport, cause);
    }
    socket.destroy();
    return false;
  }

  /** From here on an admitted connection speaks SIP. `socket` is the TLS socket on top of it where there is one. */
  serve(socket: Socket, localEnd: LocalEnd): void {
    socket.on('error', ignore);
    const remote = transportAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    if (!remote || socket.destroyed || !this.#isOpen) socket.destroy();
    else this.#add({ localEnd, remote }).serve(socket);
  }

  dial(hop: StreamHop): Socket | undefined {
    const { localEnd, remote } = hop;
    if (!this.#isOpen) return undefined;
    if (this.#sockets.size >= this.#maxConnections) {
      queueMicrotask(() => {
        this.#context.handlers.refused(remote.address, localEnd.transport, 'connections');
      });
      return undefined;
    }
    const localAddress =
      isWildcard(localEnd.local.address) || localEnd.local.family !== remote.family
        ? undefined
        : localEnd.local.address;
    const ends = { host: remote.address, port: remote.port, ...(localAddress !== undefined && { localAddress }) };
    const socket = hop.secure
      ? this.#dialTls(ends, hop.serverName ?? remote.address)
      : connectTcp({ ...ends, ...TCP_KEEPALIVE });
    this.#count(socket);
    return socket;
  }

  sendElsewhere(response: SipResponse, hop: StreamHop): boolean {
    const port = responsePort(response, hop.localEnd.transport, hop.remotePort);
    if (!this.#isOpen || port === undefined || port === 0) return false;
    // RFC 5922 §7.3: who is named in the Via is who has to be there.
    const host = topVia(response.headers)?.sentBy.host;
    const serverName = hop.secure && host !== undefined && !isNumeric(host) ? ownText(host) : undefined;
    const { localEnd, remote } = hop;
    return this.hopTo({ localEnd, remote: { ...remote, port }, serverName }).send(response);
  }

  gone(hop: StreamHop): void {
    this.#hops.delete(hop);
    const key = keyOf(hop);
    if (this.#outgoing.get(key) === hop) this.#outgoing.delete(key);
    if (this.#hops.size > 0 || !this.#sweep) return;
    this.#context.timers.cancel(this.#sweep);
    this.#sweep = undefined;
  }

  /** Resolves when all connections are gone. */
  async close(): Promise<void> {
    this.#isOpen = false;
    for (const hop of this.#hops) hop.close();
    const closed = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, FAREWELL_MS);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  #add(destination: StreamDestination): StreamHop {
    const hop = new StreamHop(destination, this, this.#context);
    this.#hops.add(hop);
    this.#sweep ??= this.#scheduleSweep();
    return hop;
  }

  #countIncoming(socket: Socket): boolean {
    const most = this.#maxConnections - Math.floor(this.#maxConnections * OUTGOING_SHARE);
    if (this.#incoming >= most || !this.#count(socket)) return false;
    this.#incoming += 1;
    socket.once('close', () => (this.#incoming -= 1));
    return true;
  }

  #count(socket: Socket): boolean {
    if (!this.#isOpen || this.#sockets.size >= this.#maxConnections) return false;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return true;
  }

  #dialTls(ends: { host: string; port: number }, name: string): Socket {
    return connectTls({
      ...ends,
      secureContext: this.#secureContext,
      // RFC 6066 §3: an address is no server name.
      ...(!isNumeric(name) && { servername: name }),
      checkServerIdentity: (_host, certificate) => checkCoreIdentity(name, certificate),
    })
      .setNoDelay(true)
      .setKeepAlive(true, TCP_KEEPALIVE.keepAliveInitialDelay);
  }

  /** One timer for all connections, and only while there are some. */
  #scheduleSweep(): TimerHandle {
    const { clock, timers, limits } = this.#context;
    return timers.schedule(clock.now().monotonicMs + limits.idleMs / 4, () => {
      this.#sweep = undefined;
      const nowMs = clock.now().monotonicMs;
      for (const hop of this.#hops) if (hop.isIdle(nowMs)) hop.close();
      if (this.#hops.size > 0) this.#sweep = this.#scheduleSweep();
    });
  }
}

function keyOf({ localEnd, remote, serverName }: StreamDestination): string {
  return `${localEnd.transport} ${remote.address} ${remote.port} ${serverName ?? ''}`;
}

function isNumeric(host: string): boolean {
  return parseIp(host.replace(/^\[(.*)\]$/, '$1')) !== undefined;
}

function ignore(): void {
  // A connection that breaks ends with 'close', which is all there is to do about it.
}
