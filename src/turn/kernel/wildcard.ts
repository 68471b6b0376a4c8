import { formatIp, type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { decodeSockaddr, encodeSockaddr, loadKoffi, systemError, type Koffi, type NativeFunction } from './udp.ts';

/** A datagram and the address of this machine that it was sent to. */
export interface WildcardDatagram {
  readonly data: Buffer;
  readonly remote: TransportAddress;
  /** IP text; of a link-local address with the index of its interface, as in `fe80::1%2`. */
  readonly to: string;
}

/**
 * A UDP socket of Linux on a wildcard address that knows which address was asked (RFC 3542 §6.1, ip(7)), which `node:dgram` does not tell. It
 * has to be asked whether something came.
 */
export interface KernelWildcard {
  /** Opens a socket and returns its file descriptor. Throws a system error (`code` EADDRINUSE, EACCES, …). */
  open(family: AddressFamily, port: number): number;
  portOf(fd: number): number;
  /** Whether sockets of single addresses may be bound beside it. While it is false, no program may. */
  share(fd: number, isShared: boolean): void;
  /** The oldest that waits for an address without a socket of its own. Broadcasts and multicasts are passed over. */
  receive(fd: number): WildcardDatagram | 'passed-over' | undefined;
  close(fd: number): void;
}

/* Linux, from its headers, as in udp.ts. */
const AF = { 4: 2, 6: 10 } as const satisfies Record<AddressFamily, number>;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPV6 = { level: 41, V6ONLY: 26 };
/** The option that asks for the address, and the control message that tells it. */
const PKTINFO = {
  4: { level: 0, option: 8, message: 8 },
  6: { level: 41, option: 49, message: 50 },
} as const;
const ANY = { 4: '0.0.0.0', 6: '::' } as const satisfies Record<AddressFamily, string>;
const MSGHDR_BYTES = 56;
const IOVEC_BYTES = 16;
const CMSG_HEADER_BYTES = 16;
const CONTROL_BYTES = 256;
const SOCKADDR_BYTES = 28;
const MAX_DATAGRAM_BYTES = 65_536;
const MSG_DONTWAIT = 0x40;
const LINK_LOCAL = /^fe[89ab]/;

let shared: KernelWildcard | 'none' | undefined;

/** The wildcard sockets of the kernel, loaded at the first call; `undefined` where the platform or the optional package `koffi` does not give it. */
export function kernelWildcard(): KernelWildcard | undefined {
  if (shared === undefined) {
    const koffi = loadKoffi();
    shared = koffi ? new LinuxWildcard(koffi) : 'none';
  }
  return shared === 'none' ? undefined : shared;
}

class LinuxWildcard implements KernelWildcard {
  readonly #koffi: Koffi;
  readonly #socket: NativeFunction;
  readonly #bind: NativeFunction;
  readonly #close: NativeFunction;
  readonly #setsockopt: NativeFunction;
  readonly #getsockname: NativeFunction;
  readonly #recvmsg: NativeFunction;
  readonly #int = Buffer.alloc(4);
  readonly #message = Buffer.alloc(MSGHDR_BYTES);
  readonly #name = Buffer.alloc(SOCKADDR_BYTES);
  readonly #iovec = Buffer.alloc(IOVEC_BYTES);
  readonly #control = Buffer.alloc(CONTROL_BYTES);
  readonly #data = Buffer.alloc(MAX_DATAGRAM_BYTES);

  constructor(koffi: Koffi) {
    const c = koffi.load('libc.so.6');
    this.#koffi = koffi;
    this.#socket = c.func('int socket(int domain, int type, int protocol)');
    this.#bind = c.func('int bind(int fd, void *address, uint32_t bytes)');
    this.#close = c.func('int close(int fd)');
    this.#setsockopt = c.func('int setsockopt(int fd, int level, int name, void *value, uint32_t bytes)');
    this.#getsockname = c.func('int getsockname(int fd, void *address, void *bytes)');
    this.#recvmsg = c.func('long recvmsg(int fd, void *message, int flags)');
  }

  open(family: AddressFamily, port: number): number {
    const fd = this.#socket(AF[family], SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw systemError(this.#koffi, 'socket');
    try {
      if (family === 6) this.#set(fd, IPV6.level, IPV6.V6ONLY, 1);
      this.#set(fd, PKTINFO[family].level, PKTINFO[family].option, 1);
      const local = encodeSockaddr({ family, address: ANY[family], port });
      if (this.#bind(fd, local, local.length) !== 0) throw systemError(this.#koffi, 'bind');
      return fd;
    } catch (error) {
      this.#close(fd);
      throw error;
    }
  }

  portOf(fd: number): number {
    this.#int.writeInt32LE(this.#name.length);
    if (this.#getsockname(fd, this.#name, this.#int) !== 0) throw systemError(this.#koffi, 'getsockname');
    return this.#name.readUInt16BE(2);
  }

  share(fd: number, isShared: boolean): void {
    this.#set(fd, SOL_SOCKET, SO_REUSEADDR, isShared ? 1 : 0);
  }

  receive(fd: number): WildcardDatagram | 'passed-over' | undefined {
    const message = this.#message;
    message.fill(0);
    message.writeBigUInt64LE(this.#koffi.address(this.#name), 0);
    message.writeUInt32LE(this.#name.length, 8);
    this.#iovec.writeBigUInt64LE(this.#koffi.address(this.#data), 0);
    this.#iovec.writeBigUInt64LE(BigInt(this.#data.length), 8);
    message.writeBigUInt64LE(this.#koffi.address(this.#iovec), 16);
    message.writeBigUInt64LE(1n, 24);
    message.writeBigUInt64LE(this.#koffi.address(this.#control), 32);
    message.writeBigUInt64LE(BigInt(this.#control.length), 40);
    const bytes = this.#recvmsg(fd, message, MSG_DONTWAIT);
    if (bytes < 0) return undefined;
    const remote = decodeSockaddr(this.#name.subarray(0, message.readUInt32LE(8)));
    const to = decodeDestination(this.#control.subarray(0, Number(message.readBigUInt64LE(40))));
    return remote && to !== undefined
      ? { data: Buffer.from(this.#data.subarray(0, bytes)), remote, to }
      : 'passed-over';
  }

  close(fd: number): void {
    this.#close(fd);
  }

  #set(fd: number, level: number, name: number, value: number): void {
    this.#int.writeInt32LE(value);
    if (this.#setsockopt(fd, level, name, this.#int, 4) !== 0) throw systemError(this.#koffi, 'setsockopt');
  }
}

/** The only control message that was asked for: `struct in_pktinfo` (index, local address, destination) or `in6_pktinfo` (destination, index). */
function decodeDestination(control: Buffer): string | undefined {
  if (control.length < CMSG_HEADER_BYTES) return undefined;
  const level = control.readInt32LE(8);
  const info = control.subarray(CMSG_HEADER_BYTES);
  if (level === PKTINFO[4].level && info.length >= 12) {
    const destination = info.subarray(8, 12);
    return destination.equals(info.subarray(4, 8)) ? formatIp(destination) : undefined;
  }
  if (level !== PKTINFO[6].level || info.length < 20 || info[0] === 0xff) return undefined;
  const address = formatIp(info.subarray(0, 16));
  return LINK_LOCAL.test(address) ? `${address}%${info.readUInt32LE(16)}` : address;
}
