import { contentLength, lengthValueAt, plainNumber } from './content-length.ts';

export interface StreamFramerLimits {
  /** Most bytes from the start line to the empty line behind the header fields, both included. */
  readonly headBytes: number;
  /** Most bytes of a whole message, and so the most that is ever held. */
  readonly messageBytes: number;
}

export interface StreamFramerHandlers {
  /** A whole message: a view of bytes that are never written to again. */
  message(bytes: Buffer): void;
  /** RFC 5626 §4.4.1: a double CRLF between messages, to be answered by a single one. */
  ping(): void;
}

export type FramingError = 'framing' | 'message-size';

const CR = 0x0d;
const LF = 0x0a;
const INITIAL_BYTES = 2048;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts a TCP or TLS byte stream into SIP messages by Content-Length, which a stream must have (RFC 3261 §18.3). The head ends where the
 * parser ends it: at the first empty line, with or without CR. Messages that lie whole in a chunk are handed out without a copy; each byte is
 * looked at, and copied, a bounded number of times however the stream is cut.
 */
export class SipStreamFramer {
  readonly #limits: StreamFramerLimits;
  #held = NOTHING;
  #heldBytes = 0;
  /** How much of CRLF CRLF has come between messages. */
  #pingBytes = 0;
  /** Offset in the message that has begun, where the search for the end of its head goes on. */
  #scanned = 0;
  /** Offset in the message that has begun, where the line at `#scanned` began. */
  #lineStart = 0;
  /** Head and body; known once the head is complete. */
  #wholeBytes: number | undefined;
  /** Offset in the message of the value of its Content-Length: of the first one. */
  #lengthAt: number | undefined;
  /** Whether there is more than one Content-Length, so that all have to be compared. */
  #isLengthRepeated = false;
  #error: FramingError | undefined;
  #stopped = false;

  constructor(limits: StreamFramerLimits) {
    this.#limits = limits;
  }

  /** Bytes of an incomplete message: never more than `messageBytes`. */
  get bufferedBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Feeds one chunk. An error, then and ever after, says that the stream cannot be read on, so the caller closes the connection. Never throws
   * by itself.
   */
  push(chunk: Buffer, on: StreamFramerHandlers): FramingError | undefined {
    if (this.#isOver()) return this.#error;
    const bytes = this.#heldBytes === 0 ? chunk : this.#hold(chunk, 0);
    const rest = this.#takeMessages(bytes, on);
    if (rest === bytes.length || this.#isOver()) this.#release();
    else if (this.#heldBytes === 0) this.#hold(bytes, rest);
    else if (rest > 0) this.#holdOnly(bytes.subarray(rest));
    return this.#error;
  }

  /** To be called when the connection ends, also from within `push`: nothing more is handed out. */
  stop(): void {
    this.#stopped = true;
  }

  /** The offset of what is left: the beginning of an incomplete message, or the end. */
  #takeMessages(bytes: Buffer, on: StreamFramerHandlers): number {
    let at = 0;
    while (at < bytes.length && !this.#isOver()) {
      if (this.#scanned === 0) at = this.#skipLineBreaks(bytes, at, on);
      if (at === bytes.length || this.#isOver()) return at;
      const wholeBytes = this.#measure(bytes, at);
      if (wholeBytes === undefined || bytes.length - at < wholeBytes) return at;
      this.#begin();
      on.message(bytes.subarray(at, at + wholeBytes));
      at += wholeBytes;
    }
    return at;
  }

  #begin(): void {
    this.#scanned = 0;
    this.#lineStart = 0;
    this.#wholeBytes = undefined;
    this.#lengthAt = undefined;
    this.#isLengthRepeated = false;
  }

  /** A handler may stop the framer while a loop of it runs. */
  #isOver(): boolean {
    return this.#stopped || this.#error !== undefined;
  }

  #skipLineBreaks(bytes: Buffer, start: number, on: StreamFramerHandlers): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== CR && byte !== LF) {
        this.#pingBytes = 0;
        return at;
      }
      if (byte === (this.#pingBytes % 2 === 0 ? CR : LF)) this.#pingBytes++;
      else this.#pingBytes = byte === CR ? 1 : 0;
      if (this.#pingBytes < 4) continue;
      this.#pingBytes = 0;
      on.ping();
    }
    return bytes.length;
  }

  /** Bytes of the message that begins at `start`; `undefined` while its head is incomplete, or with an error. */
  #measure(bytes: Buffer, start: number): number | undefined {
    if (this.#wholeBytes !== undefined) return this.#wholeBytes;
    const headBytes = this.#headEnd(bytes, start);
    const limits = this.#limits;
    if ((headBytes ?? this.#scanned) > Math.min(limits.headBytes, limits.messageBytes)) this.#error = 'message-size';
    else if (!isVisible(bytes[start])) this.#error = 'framing';
    if (headBytes === undefined || this.#error !== undefined) return undefined;
    const bodyBytes = this.#bodyBytes(bytes, start, start + headBytes);
    if (bodyBytes === undefined) this.#error = 'framing';
    else if (headBytes + bodyBytes > limits.messageBytes) this.#error = 'message-size';
    else this.#wholeBytes = headBytes + bodyBytes;
    return this.#wholeBytes;
  }

  #bodyBytes(bytes: Buffer, start: number, end: number): number | undefined {
    if (this.#lengthAt === undefined) return undefined;
    const plain = this.#isLengthRepeated ? undefined : plainNumber(bytes, start + this.#lengthAt);
    return plain ?? contentLength(bytes.toString('latin1', start, end));
  }

  #noteLine(bytes: Buffer, start: number, lineStart: number): void {
    const valueAt = lineStart === 0 ? undefined : lengthValueAt(bytes, start + lineStart);
    if (valueAt === undefined) return;
    if (this.#lengthAt !== undefined) this.#isLengthRepeated = true;
    else this.#lengthAt = valueAt - start;
  }

  /** Goes on where it ended with the chunk before. */
  #headEnd(bytes: Buffer, start: number): number | undefined {
    for (;;) {
      const lineFeed = bytes.indexOf(LF, start + this.#scanned);
      if (lineFeed < 0) {
        this.#scanned = bytes.length - start;
        return undefined;
      }
      const lineBytes = lineFeed - start - this.#lineStart;
      this.#noteLine(bytes, start, this.#lineStart);
      this.#scanned = lineFeed - start + 1;
      this.#lineStart = this.#scanned;
      if (lineBytes === 0 || (lineBytes === 1 && bytes[lineFeed - 1] === CR)) return this.#scanned;
    }
  }

  /** Adds what follows `offset` to what is held, in a room that grows with what arrives and never with what a header promises. */
  #hold(chunk: Buffer, offset: number): Buffer {
    const neededBytes = this.#heldBytes + chunk.length - offset;
    if (neededBytes > this.#held.length) {
      // Not from the shared pool: a few bytes held by an idle connection would keep a whole slab of it alive.
      const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, INITIAL_BYTES, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, offset);
    this.#heldBytes = neededBytes;
    return this.#held.subarray(0, neededBytes);
  }

  #holdOnly(rest: Buffer): void {
    this.#release();
    this.#hold(rest, 0);
  }

  #release(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }
}

function isVisible(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte < 0x7f;
}
