import { isUtf8 } from 'node:buffer';
import { ByteStore } from './byte-store.ts';
import { isCloseCode, NO_STATUS } from './close-status.ts';
import { type FrameDefect } from './frame-defects.ts';
import {
  FIN,
  LENGTH_BITS,
  LENGTH_IN_2,
  LENGTH_IN_8,
  MASK_BYTES,
  MASKED,
  MAX_CONTROL_BYTES,
  OPCODE_BITS,
  OPCODES,
  RESERVED_BITS,
} from './frame.ts';

export interface FrameLimits {
  readonly messageBytes: number;
  /** Frames of one message. */
  readonly fragments: number;
  /** Chunks that may wait for the end of one frame. */
  readonly bufferedChunks: number;
}

/** What the frames of a client come to. The bytes are the listener's, and of `ping` only during the call. */
export interface FrameListener {
  /** A whole message, of text frames, which are UTF-8, or of binary frames. */
  message(bytes: Buffer): void;
  ping(payload: Buffer): void;
  pong(): void;
  /** The last that is read. NO_STATUS where the frame has no code. */
  peerClosed(code: number): void;
}

/**
 * Frames of a client (RFC 6455 §5), however the connection has cut them. What waits for the rest of its frame or message is bounded by the
 * limits.
 */
export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #listener: FrameListener;
  /** A frame that is not whole yet, from its first byte on. */
  #held: ByteStore | undefined;
  /** How many bytes of it tell more than what was read already. */
  #neededBytes = 0;
  #heldChunks = 0;
  /** Fragments of a message that is not whole yet. */
  #message: ByteStore | undefined;
  #isText = false;
  #fragments = 0;
  #isOver = false;

  constructor(limits: FrameLimits, listener: FrameListener) {
    this.#limits = limits;
    this.#listener = listener;
  }

  /** Whether nothing is read any more: after a close frame, a defect, or `stop`. */
  get isOver(): boolean {
    return this.#isOver;
  }

  stop(): void {
    this.#isOver = true;
    this.#held = undefined;
    this.#message = undefined;
  }

  /** Takes what came; the chunk is the reader's from here on, which unmasks it where it is. A defect is the last that is told. */
  read(chunk: Buffer): FrameDefect | undefined {
    if (this.#isOver) return undefined;
    const defect = this.#held ? this.#readOn(this.#held, chunk) : this.#readFrames(chunk);
    if (defect) this.stop();
    return defect;
  }

  #readOn(held: ByteStore, chunk: Buffer): FrameDefect | undefined {
    if (this.#heldChunks >= this.#limits.bufferedChunks) return 'pieces';
    held.append(chunk);
    this.#heldChunks += 1;
    if (held.length < this.#neededBytes) return undefined;
    this.#held = undefined;
    return this.#readFrames(held.take());
  }

  #readFrames(bytes: Buffer): FrameDefect | undefined {
    let at = 0;
    while (at < bytes.length && !this.#isOver) {
      const cameBytes = bytes.length - at;
      const first = bytes[at] ?? 0;
      const second = bytes[at + 1];
      if (second === undefined) {
        this.#hold(bytes.subarray(at), { neededBytes: 2, readBytes: 0 });
        return undefined;
      }
      const defect = this.#defectOf(first, second);
      if (defect) return defect;
      const short = second & LENGTH_BITS;
      const lengthEnd = short === LENGTH_IN_2 ? 4 : short === LENGTH_IN_8 ? 10 : 2;
      if (cameBytes < lengthEnd) {
        this.#hold(bytes.subarray(at), { neededBytes: lengthEnd, readBytes: 2 });
        return undefined;
      }
      const length = lengthEnd === 2 ? short : readLength(bytes, at + 2, lengthEnd);
      if (length > this.#roomFor(first)) return 'message-size';
      const start = lengthEnd + MASK_BYTES;
      const frameBytes = start + length;
      if (cameBytes < frameBytes) {
        const isMasked = cameBytes >= start;
        const progress = { neededBytes: isMasked ? frameBytes : start, readBytes: isMasked ? start : lengthEnd };
        this.#hold(bytes.subarray(at), progress);
        return undefined;
      }
      unmask(bytes, at + start, at + frameBytes);
      const failed = this.#takeFrame(first, bytes.subarray(at + start, at + frameBytes));
      if (failed) return failed;
      at += frameBytes;
    }
    return undefined;
  }

  /** Keeps a copy of a frame that has only begun: `readBytes` of it are known, and `neededBytes` will tell more. */
  #hold(frame: Buffer, { neededBytes, readBytes }: { readonly neededBytes: number; readonly readBytes: number }): void {
    this.#held = new ByteStore(frame);
    this.#neededBytes = neededBytes;
    this.#heldChunks = frame.length > readBytes ? 1 : 0;
  }

  /** What the first two bytes tell. */
  #defectOf(first: number, second: number): FrameDefect | undefined {
    if ((first & RESERVED_BITS) !== 0) return 'reserved-bits';
    switch (first & OPCODE_BITS) {
      case OPCODES.continuation:
        if (this.#fragments === 0) return 'fragmentation';
        break;
      case OPCODES.text:
      case OPCODES.binary:
        if (this.#fragments > 0) return 'fragmentation';
        break;
      case OPCODES.close:
      case OPCODES.ping:
      case OPCODES.pong:
        if (first < FIN || (second & LENGTH_BITS) > MAX_CONTROL_BYTES) return 'control';
        if ((first & OPCODE_BITS) === OPCODES.close && (second & LENGTH_BITS) === 1) return 'close-code';
        break;
      default:
        return 'opcode';
    }
    return second < MASKED ? 'unmasked' : undefined;
  }

  /** Bytes that the payload may have: those of a control frame were judged by its first two bytes. */
  #roomFor(first: number): number {
    const isControl = (first & OPCODE_BITS) >= OPCODES.close;
    return isControl ? MAX_CONTROL_BYTES : this.#limits.messageBytes - (this.#message?.length ?? 0);
  }

  #takeFrame(first: number, payload: Buffer): FrameDefect | undefined {
    switch (first & OPCODE_BITS) {
      case OPCODES.close:
        return this.#close(payload);
      case OPCODES.ping:
        this.#listener.ping(payload);
        return undefined;
      case OPCODES.pong:
        this.#listener.pong();
        return undefined;
      case OPCODES.continuation:
        return this.#continue(payload, first >= FIN);
      default: {
        const isText = (first & OPCODE_BITS) === OPCODES.text;
        if (first >= FIN) return this.#deliver(payload, isText);
        this.#isText = isText;
        this.#fragments = 1;
        this.#message = new ByteStore(payload);
        return undefined;
      }
    }
  }

  #continue(payload: Buffer, isLast: boolean): FrameDefect | undefined {
    this.#fragments += 1;
    if (this.#fragments > this.#limits.fragments) return 'fragments';
    this.#message?.append(payload);
    if (!isLast || !this.#message) return undefined;
    const whole = this.#message.take();
    this.#message = undefined;
    this.#fragments = 0;
    return this.#deliver(whole, this.#isText);
  }

  #deliver(bytes: Buffer, isText: boolean): FrameDefect | undefined {
    if (isText && !isUtf8(bytes)) return 'utf8';
    this.#listener.message(bytes);
    return undefined;
  }

  #close(payload: Buffer): FrameDefect | undefined {
    const code = payload.length === 0 ? NO_STATUS : payload.readUInt16BE();
    if (payload.length > 0 && !isCloseCode(code)) return 'close-code';
    if (!isUtf8(payload.subarray(2))) return 'utf8';
    this.stop();
    this.#listener.peerClosed(code);
    return undefined;
  }
}

/** Reads a payload length of 2 or 8 bytes. A length beyond 2^53 is not exact, but it is beyond every limit, too. */
function readLength(bytes: Buffer, at: number, lengthEnd: number): number {
  return lengthEnd === 4 ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** RFC 6455 §5.3. The mask is the four bytes before `start`. Every index is within the buffer: `?? 0` says so to the compiler alone. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const a = bytes[start - 4] ?? 0;
  const b = bytes[start - 3] ?? 0;
  const c = bytes[start - 2] ?? 0;
  const d = bytes[start - 1] ?? 0;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ a;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ d;
  }
  if (at < end) bytes[at] = (bytes[at] ?? 0) ^ a;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
}
