import { CMSGHDR, ERRNO, IOVEC, MAX_SEGMENTS, MMSGHDR, MSG_DONTWAIT_NOSIGNAL, MSGHDR, UDP } from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { sockaddrBytes, SOCKADDR_WORDS } from './sockaddr.ts';
import { type SystemCalls } from './system-calls.ts';

/** What becomes of what was queued. `owner` is the caller's own number. */
export interface SendTally {
  /** They are about to leave: whoever hears of them finds them counted. */
  sent(owner: number, datagrams: number, bytes: number): void;
  /** They did not leave after all. */
  notSent(owner: number, datagrams: number, bytes: number): void;
  /** The socket that `owner` sends from tells of an error, which may be that of an earlier datagram. */
  failed(owner: number): void;
}

const MESSAGES = 256;
const PIECES = 1024;
const CONTROL_BYTES = 24;
/** Payload of one message: below the largest of UDP over IPv4 and IPv6. */
const MAX_MESSAGE_BYTES = 65_000;
const NOT_SEGMENTED: readonly number[] = [ERRNO.EINVAL, ERRNO.EIO, ERRNO.EOPNOTSUPP, ERRNO.EMSGSIZE];

/**
 * Datagrams on their way out by sendmmsg(2), one system call for many. What it is given is sent from where it lies, so it has to stay until
 * `flush`. Datagrams of equal size to one destination leave as one message where the kernel takes that (UDP_SEGMENT, udp(7)); what it refuses it
 * is not asked again.
 */
export class SendQueue {
  readonly #calls: SystemCalls;
  readonly #tally: SendTally;
  readonly #memory: NativeMemory;
  readonly #iovecsAt = MESSAGES * SOCKADDR_WORDS * 4;
  readonly #controlsAt = this.#iovecsAt + PIECES * IOVEC.bytes;
  /** One message more than fits into the queue: to send the parts of one that is refused. */
  readonly #messagesAt = this.#controlsAt + MESSAGES * CONTROL_BYTES;
  readonly #owners = new Int32Array(MESSAGES);
  readonly #destinations = new Int32Array(MESSAGES);
  readonly #firstPieces = new Int32Array(MESSAGES);
  readonly #segments = new Int32Array(MESSAGES);
  readonly #segmentBytes = new Int32Array(MESSAGES);
  readonly #totalBytes = new Int32Array(MESSAGES);
  readonly #headerBytes = new Int32Array(MESSAGES);
  #fd = -1;
  #count = 0;
  #pieces = 0;
  /** Datagrams of more bytes are never joined. */
  #maxSegmentBytes: number;

  constructor(calls: SystemCalls, tally: SendTally, joins: boolean) {
    this.#calls = calls;
    this.#tally = tally;
    this.#maxSegmentBytes = joins ? MAX_MESSAGE_BYTES : 0;
    this.#memory = calls.memory(this.#messagesAt + (MESSAGES + 1) * MMSGHDR.bytes);
    const { uint32, int32, address } = this.#memory;
    for (let i = 0; i <= MESSAGES; i++) {
      const at = this.#messagesAt + i * MMSGHDR.bytes;
      this.#memory.setWord64(at + MSGHDR.nameAt, address + i * SOCKADDR_WORDS * 4);
      if (i === MESSAGES) continue;
      const controlAt = this.#controlsAt + i * CONTROL_BYTES;
      uint32[(controlAt + CMSGHDR.lengthAt) >> 2] = CMSGHDR.bytes + 2;
      int32[(controlAt + CMSGHDR.levelAt) >> 2] = UDP.level;
      int32[(controlAt + CMSGHDR.typeAt) >> 2] = UDP.SEGMENT;
    }
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /**
   * Queues a datagram that lies at `dataAddress`, to the address at `words[at]`. Of its bytes `headerBytes` are no payload and not counted. `destination` is the
   * same number for the same socket and address alone. Sends what is queued first when that is for another socket, or the queue is full.
   */
  add(
    fd: number,
    owner: number,
    destination: number,
    dataAddress: number,
    length: number,
    headerBytes: number,
    words: Uint32Array,
    at: number,
  ): void {
    if (this.#fd !== fd || this.#count === MESSAGES || this.#pieces === PIECES) this.flush();
    const last = this.#count - 1;
    if (last >= 0 && this.#joins(last, owner, destination, length, headerBytes)) {
      this.#addPiece(dataAddress, length);
      this.#segments[last] = (this.#segments[last] ?? 0) + 1;
      this.#totalBytes[last] = (this.#totalBytes[last] ?? 0) + length;
      return;
    }
    const message = this.#count++;
    this.#fd = fd;
    this.#owners[message] = owner;
    this.#destinations[message] = destination;
    this.#firstPieces[message] = this.#pieces;
    this.#segments[message] = 1;
    this.#segmentBytes[message] = length;
    this.#totalBytes[message] = length;
    this.#headerBytes[message] = headerBytes;
    this.#addPiece(dataAddress, length);
    const { uint32 } = this.#memory;
    const nameAt = message * SOCKADDR_WORDS;
    for (let i = 0; i < SOCKADDR_WORDS; i++) uint32[nameAt + i] = words[at + i] ?? 0;
    uint32[(this.#messagesAt + message * MMSGHDR.bytes + MSGHDR.nameBytesAt) >> 2] = sockaddrBytes(words, at);
  }

  flush(): void {
    if (this.#count === 0) return;
    for (let i = 0; i < this.#count; i++) {
      this.#finish(i);
      this.#tally.sent(this.#owners[i] ?? 0, this.#segments[i] ?? 1, this.#payloadBytes(i));
    }
    let sent = 0;
    while (sent < this.#count) {
      const more = this.#send(sent, this.#count - sent);
      if (more > 0) sent += more;
      else sent = this.#afterFailure(sent);
    }
    this.#count = 0;
    this.#pieces = 0;
    this.#fd = -1;
  }

  #joins(last: number, owner: number, destination: number, length: number, headerBytes: number): boolean {
    const size = this.#segmentBytes[last] ?? 0;
    const total = this.#totalBytes[last] ?? 0;
    const segments = this.#segments[last] ?? 0;
    return (
      this.#destinations[last] === destination &&
      this.#owners[last] === owner &&
      this.#headerBytes[last] === headerBytes &&
      length <= size &&
      length > 0 &&
      size <= this.#maxSegmentBytes &&
      // None before was smaller: only the last may be.
      total === segments * size &&
      segments < MAX_SEGMENTS &&
      total + length <= MAX_MESSAGE_BYTES
    );
  }

  #addPiece(address: number, length: number): void {
    const at = this.#iovecsAt + this.#pieces++ * IOVEC.bytes;
    this.#memory.setWord64(at + IOVEC.baseAt, address);
    this.#memory.uint32[(at + IOVEC.lengthAt) >> 2] = length;
  }

  /** Points a message to its pieces. */
  #finish(message: number): void {
    const { uint32, uint16, address } = this.#memory;
    const at = this.#messagesAt + message * MMSGHDR.bytes;
    const segments = this.#segments[message] ?? 1;
    const piecesAt = this.#iovecsAt + (this.#firstPieces[message] ?? 0) * IOVEC.bytes;
    this.#memory.setWord64(at + MSGHDR.iovAt, address + piecesAt);
    uint32[(at + MSGHDR.iovCountAt) >> 2] = segments;
    const controlAt = this.#controlsAt + message * CONTROL_BYTES;
    const isJoined = segments > 1;
    this.#memory.setWord64(at + MSGHDR.controlAt, isJoined ? address + controlAt : 0);
    uint32[(at + MSGHDR.controlBytesAt) >> 2] = isJoined ? CONTROL_BYTES : 0;
    if (isJoined) uint16[(controlAt + CMSGHDR.bytes) >> 1] = this.#segmentBytes[message] ?? 0;
  }

  #send(message: number, count: number): number {
    const at = this.#memory.address + this.#messagesAt + message * MMSGHDR.bytes;
    return this.#calls.sendmmsg(this.#fd, at, count, MSG_DONTWAIT_NOSIGNAL);
  }

  /** The message was refused. Which is the next to be sent. */
  #afterFailure(message: number): number {
    const { errno } = this.#calls;
    if (errno === ERRNO.EINTR) return message;
    if (errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS) {
      for (let i = message; i < this.#count; i++) this.#drop(i);
      return this.#count;
    }
    const segments = this.#segments[message] ?? 1;
    if (segments > 1 && NOT_SEGMENTED.includes(errno)) {
      this.#maxSegmentBytes =
        errno === ERRNO.EIO || errno === ERRNO.EOPNOTSUPP ? 0 : (this.#segmentBytes[message] ?? 1) - 1;
      this.#sendApart(message);
      return message + 1;
    }
    // An error of an earlier datagram is told in the place of sending this one, and once: now this one can go. Whoever reads of errors first makes the
    // next of them that waits the answer to this one again.
    if (this.#send(message, 1) !== 1) this.#drop(message);
    this.#tally.failed(this.#owners[message] ?? 0);
    return message + 1;
  }

  #sendApart(message: number): void {
    const { uint32, address } = this.#memory;
    const at = this.#messagesAt + MESSAGES * MMSGHDR.bytes;
    const owner = this.#owners[message] ?? 0;
    const headerBytes = this.#headerBytes[message] ?? 0;
    this.#memory.setWord64(at + MSGHDR.nameAt, address + message * SOCKADDR_WORDS * 4);
    uint32[(at + MSGHDR.nameBytesAt) >> 2] =
      uint32[(this.#messagesAt + message * MMSGHDR.bytes + MSGHDR.nameBytesAt) >> 2] ?? 0;
    uint32[(at + MSGHDR.iovCountAt) >> 2] = 1;
    for (let i = 0; i < (this.#segments[message] ?? 0); i++) {
      const pieceAt = this.#iovecsAt + ((this.#firstPieces[message] ?? 0) + i) * IOVEC.bytes;
      this.#memory.setWord64(at + MSGHDR.iovAt, address + pieceAt);
      const length = uint32[(pieceAt + IOVEC.lengthAt) >> 2] ?? 0;
      if (this.#send(MESSAGES, 1) !== 1) this.#tally.notSent(owner, 1, length - headerBytes);
    }
  }

  #payloadBytes(message: number): number {
    return (this.#totalBytes[message] ?? 0) - (this.#segments[message] ?? 1) * (this.#headerBytes[message] ?? 0);
  }

  #drop(message: number): void {
    this.#tally.notSent(this.#owners[message] ?? 0, this.#segments[message] ?? 1, this.#payloadBytes(message));
  }
}
