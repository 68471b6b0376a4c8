import { isUtf8 } from 'node:buffer';
import { type Duplex } from 'node:stream';
import { addressKey } from '../../base/address-key.ts';
import { boundedKey } from '../../base/bounded-key.ts';
import { type Clock } from '../../base/clock.ts';
import { type EndOfTurn } from '../../base/end-of-turn.ts';
import { type OwnMap, ownText } from '../../base/own-text.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import { FieldMemory } from '../../sip/field-memory.ts';
import { formatSipHead } from '../../sip/format-message.ts';
import { type SipMessage } from '../../sip/message.ts';
import { type FlowCloseCause, type LimitCause } from '../edge-words.ts';
import { type EdgeLimits, type KeepaliveOptions } from '../edge-options.ts';
import { messageCost } from '../flood/message-cost.ts';
import { type EdgeSide, type Hop } from '../hop.ts';
import { OPCODES } from '../websocket/frame.ts';
import { type FrameDefect } from '../websocket/frame-defects.ts';
import { encodeMessage } from '../websocket/frame-writer.ts';
import { type ConnectionListener, type PeerEnd, WebSocketConnection } from '../websocket/web-socket-connection.ts';
import { ABNORMAL_CLOSURE, CLOSE_CODES, type CloseFrame, type OwnCloseCause } from './close-codes.ts';
import { FlowDeadlines, type TimedConnection } from './flow-deadlines.ts';

/** Facts of the connection that stay as they were at the upgrade. */
export interface FlowFacts {
  readonly id: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly origin: string | undefined;
  /** Host header of the upgrade: the authority the client knows this edge by. */
  readonly host: string | undefined;
  /** Whether the connection is TLS; a credential is handed out on no other. */
  readonly secure: boolean;
}

/** What there can be too many connections of: all, or those of one address. */
export type ConnectionLimit = Extract<LimitCause, 'connections' | 'connections-per-address'>;

export interface FlowHandlers {
  /** One message as it came, in a text frame or a binary one. True where it was asked for: its sender does not pay for it. */
  message(flow: Flow, bytes: Buffer): boolean;
  /** Once, as soon as nothing more will be read or sent. */
  closed(flow: Flow, cause: FlowCloseCause, code: number): void;
  /** The socket is gone. Called once. */
  released(flow: Flow): void;
  limited(flow: Flow, cause: LimitCause): void;
}

export interface FlowContext {
  readonly self: EdgeSide;
  readonly limits: EdgeLimits;
  readonly keepalive: KeepaliveOptions;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly endOfTurn: EndOfTurn;
  readonly handlers: FlowHandlers;
  /** Whether the client is in a call: it may end that in an orderly way after its registration has ended. */
  readonly isInCall: (flow: Flow) => boolean;
}

/** Bytes that may wait for an unregistered client, if the limit for others is no lower. Such a client only ever receives error responses, so it may queue less. */
const UNREGISTERED_BUFFERED_BYTES = 65_536;

const PING = Buffer.from('\r\n\r\n');
const PONG_TEXT = '\r\n';
const PONG = Buffer.from(PONG_TEXT);
const NO_BODY = new Uint8Array();

/** One WebSocket connection of a WIC (RFC 7118), the flow of RFC 5626. */
export class Flow implements Hop, ConnectionListener, TimedConnection {
  readonly kind = 'wic';
  readonly viaTransport: string;
  readonly self: EdgeSide;
  readonly reliable = true;
  readonly facts: FlowFacts;
  readonly memory = new FieldMemory();
  /** Key under which limits count the connection (see `addressKey`). */
  readonly source: string;
  readonly #connection: WebSocketConnection;
  readonly #context: FlowContext;
  readonly #messages: TokenBucket;
  #closeCause: FlowCloseCause | undefined;
  readonly #deadlines: FlowDeadlines;
  #maxBufferedBytes = 0;
  /** By user name tried; never more than the limit on failures, which closes the flow. Most flows have none. */
  #authenticationFailures: OwnMap<number> | undefined;

  /** `socket`: the connection behind a WebSocket handshake. */
  constructor(socket: Duplex, facts: FlowFacts, context: FlowContext) {
    const nowMs = context.clock.now().monotonicMs;
    this.facts = facts;
    this.source = addressKey(facts.remoteAddress);
    this.viaTransport = facts.secure ? 'WSS' : 'WS';
    this.self = context.self;
    this.#context = context;
    const { messagesPerSec, messageBurst } = context.limits;
    this.#messages = new TokenBucket({ burst: messageBurst, perSec: messagesPerSec, nowMs });
    this.#connection = new WebSocketConnection(socket, this, context);
    this.#deadlines = new FlowDeadlines(context, this);
    this.#boundBuffer(false);
  }

  get id(): string {
    return this.facts.id;
  }

  get authority(): string | undefined {
    return this.facts.host?.toLowerCase();
  }

  get remoteAddress(): string {
    return this.facts.remoteAddress;
  }

  get remotePort(): number {
    return this.facts.remotePort;
  }

  get localAddress(): string | undefined {
    return this.facts.localAddress;
  }

  get localPort(): number | undefined {
    return this.facts.localPort;
  }

  get origin(): string | undefined {
    return this.facts.origin;
  }

  get secure(): boolean {
    return this.facts.secure;
  }

  get isOpen(): boolean {
    return this.#closeCause === undefined;
  }

  get isInCall(): boolean {
    return this.#context.isInCall(this);
  }

  /** When the client last sent anything, in monotonic milliseconds. */
  get heardAtMs(): number {
    return this.#deadlines.heardAtMs;
  }

  send(message: SipMessage): boolean {
    const { body } = message;
    return this.#send(formatSipHead(message), body);
  }

  /** Closes the WebSocket. The close code and reason are those of the cause unless others are given. */
  close(cause: OwnCloseCause, { code = CLOSE_CODES[cause], reason = cause }: CloseFrame = {}): void {
    if (!this.isOpen) return;
    if (code === undefined) {
      this.cut(cause);
      return;
    }
    this.#connection.close(code, reason);
    this.#finish(cause, code);
  }

  /** Ends the connection at once, whatever is still to be sent. */
  cut(cause: OwnCloseCause): void {
    this.#connection.destroy();
    this.#finish(cause, ABNORMAL_CLOSURE);
  }

  /** Sends a close frame and ends the connection without waiting for the answer, because a new connection has its place already. */
  makeRoom(limit: ConnectionLimit): void {
    this.#context.handlers.limited(this, limit);
    this.close('made-room');
    // A turn later, since the close frame may still be with TLS.
    setImmediate(() => {
      this.giveUp();
    });
  }

  /** A flow without a registration is closed after a while (see `FlowDeadlines`); meanwhile it has less kept for it. */
  setRegistered(registered: boolean): void {
    this.#boundBuffer(registered);
    if (this.isOpen) this.#deadlines.setRegistered(registered);
  }

  /** Counts a failed login. At the limit the flow is closed, so guessing on needs a new connection, which the limits of connections count. */
  countAuthenticationFailure(user: string): void {
    const key = boundedKey(user);
    this.#authenticationFailures ??= new Map<string, number>();
    this.#authenticationFailures.set(ownText(key), (this.#authenticationFailures.get(key) ?? 0) + 1);
    let failures = 0;
    for (const count of this.#authenticationFailures.values()) failures += count;
    if (failures < this.#context.limits.authenticationFailures || !this.isOpen) return;
    this.#context.handlers.limited(this, 'authentication-failures');
    this.close('authentication-failures');
  }

  /** Forgets the failures of one user, and of no other: a client with one password may still be guessing others. */
  forgiveAuthenticationFailures(user: string): void {
    this.#authenticationFailures?.delete(boundedKey(user));
  }

  /** Whether a message has to be paid for is seen when it is read, so the one too many is served and the last. */
  onMessage(bytes: Buffer): void {
    // A close was sent: what still arrives was written before the client knew.
    if (!this.isOpen) return;
    this.#deadlines.hear();
    if (!this.#serve(bytes)) this.#charge(messageCost(bytes.length));
  }

  /** The connection has answered it; here it costs its token, and must leave no more waiting than messages may. */
  onPing(): void {
    this.#deadlines.hear();
    this.#charge(1);
    if (this.isOpen) this.#hasRoomFor(0);
  }

  onPong(): void {
    if (!this.#deadlines.hearPong()) this.#charge(1);
  }

  sendPing(): void {
    // Most of what a silent connection keeps would be this. A registration is refreshed within seconds, by the answer to a challenge, or after many minutes.
    this.memory.forget();
    this.#connection.sendPing();
  }

  giveUp(): void {
    this.#connection.destroy();
  }

  onPeerEnd(end: PeerEnd): void {
    if (end.kind === 'closed') this.#finish('client', end.code);
    else this.#finish(end.kind === 'defect' ? causeOf(end.defect) : 'abrupt', ABNORMAL_CLOSURE);
  }

  onGone(): void {
    this.#deadlines.clear();
    this.#context.handlers.released(this);
  }

  /** RFC 7118 §4.2. The head is UTF-8 always, so that the body alone decides what the frame may be. */
  #send(head: string, body: Uint8Array): boolean {
    if (!this.isOpen || !this.#connection.isOpen) return false;
    const isText = body.length === 0 || isUtf8(body);
    const frame = encodeMessage(isText ? OPCODES.text : OPCODES.binary, head, body);
    if (!this.#hasRoomFor(frame.length)) return false;
    this.#connection.send(frame);
    return true;
  }

  /** Whether the bytes that wait for the client are within the limit. If not, the client reads too slowly and its flow is closed. */
  #hasRoomFor(bytes: number): boolean {
    if (this.#connection.bufferedBytes + bytes <= this.#maxBufferedBytes) return true;
    this.#context.handlers.limited(this, 'buffered-bytes');
    this.close('slow-reader');
    return false;
  }

  /** Counts a message, a ping or an unsolicited pong. Past the rate limit the flow is closed. */
  #charge(cost: number): void {
    if (!this.isOpen || this.#messages.take(this.heardAtMs, cost)) return;
    this.#context.handlers.limited(this, 'message-rate');
    this.close('message-rate');
  }

  /** True for what was asked for. Frames of both kinds carry messages (RFC 7118 §4.2); what is in them is for the parser to judge. */
  #serve(bytes: Buffer): boolean {
    // RFC 5626 §3.5.1 by way of RFC 7118 §6: a double CRLF is a ping, a single one its pong.
    if (bytes.equals(PING)) this.#send(PONG_TEXT, NO_BODY);
    else if (!bytes.equals(PONG)) return this.#context.handlers.message(this, bytes);
    return false;
  }

  #boundBuffer(registered: boolean): void {
    const { bufferedBytes } = this.#context.limits;
    this.#maxBufferedBytes = registered ? bufferedBytes : Math.min(bufferedBytes, UNREGISTERED_BUFFERED_BYTES);
  }

  #finish(cause: FlowCloseCause, code: number): void {
    if (!this.isOpen) return;
    this.#closeCause = cause;
    this.#deadlines.setClosed();
    this.#context.handlers.closed(this, cause, code);
  }
}

function causeOf(defect: FrameDefect): FlowCloseCause {
  return defect === 'message-size' ? 'message-size' : 'protocol-error';
}
