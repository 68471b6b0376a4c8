import { formatIp, type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { IP_OPTIONS, MSG_DONTWAIT } from './linux.ts';
import { ReceivedMessage } from './received-message.ts';
import { systemCalls, type SystemCalls } from './system-calls.ts';
import { UdpSockets } from './udp-sockets.ts';

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

const ANY = { 4: '0.0.0.0', 6: '::' } as const satisfies Record<AddressFamily, string>;
const MAX_DATAGRAM_BYTES = 65_536;
const LINK_LOCAL = /^fe[89ab]/;
/* `struct in_pktinfo` (index, local address, destination) and `in6_pktinfo` (destination, index). */
const PKTINFO_BYTES = { 4: 12, 6: 20 } as const satisfies Record<AddressFamily, number>;

/** The wildcard sockets of the kernel; `undefined` where the platform or the optional package `koffi` does not have them. */
export function kernelWildcard(): KernelWildcard | undefined {
  const calls = systemCalls();
  return calls.ok ? new LinuxWildcard(calls.value) : undefined;
}

class LinuxWildcard implements KernelWildcard {
  readonly #sockets: UdpSockets;
  readonly #message: ReceivedMessage;

  constructor(calls: SystemCalls) {
    this.#sockets = new UdpSockets(calls);
    this.#message = new ReceivedMessage(calls, MAX_DATAGRAM_BYTES);
  }

  open(family: AddressFamily, port: number): number {
    return this.#sockets.open({
      local: { family, address: ANY[family], port },
      bufferBytes: 0,
      tellsDestination: true,
    });
  }

  portOf(fd: number): number {
    return this.#sockets.portOf(fd);
  }

  share(fd: number, isShared: boolean): void {
    this.#sockets.letOthersIn(fd, isShared);
  }

  receive(fd: number): WildcardDatagram | 'passed-over' | undefined {
    const bytes = this.#message.receive(fd, MSG_DONTWAIT);
    if (bytes < 0) return undefined;
    const { address: remote, control, data } = this.#message;
    const to = control && destinationOf(control.level, control.data);
    return remote && to !== undefined ? { data: Buffer.from(data.subarray(0, bytes)), remote, to } : 'passed-over';
  }

  close(fd: number): void {
    this.#sockets.release(fd);
  }
}

function destinationOf(level: number, info: Buffer): string | undefined {
  if (level === IP_OPTIONS[4].level && info.length >= PKTINFO_BYTES[4]) {
    const destination = info.subarray(8, 12);
    // Of a broadcast, the local address is another.
    return destination.equals(info.subarray(4, 8)) ? formatIp(destination) : undefined;
  }
  // ff00::/8 are multicasts.
  if (level !== IP_OPTIONS[6].level || info.length < PKTINFO_BYTES[6] || info[0] === 0xff) return undefined;
  const address = formatIp(info.subarray(0, 16));
  return LINK_LOCAL.test(address) ? `${address}%${info.readUInt32LE(16)}` : address;
}
