import { type TransportAddress } from '../../base/transport-address.ts';
import { CMSGHDR, IOVEC, MSGHDR } from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { readSockaddr, SOCKADDR_WORDS } from './sockaddr.ts';
import { type SystemCalls } from './system-calls.ts';

const NAME_AT = 64;
const IOVEC_AT = 128;
const CONTROL_AT = 192;
const CONTROL_BYTES = 512;
const DATA_AT = CONTROL_AT + CONTROL_BYTES;

/** A `struct msghdr` and what it points to, made once, for datagrams that recvmsg(2) takes one by one. All of it is void after the next. */
export class ReceivedMessage {
  readonly #calls: SystemCalls;
  readonly #memory: NativeMemory;
  readonly #dataBytes: number;

  /** `dataBytes`: how much of a datagram is of interest. */
  constructor(calls: SystemCalls, dataBytes: number) {
    this.#calls = calls;
    this.#dataBytes = dataBytes;
    this.#memory = calls.memory(DATA_AT + dataBytes);
    const { address } = this.#memory;
    this.#memory.setWord64(MSGHDR.nameAt, address + NAME_AT);
    this.#memory.setWord64(MSGHDR.iovAt, address + IOVEC_AT);
    this.#memory.setWord64(MSGHDR.iovCountAt, 1);
    this.#memory.setWord64(MSGHDR.controlAt, address + CONTROL_AT);
    this.#memory.setWord64(IOVEC_AT + IOVEC.baseAt, address + DATA_AT);
    this.#memory.setWord64(IOVEC_AT + IOVEC.lengthAt, dataBytes);
  }

  /** The bytes that came; below zero when nothing waits. */
  receive(fd: number, flags: number): number {
    this.#memory.setWord64(MSGHDR.nameBytesAt, SOCKADDR_WORDS * 4);
    this.#memory.setWord64(MSGHDR.controlBytesAt, CONTROL_BYTES);
    return this.#calls.recvmsg(fd, this.#memory.address, flags);
  }

  /** Its sender, or for an error where the datagram was going; `undefined` when that is of no family that is known. */
  get address(): TransportAddress | undefined {
    return readSockaddr(this.#memory.uint32, NAME_AT >> 2);
  }

  get data(): Buffer {
    return this.#memory.bytes.subarray(DATA_AT, DATA_AT + this.#dataBytes);
  }

  /** Level of the first control message, and what it holds; `undefined` when none came. */
  get control(): { readonly level: number; readonly data: Buffer } | undefined {
    const { uint32, bytes } = this.#memory;
    if ((uint32[MSGHDR.controlBytesAt >> 2] ?? 0) < CMSGHDR.bytes) return undefined;
    const end = CONTROL_AT + (uint32[(CONTROL_AT + CMSGHDR.lengthAt) >> 2] ?? 0);
    const level = uint32[(CONTROL_AT + CMSGHDR.levelAt) >> 2] ?? 0;
    return { level, data: bytes.subarray(CONTROL_AT + CMSGHDR.bytes, end) };
  }
}
