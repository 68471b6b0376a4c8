import { type TransportAddress } from '../../base/transport-address.ts';
import { type PeerError } from '../contract/data-plane-sink.ts';
import {
  AF,
  IP_OPTIONS,
  MSG_ERRQUEUE_DONTWAIT,
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
import { ReceivedMessage } from './received-message.ts';
import { portAt, sockaddrBytes, SOCKADDR_WORDS, writeSockaddr } from './sockaddr.ts';
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
  /** Each datagram comes with the address of this machine that it was sent to. */
  readonly tellsDestination?: boolean;
  /** Room for a datagram or two that come, whatever `bufferBytes`, until `setBuffers`: nobody reads them yet. */
  readonly isIdle?: boolean;
  /** ICMP errors wait to be read. */
  readonly keepsErrors?: boolean;
  /** Trains of datagrams come as one message where the kernel can do that. */
  readonly joinsTrains?: boolean;
}

/** `sock_extended_err.ee_origin` of linux/errqueue.h. */
const ORIGIN_ICMP = 2;
const ORIGIN_ICMP6 = 3;
const EXTENDED_ERROR_BYTES = 16;
/* What the calls here point to: a value, then a socket's address or the counters of its memory. */
const VALUE_AT = 0;
const NAME_AT = 8;
const MEMINFO_AT = NAME_AT + SOCKADDR_WORDS * 4;

/** UDP sockets as file descriptors, which any thread of the process may use. What they do at once is done here; packets are moved elsewhere. */
export class UdpSockets {
  readonly #calls: SystemCalls;
  readonly #memory: NativeMemory;
  readonly #error: ReceivedMessage;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#memory = calls.memory(MEMINFO_AT + SO_MEMINFO.bytes);
    // No bytes of the datagram: what was in it is of no interest.
    this.#error = new ReceivedMessage(calls, 0);
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
      if (options.isBesideWildcard === true) this.letOthersIn(fd, true);
      if (options.keepsErrors === true) this.#set(fd, ip.level, ip.RECVERR, 1);
      if (options.tellsDestination === true) this.#set(fd, ip.level, ip.RECVPKTINFO, 1);
      // RFC 8656 §14: what is relayed may be fragmented on its way. Whether its sender allowed it is not known.
      this.#set(fd, ip.level, ip.MTU_DISCOVER, PMTUDISC_DONT);
      // A kernel without it hands each datagram over by itself.
      if (options.joinsTrains === true) this.#try(fd, UDP.level, UDP.GRO, 1);
      if (options.isIdle === true) this.#set(fd, SOL_SOCKET, SO_RCVBUF, 0);
      else if (bufferBytes > 0) this.setBuffers(fd, bufferBytes);
      writeSockaddr(this.#memory.uint32, NAME_AT >> 2, local, zone);
      const bytes = sockaddrBytes(this.#memory.uint32, NAME_AT >> 2);
      if (this.#calls.bind(fd, this.#memory.address + NAME_AT, bytes) !== 0) throw this.#calls.error('bind');
      // No other program may come beside it later.
      if (options.isBesideWildcard === true) this.letOthersIn(fd, false);
      return fd;
    } catch (error) {
      this.#calls.close(fd);
      throw error;
    }
  }

  /** Sets the buffers for both directions, which the system caps. */
  setBuffers(fd: number, bytes: number): void {
    this.#set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
    this.#set(fd, SOL_SOCKET, SO_SNDBUF, bytes);
  }

  /** From here on, sockets that are opened as shared may come beside this one. */
  share(fd: number): void {
    this.#set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }

  /** Whether sockets on other addresses may have the port too (SO_REUSEADDR). While it is false, no other program may come beside this one. */
  letOthersIn(fd: number, isLet: boolean): void {
    this.#set(fd, SOL_SOCKET, SO_REUSEADDR, isLet ? 1 : 0);
  }

  portOf(fd: number): number {
    const { uint32, address } = this.#memory;
    uint32[VALUE_AT] = SOCKADDR_WORDS * 4;
    if (this.#calls.getsockname(fd, address + NAME_AT, address) !== 0) throw this.#calls.error('getsockname');
    return portAt(uint32, NAME_AT >> 2);
  }

  /** Whether datagrams of the socket have the DF bit from here on. */
  setDontFragment(fd: number, family: 4 | 6, isSet: boolean): void {
    this.#try(fd, IP_OPTIONS[family].level, IP_OPTIONS[family].MTU_DISCOVER, isSet ? PMTUDISC_PROBE : PMTUDISC_DONT);
  }

  /** Datagrams that came and found no room in the socket's buffer, since it was opened. */
  drops(fd: number): number {
    const { uint32, address } = this.#memory;
    uint32[VALUE_AT] = SO_MEMINFO.bytes;
    const failed = this.#calls.getsockopt(fd, SOL_SOCKET, SO_MEMINFO.name, address + MEMINFO_AT, address) !== 0;
    return failed ? 0 : (uint32[(MEMINFO_AT >> 2) + SO_MEMINFO.dropsAt] ?? 0);
  }

  /** The oldest error that waits at a socket, `other` for a local one; `undefined` when none waits. */
  readError(fd: number): PeerError | 'other' | undefined {
    if (this.#error.receive(fd, MSG_ERRQUEUE_DONTWAIT) < 0) return undefined;
    const { address: peer, control } = this.#error;
    const error = control?.data;
    if (!peer || !error || error.length < EXTENDED_ERROR_BYTES) return 'other';
    const origin = error[4] ?? 0;
    if (origin !== ORIGIN_ICMP && origin !== ORIGIN_ICMP6) return 'other';
    const type = error[5] ?? 0;
    const code = error[6] ?? 0;
    return { peer, type, code, data: tellsMtu(origin, type, code) ? error.readUInt32LE(8) : 0 };
  }

  /** Closes a socket that no other thread uses, or frees the number of one whose port was freed. */
  release(fd: number): void {
    this.#calls.close(fd);
  }

  #set(fd: number, level: number, name: number, value: number): void {
    if (!this.#try(fd, level, name, value)) throw this.#calls.error('setsockopt');
  }

  #try(fd: number, level: number, name: number, value: number): boolean {
    this.#memory.int32[VALUE_AT] = value;
    return this.#calls.setsockopt(fd, level, name, this.#memory.address, 4) === 0;
  }
}

/** RFC 8656 §18.13: "fragmentation needed" and "packet too big" carry the MTU. */
function tellsMtu(origin: number, type: number, code: number): boolean {
  return origin === ORIGIN_ICMP6 ? type === 2 : type === 3 && code === 4;
}
