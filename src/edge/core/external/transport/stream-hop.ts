import { type Socket } from 'node:net';
import { type TurnWorker } from '../../../../base/end-of-turn.ts';
import { type OwnText } from '../../../../base/own-text.ts';
import { type TimerHandle } from '../../../../base/timer-queue.ts';
import { transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { formatSipMessage } from '../../../../sip/format-message.ts';
import { type SipMessage, type SipResponse } from '../../../../sip/message.ts';
import { newFlowId } from '../../../flow/flow-id.ts';
import { type EdgeSide, type Hop } from '../../../hop.ts';
import { type LocalEnd } from './local-end.ts';
import { type FramingError, SipStreamFramer } from './stream-framer.ts';
import { type TransportContext } from './transport-context.ts';

/** Longest head of a SIP message in bytes, whatever the limit for the body. */
const MAX_HEAD_BYTES = 65_536;

/** What a connection needs from those beside it. */
export interface StreamHopOwner {
  /** Opens the connection of a hop that has something to send; `undefined` when there is no room for one more. */
  dial(hop: StreamHop): Socket | undefined;
  /** RFC 3261 §18.2.2: a response whose connection is gone goes over a new one. */
  sendElsewhere(response: SipResponse, hop: StreamHop): boolean;
  /** The connection of a hop is gone. Called once, before the handlers are told. */
  gone(hop: StreamHop): void;
}

/** `idle`: nothing to send yet; `connecting`: what is sent waits here, so that nobody reads it who has not proved to be the core. */
type State = 'idle' | 'connecting' | 'open' | 'closed';

/** One TCP or TLS connection with a core, of either direction. */
export class StreamHop implements Hop, TurnWorker {
  readonly id = newFlowId();
  readonly kind = 'core';
  readonly viaTransport: string;
  readonly reliable = true;
  readonly authority: string;
  readonly self: EdgeSide;
  readonly localEnd: LocalEnd;
  readonly remote: TransportAddress;
  /** The name that the certificate of the core must have; absent: its address. */
  readonly serverName: OwnText | undefined;
  readonly #context: TransportContext;
  readonly #owner: StreamHopOwner;
  readonly #framer: SipStreamFramer;
  #state: State = 'idle';
  #socket: Socket | undefined;
  /** What leaves together at the end of the turn, or once there is a connection. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #connectTimer: TimerHandle | undefined;
  #activeAtMs: number;

  constructor(
    ends: { readonly localEnd: LocalEnd; readonly remote: TransportAddress; readonly serverName?: OwnText | undefined },
    owner: StreamHopOwner,
    context: TransportContext,
  ) {
    this.localEnd = ends.localEnd;
    this.remote = ends.remote;
    this.serverName = ends.serverName;
    this.viaTransport = ends.localEnd.transport.toUpperCase();
    this.authority = ends.localEnd.authority;
    this.self = ends.localEnd.self;
    this.#owner = owner;
    this.#context = context;
    const { messageBytes } = context.limits;
    this.#framer = new SipStreamFramer({ messageBytes, headBytes: MAX_HEAD_BYTES });
    this.#activeAtMs = this.#nowMs;
  }

  get remoteAddress(): string {
    return this.remote.address;
  }

  get remotePort(): number {
    return this.remote.port;
  }

  get localAddress(): string | undefined {
    return transportAddress(this.#socket?.localAddress ?? '', 0)?.address;
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort;
  }

  get secure(): boolean {
    return this.localEnd.transport === 'tls';
  }

  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  send(message: SipMessage): boolean {
    if (this.#state === 'closed') return message.kind === 'response' && this.#owner.sendElsewhere(message, this);
    const bytes = formatSipMessage(message);
    if (this.#state === 'idle' && !this.#dial()) return false;
    return this.#write(bytes);
  }

  /** Takes a connection that a core has made, after its handshake. */
  serve(socket: Socket): void {
    this.#socket = socket;
    this.#state = 'open';
    this.#listenTo(socket);
  }

  /** Whether nothing was sent or received for so many milliseconds. */
  isIdle(nowMs: number): boolean {
    return nowMs - this.#activeAtMs >= this.#context.limits.idleMs;
  }

  /** Ends the connection once what was sent is out; at once with `cut`. `closed` follows. */
  close(how: 'end' | 'cut' = 'end'): void {
    this.#framer.stop();
    if (this.#state === 'closed') return;
    if (!this.#socket) queueMicrotask(this.#onGone);
    else if (how === 'cut' || this.#state === 'connecting') this.#socket.destroy();
    else {
      this.#flush();
      this.#socket.destroySoon();
    }
  }

  endTurn(): void {
    if (this.#state === 'open') this.#flush();
  }

  /** A socket that is connecting already, so that both kinds of connection end the same way: by its `close`. */
  #dial(): boolean {
    const socket = this.#owner.dial(this);
    if (!socket) {
      this.#state = 'closed';
      queueMicrotask(this.#onGone);
      return false;
    }
    this.#socket = socket;
    this.#state = 'connecting';
    this.#listenTo(socket);
    socket.once(this.secure ? 'secureConnect' : 'connect', () => {
      this.#connected();
    });
    this.#connectTimer = this.#context.timers.schedule(this.#nowMs + this.#context.limits.connectTimeoutMs, () => {
      socket.destroy(new Error('not connected in time'));
    });
    return true;
  }

  #connected(): void {
    if (this.#connectTimer) this.#context.timers.cancel(this.#connectTimer);
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#flush();
  }

  #flush(): void {
    const [first] = this.#waiting;
    if (!first) return;
    const bytes = this.#waiting.length === 1 ? first : Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#drop();
    if (this.#socket?.writable === true) this.#socket.write(bytes);
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #write(bytes: Buffer): boolean {
    const waitingBytes = this.#waitingBytes + (this.#socket?.writableLength ?? 0);
    if (waitingBytes + bytes.length > this.#context.limits.bufferedBytes) {
      this.#context.logger.debug({ remoteAddress: this.remoteAddress, waitingBytes }, 'core does not read');
      this.close('cut');
      return false;
    }
    if (this.#socket?.writable !== true) return false;
    this.#activeAtMs = this.#nowMs;
    this.#waitingBytes += bytes.length;
    if (this.#waiting.push(bytes) === 1) this.#context.endOfTurn.add(this);
    return true;
  }

  #listenTo(socket: Socket): void {
    let isReached = false;
    socket.once('connect', () => {
      isReached = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.#activeAtMs = this.#nowMs;
      const error = this.#framer.push(chunk, this.#framing);
      if (error !== undefined) this.#refuse(error);
    });
    socket.on('error', (error) => {
      const isTlsError = this.secure && this.#state === 'connecting' && isReached;
      this.#context.logger.debug({ remoteAddress: this.remoteAddress, err: error }, 'connection with the core broke');
      // Node tells of some errors of TLS and leaves the connection open.
      socket.destroy();
      if (isTlsError) this.#context.handlers.refused(this.remoteAddress, 'tls', 'tls');
    });
    socket.once('close', this.#onGone);
  }

  readonly #framing = {
    message: (bytes: Buffer): void => {
      this.#context.handlers.message(bytes, this);
    },
    ping: (): void => {
      if (this.#state === 'open') this.#write(Buffer.from('\r\n'));
    },
  };

  #refuse(error: FramingError): void {
    this.#context.handlers.refused(this.remoteAddress, this.localEnd.transport, error);
    this.close('cut');
  }

  readonly #onGone = (): void => {
    this.#state = 'closed';
    this.#framer.stop();
    this.#drop();
    if (this.#connectTimer) this.#context.timers.cancel(this.#connectTimer);
    this.#owner.gone(this);
    this.#context.handlers.closed(this);
  };

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
