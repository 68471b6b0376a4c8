import { CHANNEL_DATA_HEADER_BYTES, isChannelData, isStun, paddedLength } from './channel-data.ts';
import { HEADER_BYTES } from './message-type.ts';

/** Both kinds of frame tell their length in bytes 2 and 3. */
const LENGTH_KNOWN_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** The first room for an incomplete frame; it grows with what arrives, never with what a header promises. */
const INITIAL_BYTES = 512;

interface StreamFramerOptions {
  /** The largest frame, header and padding included, that is handed out and so the most that is ever held. */
  readonly maxFrameBytes: number;
  /** A frame over that is stepped over. */
  readonly onOversized?: () => void;
}

/**
 * Cuts a TCP or TLS byte stream into STUN messages (RFC 8489 §6.2.2) and ChannelData messages, which are padded to 4 bytes here (RFC 8656
 * §12.5). Frames that lie whole in a chunk are handed out without a copy.
 */
export class StreamFramer {
  readonly #maxFrameBytes: number;
  readonly #onOversized: () => void;
  /** What is still to come of a frame over the limit. */
  #skipBytes = 0;
  #held = NOTHING;
  #heldBytes = 0;
  #broken = false;
  #rest: Buffer | undefined;

  constructor({ maxFrameBytes, onOversized = ignore }: StreamFramerOptions) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onOversized = onOversized;
  }

  /**
   * Feeds one chunk and calls `onFrame` for each frame that is now complete: a view, valid during the call only; ChannelData comes without
   * its padding. Returns false, then and ever after, when the stream is neither STUN nor ChannelData: it cannot be read on, so the caller
   * closes the connection.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): boolean {
    if (this.#broken) return false;
    this.#rest = undefined;
    return this.#handOut(chunk, onFrame);
  }

  /** To be called from `onFrame`: this push hands out no more. What comes behind the frame in the chunk is then `rest`. */
  pause(): void {
    this.#rest = NOTHING;
  }

  /** What was not read of the chunk in which the framer was paused: a view, to be pushed again before any other chunk. */
  get rest(): Buffer {
    return this.#rest ?? NOTHING;
  }

  /** Bytes of an incomplete frame: never more than `maxFrameBytes`. */
  get bufferedBytes(): number {
    return this.#heldBytes;
  }

  #handOut(chunk: Buffer, onFrame: (frame: Buffer) => void): boolean {
    let offset = this.#heldBytes > 0 ? this.#completeHeld(chunk, onFrame) : this.#skip(chunk, 0);
    while (this.#rest === undefined && offset !== BROKEN && offset < chunk.length) {
      const next = this.#takeWhole(chunk, offset, onFrame);
      if (next === offset) {
        this.#hold(chunk, offset, chunk.length - offset);
        return true;
      }
      offset = next;
    }
    if (this.#rest !== undefined) this.#rest = chunk.subarray(offset);
    if (offset !== BROKEN) return true;
    this.#broken = true;
    this.#release();
    return false;
  }

  /** The offset behind the frame at `offset`, `offset` itself when the frame is not all there, or BROKEN. */
  #takeWhole(chunk: Buffer, offset: number, onFrame: (frame: Buffer) => void): number {
    const availableBytes = chunk.length - offset;
    if (availableBytes < LENGTH_KNOWN_BYTES) return isFrameStart(chunk.readUInt8(offset)) ? offset : BROKEN;
    const frameBytes = this.#frameBytes(chunk, offset);
    if (frameBytes === BROKEN) return BROKEN;
    if (frameBytes > this.#maxFrameBytes) return this.#beginSkip(chunk, offset, frameBytes);
    if (availableBytes < frameBytes) return offset;
    onFrame(chunk.subarray(offset, offset + contentBytes(chunk, offset)));
    return offset + frameBytes;
  }

  /** Adds to the held frame what it lacks; returns how much of the chunk that took, or BROKEN. */
  #completeHeld(chunk: Buffer, onFrame: (frame: Buffer) => void): number {
    let taken = 0;
    if (this.#heldBytes < LENGTH_KNOWN_BYTES) {
      taken = this.#hold(chunk, 0, LENGTH_KNOWN_BYTES - this.#heldBytes);
      if (this.#heldBytes < LENGTH_KNOWN_BYTES) return taken;
    }
    const frameBytes = this.#frameBytes(this.#held, 0);
    if (frameBytes === BROKEN) return BROKEN;
    if (frameBytes > this.#maxFrameBytes) {
      const missingBytes = frameBytes - this.#heldBytes;
      this.#release();
      return this.#beginSkip(chunk, taken, missingBytes);
    }
    taken += this.#hold(chunk, taken, frameBytes - this.#heldBytes);
    if (this.#heldBytes < frameBytes) return taken;
    const frame = this.#held.subarray(0, contentBytes(this.#held, 0));
    this.#release();
    onFrame(frame);
    return taken;
  }

  /** Steps over a frame of which `bytes` are to come from `offset` on; returns the offset behind what is there of it. */
  #beginSkip(chunk: Buffer, offset: number, bytes: number): number {
    this.#onOversized();
    this.#skipBytes = bytes;
    return this.#skip(chunk, offset);
  }

  #skip(chunk: Buffer, offset: number): number {
    const bytes = Math.min(this.#skipBytes, chunk.length - offset);
    this.#skipBytes -= bytes;
    return offset + bytes;
  }

  /** Copies up to `wantedBytes` of the chunk behind what is held; returns how many. */
  #hold(chunk: Buffer, offset: number, wantedBytes: number): number {
    const bytes = Math.min(wantedBytes, chunk.length - offset);
    const neededBytes = this.#heldBytes + bytes;
    if (neededBytes > this.#held.length) {
      const roomBytes = Math.max(
        neededBytes,
        Math.min(this.#maxFrameBytes, Math.max(INITIAL_BYTES, this.#held.length * 2)),
      );
      // Not from the shared pool: a few bytes held by an idle connection would keep a whole slab of it alive.
      const larger = Buffer.allocUnsafeSlow(roomBytes);
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, offset, offset + bytes);
    this.#heldBytes = neededBytes;
    return bytes;
  }

  #release(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }

  #frameBytes(bytes: Buffer, offset: number): number {
    const frameBytes = paddedLength(contentBytes(bytes, offset));
    if (!isFrameStart(bytes.readUInt8(offset))) return BROKEN;
    return isUnalignedStun(bytes, offset) ? BROKEN : frameBytes;
  }
}

const BROKEN = -1;

function ignore(): void {
  // Nobody counts them.
}

function isFrameStart(firstByte: number): boolean {
  return isStun(firstByte) || isChannelData(firstByte);
}

/** A STUN length is always a multiple of 4 (RFC 8489 §5): nothing behind another one can be trusted to be a frame. */
function isUnalignedStun(bytes: Buffer, offset: number): boolean {
  return isStun(bytes.readUInt8(offset)) && bytes.readUInt16BE(offset + 2) % 4 !== 0;
}

/** Header and content, without padding. */
function contentBytes(bytes: Buffer, offset: number): number {
  const headerBytes = isStun(bytes.readUInt8(offset)) ? HEADER_BYTES : CHANNEL_DATA_HEADER_BYTES;
  return headerBytes + bytes.readUInt16BE(offset + 2);
}
