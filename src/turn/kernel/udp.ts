import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { formatIp, parseIp, type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { type PeerError } from '../contract/data-plane-sink.ts';

/** What a UDP socket of Linux can do and `node:dgram` cannot ask for. `fd` is the socket's file descriptor. */
export interface KernelUdp {
  /** Opens a bound, non-blocking socket and returns its file descriptor. Throws a system error (`code` EADDRINUSE, EMFILE, …). */
  open(family: AddressFamily, address: string, port: number, socketBufferBytes: number): number;
  /** Opens a socket like `open`, at which no errors wait. `isShared`: other shared sockets of this process may have the port on other addresses. */
  openListener(
    family: AddressFamily,
    address: string,
    port: number,
    socketBufferBytes: number,
    isShared?: boolean,
  ): number;
  /** No other program may bind the port while this socket has it. libuv lets one, with a socket that it is given. */
  keepPort(fd: number): void;
  /** Sends now or not at all: 0, or the number of the error, which may be that of an earlier datagram. Then errors wait, to be read. */
  send(fd: number, to: Uint8Array, data: Uint8Array): number;
  /** Sends like `send`, with the DF bit set for this datagram alone. */
  sendUnfragmented(fd: number, family: AddressFamily, to: Uint8Array, data: Uint8Array): number;
  /** Datagrams that came and found no room in the socket's buffer, since it was opened. */
  drops(fd: number): number;
  /** The oldest ICMP error that waits, `other` for a local one, `undefined` when none waits. */
  readError(fd: number): PeerError | 'other' | undefined;
}

/*
 * Linux, from its headers: linux/in.h, linux/in6.h, linux/errqueue.h, bits/socket.h. The same on every architecture that Node runs on,
 * for 64-bit words in little-endian order; elsewhere there is no KernelUdp.
 */
const AF = { 4: 2, 6: 10 } as const satisfies Record<AddressFamily, number>;
const SOCKADDR_BYTES = { 4: 16, 6: 28 } as const satisfies Record<AddressFamily, number>;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = { level: 1, SO_REUSEADDR: 2, SO_SNDBUF: 7, SO_RCVBUF: 8 };
const IP = {
  4: { level: 0, MTU_DISCOVER: 10, RECVERR: 11 },
  6: { level: 41, MTU_DISCOVER: 23, RECVERR: 25 },
} as const;
/** An array of `uint32_t` of which the last counts drops. */
const SO_MEMINFO = { name: 55, bytes: 36, dropsAt: 32 };
const IPV6_V6ONLY = 26;
/** No DF bit: a router on the way may fragment. */
const PMTUDISC_DONT = 0;
/** DF bit, whatever path MTU the kernel has learnt: whether the datagram fits is for the peer's network to say. */
const PMTUDISC_PROBE = 3;
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
const MSG_ERRQUEUE_DONTWAIT = 0x2040;
const CMSG_HEADER_BYTES = 16;
const ORIGIN_ICMP = 2;
const ORIGIN_ICMP6 = 3;
const MSGHDR_BYTES = 56;
const IOVEC_BYTES = 16;
const CONTROL_BYTES = 512;

export type NativeFunction = (...args: unknown[]) => number;
export interface Koffi {
  load(library: string): { func(prototype: string): NativeFunction };
  address(buffer: Buffer): bigint;
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

let shared: KernelUdp | 'none' | undefined;

/** The UDP sockets of the kernel, loaded at the first call. */
export function kernelUdp(): KernelUdp | undefined {
  shared ??= loadKernelUdp() ?? 'none';
  return shared === 'none' ? undefined : shared;
}

/** Loads the UDP sockets of the kernel; `undefined` where the platform or the optional package `koffi` does not have them. */
export function loadKernelUdp(platform = process.platform, arch: string = process.arch): KernelUdp | undefined {
  const koffi = loadKoffi(platform, arch);
  return koffi && new LinuxUdp(koffi);
}

/** Loads the package `koffi` on platforms where the constants of these files hold. */
export function loadKoffi(platform = process.platform, arch: string = process.arch): Koffi | undefined {
  if (platform !== 'linux' || endianness() !== 'LE' || !['x64', 'arm64', 'riscv64', 'loong64'].includes(arch)) {
    return undefined;
  }
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch {
    return undefined;
  }
}

/** A `struct sockaddr_in` or `sockaddr_in6`, for `KernelUdp.send`; the zone of a link-local address is the index of its interface. */
export function encodeSockaddr({ family, address, port }: TransportAddress): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_BYTES[family]);
  bytes.writeUInt16LE(AF[family], 0);
  bytes.writeUInt16BE(port, 2);
  const [plain = '', zone = '0'] = address.split('%');
  bytes.set(parseIp(plain) ?? [], family === 4 ? 4 : 8);
  if (family === 6) bytes.writeUInt32LE(Number(zone), 24);
  return bytes;
}

class LinuxUdp implements KernelUdp {
  readonly #koffi: Koffi;
  readonly #socket: NativeFunction;
  readonly #bind: NativeFunction;
  readonly #close: NativeFunction;
  readonly #setsockopt: NativeFunction;
  readonly #getsockopt: NativeFunction;
  readonly #sendto: NativeFunction;
  readonly #recvmsg: NativeFunction;
  readonly #int = Buffer.alloc(4);
  readonly #memory = Buffer.alloc(SO_MEMINFO.bytes);
  /** `struct msghdr` and what it points to, made once. */
  readonly #message = Buffer.alloc(MSGHDR_BYTES);
  readonly #name = Buffer.alloc(SOCKADDR_BYTES[6]);
  readonly #iovec = Buffer.alloc(IOVEC_BYTES);
  readonly #control = Buffer.alloc(CONTROL_BYTES);

  constructor(koffi: Koffi) {
    const c = koffi.load('libc.so.6');
    this.#koffi = koffi;
    this.#socket = c.func('int socket(int domain, int type, int protocol)');
    this.#bind = c.func('int bind(int fd, void *address, uint32_t bytes)');
    this.#close = c.func('int close(int fd)');
    this.#setsockopt = c.func('int setsockopt(int fd, int level, int name, void *value, uint32_t bytes)');
    this.#getsockopt = c.func('int getsockopt(int fd, int level, int name, void *value, void *bytes)');
    this.#sendto = c.func(
      'long sendto(int fd, void *data, size_t bytes, int flags, void *address, uint32_t addressBytes)',
    );
    this.#recvmsg = c.func('long recvmsg(int fd, void *message, int flags)');
  }

  open(family: AddressFamily, address: string, port: number, socketBufferBytes: number): number {
    return this.#bound(family, address, port, socketBufferBytes, (fd) => {
      this.#set(fd, IP[family].level, IP[family].RECVERR, 1);
      this.#set(fd, IP[family].level, IP[family].MTU_DISCOVER, PMTUDISC_DONT);
    });
  }

  openListener(
    family: AddressFamily,
    address: string,
    port: number,
    socketBufferBytes: number,
    isShared = false,
  ): number {
    return this.#bound(family, address, port, socketBufferBytes, (fd) => {
      if (isShared) this.#set(fd, SOL_SOCKET.level, SOL_SOCKET.SO_REUSEADDR, 1);
      // RFC 8656 §14: what peers send may be fragmented on its way to the client. Whether they allowed it is not known, and then it is 0.
      this.#set(fd, IP[family].level, IP[family].MTU_DISCOVER, PMTUDISC_DONT);
    });
  }

  keepPort(fd: number): void {
    this.#set(fd, SOL_SOCKET.level, SOL_SOCKET.SO_REUSEADDR, 0);
  }

  #bound(
    family: AddressFamily,
    address: string,
    port: number,
    socketBufferBytes: number,
    prepare: (fd: number) => void,
  ): number {
    const fd = this.#socket(AF[family], SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw this.#systemError('socket');
    try {
      if (family === 6) this.#set(fd, IP[6].level, IPV6_V6ONLY, 1);
      prepare(fd);
      if (socketBufferBytes > 0) {
        this.#set(fd, SOL_SOCKET.level, SOL_SOCKET.SO_RCVBUF, socketBufferBytes);
        this.#set(fd, SOL_SOCKET.level, SOL_SOCKET.SO_SNDBUF, socketBufferBytes);
      }
      const local = encodeSockaddr({ family, address, port });
      if (this.#bind(fd, local, local.length) !== 0) throw this.#systemError('bind');
      return fd;
    } catch (error) {
      this.#close(fd);
      throw error;
    }
  }

  send(fd: number, to: Uint8Array, data: Uint8Array): number {
    return this.#sendto(fd, data, data.length, MSG_DONTWAIT_NOSIGNAL, to, to.length) >= 0 ? 0 : this.#koffi.errno();
  }

  sendUnfragmented(fd: number, family: AddressFamily, to: Uint8Array, data: Uint8Array): number {
    this.#set(fd, IP[family].level, IP[family].MTU_DISCOVER, PMTUDISC_PROBE);
    const failure = this.send(fd, to, data);
    this.#set(fd, IP[family].level, IP[family].MTU_DISCOVER, PMTUDISC_DONT);
    return failure;
  }

  drops(fd: number): number {
    this.#int.writeUInt32LE(SO_MEMINFO.bytes);
    const failed = this.#getsockopt(fd, SOL_SOCKET.level, SO_MEMINFO.name, this.#memory, this.#int) !== 0;
    return failed ? 0 : this.#memory.readUInt32LE(SO_MEMINFO.dropsAt);
  }

  readError(fd: number): PeerError | 'other' | undefined {
    const message = this.#message;
    message.fill(0);
    message.writeBigUInt64LE(this.#koffi.address(this.#name), 0);
    message.writeUInt32LE(this.#name.length, 8);
    message.writeBigUInt64LE(this.#koffi.address(this.#iovec), 16);
    message.writeBigUInt64LE(1n, 24);
    message.writeBigUInt64LE(this.#koffi.address(this.#control), 32);
    message.writeBigUInt64LE(BigInt(this.#control.length), 40);
    // An iovec of no bytes: what was in the datagram is of no interest.
    if (this.#recvmsg(fd, message, MSG_ERRQUEUE_DONTWAIT) < 0) return undefined;
    const nameBytes = message.readUInt32LE(8);
    const controlBytes = Number(message.readBigUInt64LE(40));
    return decodeError(this.#name.subarray(0, nameBytes), this.#control.subarray(0, controlBytes)) ?? 'other';
  }

  #set(fd: number, level: number, name: number, value: number): void {
    this.#int.writeInt32LE(value);
    if (this.#setsockopt(fd, level, name, this.#int, 4) !== 0) throw this.#systemError('setsockopt');
  }

  #systemError(syscall: string): NodeJS.ErrnoException {
    return systemError(this.#koffi, syscall);
  }
}

/** Names of error numbers, made at the first error: a port that others have taken is one for each try. */
let errorNames: ReadonlyMap<number, string> | undefined;

/** The error of the system call that was just made. */
export function systemError(koffi: Koffi, syscall: string): NodeJS.ErrnoException {
  const number = koffi.errno();
  // The first of two names of a number is the one to be told: EAGAIN, not EWOULDBLOCK.
  errorNames ??= new Map(
    Object.entries(koffi.os.errno)
      .map(([name, value]) => [value, name] as const)
      .reverse(),
  );
  const code = errorNames.get(number) ?? `E${number}`;
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -number, syscall });
}

/** The first control message of an error queue: `struct cmsghdr`, then `struct sock_extended_err`. */
function decodeError(name: Buffer, control: Buffer): PeerError | undefined {
  if (control.length < CMSG_HEADER_BYTES + 16) return undefined;
  const peer = decodeSockaddr(name);
  const origin = control[CMSG_HEADER_BYTES + 4];
  if (!peer || (origin !== ORIGIN_ICMP && origin !== ORIGIN_ICMP6)) return undefined;
  const type = control[CMSG_HEADER_BYTES + 5] ?? 0;
  const code = control[CMSG_HEADER_BYTES + 6] ?? 0;
  const info = control.readUInt32LE(CMSG_HEADER_BYTES + 8);
  return { peer, type, code, data: tellsMtu(origin, type, code) ? info : 0 };
}

/** RFC 8656 §18.13: "fragmentation needed" and "packet too big" carry the MTU. */
function tellsMtu(origin: number, type: number, code: number): boolean {
  return origin === ORIGIN_ICMP6 ? type === 2 : type === 3 && code === 4;
}

export function decodeSockaddr(bytes: Buffer): TransportAddress | undefined {
  if (bytes.length < SOCKADDR_BYTES[4]) return undefined;
  const port = bytes.readUInt16BE(2);
  const domain = bytes.readUInt16LE(0);
  if (domain === AF[4]) return { family: 4, address: formatIp(bytes.subarray(4, 8)), port };
  if (domain !== AF[6] || bytes.length < SOCKADDR_BYTES[6]) return undefined;
  return { family: 6, address: formatIp(bytes.subarray(8, 24)), port };
}
