import { type TransportAddress } from '../../base/transport-address.ts';
import {
  AF,
  CMSGHDR,
  EFD_NONBLOCK_CLOEXEC,
  IP_OPTIONS,
  MSG_ERRQUEUE_DONTWAIT,
  MSGHDR,
  O_CLOEXEC,
  PMTUDISC_DONT,
  PMTUDISC_PROBE,
  SO_MEMINFO,
  SO_REUSEADDR,
  SO_RCVBUF,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOCK_DGRAM_NONBLOCK_CLOEXEC,
  SOL_SOCKET,
  UDP,
} from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { readSockaddr, sockaddrBytes, SOCKADDR_WORDS, writeSockaddr } from './sockaddr.ts';
import { type SystemCalls } from './system-calls.ts';

export interface UdpSocketOptions {
  readonly local: TransportAddress;
  /** Index of the interface of a link-local address, else 0. */
  readonly zone?: number | undefined;
  /** SO_RCVBUF and SO_SNDBUF; 0 leaves the kernel's default. */
  readonly bufferBytes: number;
  /** Beside sockets of this user on the same address and port that are shared too (SO_REUSEPORT): they have what comes in common. */
  readonly isShared?: boolean | undefined;
  /** Beside a wildcard socket of this process on the same port, which lets it at that moment. */
  readonly isBesideWildcard?: boolean | undefined;
  /** ICMP errors wait to be read. */
  readonly keepsErrors?: boolean;
  /** Trains of datagrams come as one message where the kernel can do that. */
  readonly joinsTrains?: boolean;
}

/** What the network said about a datagram that was sent, or that a local error was told (`other`). */
export type SocketError =
  { readonly peer: TransportAddress; readonly type: number; readonly code: number; readonly data: number } | 'other';

const ORIGIN_ICMP = 2;
const ORIGIN_ICMP6 = 3;
const CONTROL_BYTES = 512;
const NAME_AT = 64;
const IOVEC_AT = 128;
const CONTROL_AT = 192;

/** UDP sockets as file descriptors, which any thread of the process may use. What they do at once is done here; packets are moved elsewhere. */
export class UdpSockets {
  readonly #calls: SystemCalls;
  /** A `struct msghdr` and what it points to. */
  readonly #memory: NativeMemory;
  /** A descriptor that takes and gives nothing. */
  readonly #nothing: number;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#memory = calls.memory(CONTROL_AT + CONTROL_BYTES);
    this.#nothing = calls.eventfd(0, EFD_NONBLOCK_CLOEXEC);
    if (this.#nothing < 0) throw calls.error('eventfd');
  }

  /** Opens a bound socket. Throws a system error (`code` EADDRINUSE, EADDRNOTAVAIL, EMFILE, …). */
  open({ local, zone = 0, bufferBytes, ...options }: UdpSocketOptions): number {
    const { family } = local;
    const fd = this.#calls.socket(AF[family], SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw this.#calls.error('socket');
    const ip = IP_OPTIONS[family];
    try {
      if (family === 6) this.#set(fd, IP_OPTIONS[6].level, IP_OPTIONS[6].V6ONLY, 1);
      if (options.isShared === true) this.#set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
      if (options.isBesideWildcard === true) this.#set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      if (options.keepsErrors === true) this.#set(fd, ip.level, ip.RECVERR, 1);
      // RFC 8656 §14: what is relayed may be fragmented on its way. Whether its sender allowed it is not known.
      this.#set(fd, ip.level, ip.MTU_DISCOVER, PMTUDISC_DONT);
      // A kernel without it hands each datagram over by itself.
      if (options.joinsTrains === true) this.#try(fd, UDP.level, UDP.GRO, 1);
      if (bufferBytes > 0) {
        this.#set(fd, SOL_SOCKET, SO_RCVBUF, bufferBytes);
        this.#set(fd, SOL_SOCKET, SO_SNDBUF, bufferBytes);
      }
      writeSockaddr(this.#memory.uint32, NAME_AT >> 2, local, zone);
      const bytes = sockaddrBytes(this.#memory.uint32, NAME_AT >> 2);
      if (this.#calls.bind(fd, this.#memory.address + NAME_AT, bytes) !== 0) throw this.#calls.error('bind');
      // No other program may come beside it later.
      if (options.isBesideWildcard === true) this.#set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
      return fd;
    } catch (error) {
      this.#calls.close(fd);
      throw error;
    }
  }

  /** From here on, sockets that are opened as shared may come beside this one. */
  share(fd: number): void {
    this.#set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }

  portOf(fd: number): number {
    const { uint32, address } = this.#memory;
    uint32[0] = SOCKADDR_WORDS * 4;
    if (this.#calls.getsockname(fd, address + NAME_AT, address) !== 0) throw this.#calls.error('getsockname');
    return readSockaddr(uint32, NAME_AT >> 2)?.port ?? 0;
  }

  /** Whether datagrams of the socket have the DF bit from here on. */
  setDontFragment(fd: number, family: 4 | 6, isSet: boolean): void {
    this.#try(fd, IP_OPTIONS[family].level, IP_OPTIONS[family].MTU_DISCOVER, isSet ? PMTUDISC_PROBE : PMTUDISC_DONT);
  }

  /** Datagrams that came and found no room in the socket's buffer, since it was opened. */
  drops(fd: number): number {
    const { uint32, address } = this.#memory;
    uint32[0] = SO_MEMINFO.bytes;
    const failed = this.#calls.getsockopt(fd, SOL_SOCKET, SO_MEMINFO.name, address + CONTROL_AT, address) !== 0;
    return failed ? 0 : (uint32[(CONTROL_AT >> 2) + SO_MEMINFO.dropsAt] ?? 0);
  }

  /** The oldest error that waits at a socket; `undefined` when none waits. */
  readError(fd: number): SocketError | undefined {
    const { uint32, bytes, address } = this.#memory;
    // No bytes of the datagram: what was in it is of no interest.
    this.#message();
    if (this.#calls.recvmsg(fd, address, MSG_ERRQUEUE_DONTWAIT) < 0) return undefined;
    const controlBytes = uint32[MSGHDR.controlBytesAt >> 2] ?? 0;
    const peer = readSockaddr(uint32, NAME_AT >> 2);
    const at = CONTROL_AT + CMSGHDR.bytes;
    const origin = bytes[at + 4] ?? 0;
    if (controlBytes < CMSGHDR.bytes + 16 || !peer || (origin !== ORIGIN_ICMP && origin !== ORIGIN_ICMP6))
      return 'other';
    const type = bytes[at + 5] ?? 0;
    const code = bytes[at + 6] ?? 0;
    return { peer, type, code, data: tellsMtu(origin, type, code) ? (uint32[(at + 8) >> 2] ?? 0) : 0 };
  }

  /** Frees the port of a socket. Its number stays taken until `release`, so that nothing goes out through another socket by mistake. */
  retire(fd: number): void {
    this.#calls.replace(this.#nothing, fd, O_CLOEXEC);
  }

  /** Frees the number of a socket that was retired, or closes one that nobody else uses. */
  release(fd: number): void {
    this.#calls.close(fd);
  }

  close(): void {
    this.#calls.close(this.#nothing);
  }

  /** An iovec of no bytes: it lies where zeros are. */
  #message(): void {
    const memory = this.#memory;
    const { address } = memory;
    memory.bytes.fill(0);
    memory.setWord64(MSGHDR.nameAt, address + NAME_AT);
    memory.setWord64(MSGHDR.nameBytesAt, SOCKADDR_WORDS * 4);
    memory.setWord64(MSGHDR.iovAt, address + IOVEC_AT);
    memory.setWord64(MSGHDR.iovCountAt, 1);
    memory.setWord64(MSGHDR.controlAt, address + CONTROL_AT);
    memory.setWord64(MSGHDR.controlBytesAt, CONTROL_BYTES);
  }

  #set(fd: number, level: number, name: number, value: number): void {
    if (!this.#try(fd, level, name, value)) throw this.#calls.error('setsockopt');
  }

  #try(fd: number, level: number, name: number, value: number): boolean {
    this.#memory.int32[0] = value;
    return this.#calls.setsockopt(fd, level, name, this.#memory.address, 4) === 0;
  }
}

/** RFC 8656 §18.13: "fragmentation needed" and "packet too big" carry the MTU. */
function tellsMtu(origin: number, type: number, code: number): boolean {
  return origin === ORIGIN_ICMP6 ? type === 2 : type === 3 && code === 4;
}
