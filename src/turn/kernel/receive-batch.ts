import { CMSGHDR, IOVEC, MMSGHDR, MSG_DONTWAIT, MSGHDR, UDP } from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { SOCKADDR_WORDS } from './sockaddr.ts';
import { type SystemCalls } from './system-calls.ts';

/** Room for the largest datagram, or for a train of them that the kernel hands over as one. */
const DATA_BYTES = 65_536;
const CONTROL_BYTES = 64;
/** An odd number of cache lines: places that lie a power of two apart would share a few lines of the processor's cache. */
const ODD_BYTES = 64;

/** Places for datagrams, with the structs of recvmmsg(2) that point to them, made once. Before each datagram is room for a header. */
export class ReceiveBatch {
  readonly count: number;
  readonly memory: NativeMemory;
  readonly #calls: SystemCalls;
  readonly #strideBytes: number;
  readonly #headroomBytes: number;
  readonly #namesAt: number;
  readonly #messagesAt: number;
  readonly #controlsAt: number;

  constructor(calls: SystemCalls, count: number, headroomBytes: number) {
    this.count = count;
    this.#calls = calls;
    this.#headroomBytes = headroomBytes;
    this.#strideBytes = DATA_BYTES + ((headroomBytes + 63) & ~63) + ODD_BYTES;
    this.#namesAt = count * this.#strideBytes;
    const iovecsAt = this.#namesAt + count * SOCKADDR_WORDS * 4;
    this.#controlsAt = iovecsAt + count * IOVEC.bytes;
    this.#messagesAt = this.#controlsAt + count * CONTROL_BYTES;
    this.memory = calls.memory(this.#messagesAt + count * MMSGHDR.bytes);
    const { memory } = this;
    for (let i = 0; i < count; i++) {
      const iovecAt = iovecsAt + i * IOVEC.bytes;
      memory.setWord64(iovecAt + IOVEC.baseAt, memory.address + this.dataAt(i));
      memory.setWord64(iovecAt + IOVEC.lengthAt, DATA_BYTES);
      const at = this.#messagesAt + i * MMSGHDR.bytes;
      memory.setWord64(at + MSGHDR.nameAt, memory.address + this.nameWordAt(i) * 4);
      memory.setWord64(at + MSGHDR.iovAt, memory.address + iovecAt);
      memory.setWord64(at + MSGHDR.iovCountAt, 1);
      memory.setWord64(at + MSGHDR.controlAt, memory.address + this.#controlsAt + i * CONTROL_BYTES);
    }
  }

  /**
   * Takes what waits at a socket, `count` messages at most, into the places from `first` on. How many came; below zero on an error, and when
   * nothing waits.
   */
  receive(fd: number, first: number, count: number): number {
    const { uint32, address } = this.memory;
    const from = this.#messagesAt + first * MMSGHDR.bytes;
    for (let i = 0, at = from; i < count; i++, at += MMSGHDR.bytes) {
      uint32[(at + MSGHDR.nameBytesAt) >> 2] = SOCKADDR_WORDS * 4;
      uint32[(at + MSGHDR.controlBytesAt) >> 2] = CONTROL_BYTES;
    }
    return this.#calls.recvmmsg(fd, address + from, count, MSG_DONTWAIT, 0);
  }

  /** Offset of the data of a place in the memory. */
  dataAt(place: number): number {
    return place * this.#strideBytes + this.#headroomBytes;
  }

  lengthOf(place: number): number {
    return this.memory.uint32[(this.#messagesAt + place * MMSGHDR.bytes + MMSGHDR.lengthAt) >> 2] ?? 0;
  }

  /** Index of the first word of the sender's address. */
  nameWordAt(place: number): number {
    return (this.#namesAt >> 2) + place * SOCKADDR_WORDS;
  }

  /** Size of each datagram (the last may be smaller) where the kernel has handed several over as one; else 0. */
  segmentBytesOf(place: number): number {
    const { uint32, int32 } = this.memory;
    const at = this.#messagesAt + place * MMSGHDR.bytes;
    if ((uint32[(at + MSGHDR.controlBytesAt) >> 2] ?? 0) < CMSGHDR.bytes + 4) return 0;
    const controlAt = this.#controlsAt + place * CONTROL_BYTES;
    if (int32[(controlAt + CMSGHDR.levelAt) >> 2] !== UDP.level) return 0;
    if (int32[(controlAt + CMSGHDR.typeAt) >> 2] !== UDP.GRO) return 0;
    return int32[(controlAt + CMSGHDR.bytes) >> 2] ?? 0;
  }
}
