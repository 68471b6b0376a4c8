import { type Duplex } from 'node:stream';
import { type EndOfTurn, type TurnWorker } from '../../base/end-of-turn.ts';
import { FRAME_DEFECTS, type FrameDefect } from './frame-defects.ts';
import { type FrameLimits, type FrameListener, FrameReader } from './frame-reader.ts';
import { encodeClose, encodeControl } from './frame-writer.ts';
import { NO_STATUS } from './close-status.ts';
import { OPCODES } from './frame.ts';

/** How the peer's side of a connection ended: by a close frame, by frames that cannot be read, or without a word. */
export type PeerEnd =
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'defect'; readonly defect: FrameDefect }
  | { readonly kind: 'broken' };

export interface ConnectionListener {
  /** One message, whole; of text frames it is UTF-8. The bytes are the listener's. */
  onMessage(bytes: Buffer): void;
  /** The pong is on its way. */
  onPing(): void;
  onPong(): void;
  /** Once: nothing more is read. What has to be answered to it has been sent. */
  onPeerEnd(end: PeerEnd): void;
  /** Once, the last: the socket is gone. */
  onGone(): void;
}

export interface ConnectionContext {
  readonly limits: FrameLimits;
  readonly endOfTurn: EndOfTurn;
}

/** Bytes that are still read after our close frame. A client's answer to it comes behind what was on its way. */
const MAX_CLOSING_BYTES = 65_536;
const BROKEN: PeerEnd = { kind: 'broken' };

/**
 * The server's side of a WebSocket after its handshake (RFC 6455 §5 to §7). Frames leave in the order in which they were sent, all of a turn by one write
 * at its end; a close frame takes with it what waits. Whoever owns the connection bounds what may wait, and ends a peer that does not close its side.
 */
export class WebSocketConnection implements TurnWorker, FrameListener {
  readonly #socket: Duplex;
  readonly #listener: ConnectionListener;
  readonly #endOfTurn: EndOfTurn;
  readonly #reader: FrameReader;
  /** Frames for the next write. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isClosing = false;
  #closingBytes = 0;
  #hasPeerEnded = false;

  constructor(socket: Duplex, listener: ConnectionListener, { limits, endOfTurn }: ConnectionContext) {
    this.#socket = socket;
    this.#listener = listener;
    this.#endOfTurn = endOfTurn;
    this.#reader = new FrameReader(limits, this);
    socket.on('data', (chunk: Buffer) => {
      if (this.#isClosing && !this.#hasTimeToClose(chunk.length)) return;
      const defect = this.#reader.read(chunk);
      if (defect) this.#onDefect(defect);
    });
    // The peer writes no more, and has not said so by a close frame.
    socket.on('end', () => {
      this.#flush();
      socket.end();
      this.#endPeer(BROKEN);
    });
    socket.on('error', () => {
      this.destroy();
    });
    socket.on('close', () => {
      this.#endPeer(BROKEN);
      listener.onGone();
    });
  }

  /** Bytes that were sent and are not with the system yet. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waitingBytes;
  }

  /** Whether a message can still be sent: no close frame has left. */
  get isOpen(): boolean {
    return !this.#isClosing;
  }

  /** A frame as `encodeMessage` makes them. It leaves at the end of the turn. Nothing after a close frame. */
  send(frame: Buffer): void {
    if (this.#isClosing) return;
    if (this.#waiting.push(frame) === 1) this.#endOfTurn.add(this);
    this.#waitingBytes += frame.length;
  }

  sendPing(): void {
    this.send(encodeControl(OPCODES.ping));
  }

  /** Sends a close frame behind what waits. The connection ends when the peer has answered it, which `destroy` may cut short. */
  close(code?: number, reason?: string): void {
    if (this.#isClosing) return;
    this.send(encodeClose(code, reason));
    this.#isClosing = true;
    this.#flush();
    // RFC 6455 §7.1.1: the server is the one that ends the connection, once both sides have closed.
    if (this.#reader.isOver) this.#socket.end();
  }

  /** Cuts the connection; what waits is dropped. */
  destroy(): void {
    this.#isClosing = true;
    this.#drop();
    this.#reader.stop();
    this.#socket.destroy();
  }

  endTurn(): void {
    this.#flush();
  }

  message(bytes: Buffer): void {
    this.#listener.onMessage(bytes);
  }

  ping(payload: Buffer): void {
    this.send(encodeControl(OPCODES.pong, payload));
    this.#listener.onPing();
  }

  pong(): void {
    this.#listener.onPong();
  }

  /** RFC 6455 §5.5.1: the answer carries the code that it answers. */
  peerClosed(code: number): void {
    this.#answerClose(code === NO_STATUS ? undefined : code);
    this.#endPeer({ kind: 'closed', code });
  }

  /** A client that goes on sending is read no further: each of its frames would cost, for as long as its side stays open. */
  #hasTimeToClose(bytes: number): boolean {
    this.#closingBytes += bytes;
    if (this.#closingBytes <= MAX_CLOSING_BYTES) return true;
    if (!this.#reader.isOver) {
      this.#reader.stop();
      this.#socket.end();
    }
    return false;
  }

  #onDefect(defect: FrameDefect): void {
    this.#answerClose(FRAME_DEFECTS[defect]);
    this.#endPeer({ kind: 'defect', defect });
  }

  #answerClose(code: number | undefined): void {
    if (this.#isClosing) this.#socket.end();
    else this.close(code);
  }

  #endPeer(end: PeerEnd): void {
    if (this.#hasPeerEnded) return;
    this.#hasPeerEnded = true;
    this.#isClosing = true;
    this.#reader.stop();
    this.#listener.onPeerEnd(end);
  }

  #flush(): void {
    const frames = this.#waiting;
    const [first] = frames;
    if (!first) return;
    const all = frames.length === 1 ? first : Buffer.concat(frames, this.#waitingBytes);
    this.#drop();
    if (this.#socket.writable) this.#socket.write(all);
  }

  #drop(): void {
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
