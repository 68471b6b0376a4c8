import { type AddressFamily } from '../../base/ip.ts';
import { type PeerError } from '../contract/data-plane-sink.ts';
import { MSG_DONTWAIT_NOSIGNAL } from './linux.ts';
import { systemCalls, type SystemCalls } from './system-calls.ts';
import { UdpSockets } from './udp-sockets.ts';

/** What a UDP socket of Linux can do and `node:dgram` cannot ask for. `fd` is the socket's file descriptor. */
export interface KernelUdp {
  /**
   * Opens a bound, non-blocking socket and returns its file descriptor. Throws a system error (`code` EADDRINUSE, EMFILE, …). `isIdle`: with room for a
   * datagram or two that come, until `setBuffers`.
   */
  open(family: AddressFamily, address: string, port: number, isIdle: boolean): number;
  /** Sets the buffers for both directions, which the system caps. */
  setBuffers(fd: number, bytes: number): void;
  portOf(fd: number): number;
  close(fd: number): void;
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

/** The UDP sockets of the kernel; `undefined` where the platform or the optional package `koffi` does not have them. */
export function kernelUdp(): KernelUdp | undefined {
  const calls = systemCalls();
  return calls.ok ? new LinuxUdp(calls.value) : undefined;
}

class LinuxUdp implements KernelUdp {
  readonly #calls: SystemCalls;
  readonly #sockets: UdpSockets;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#sockets = new UdpSockets(calls);
  }

  open(family: AddressFamily, address: string, port: number, isIdle: boolean): number {
    return this.#sockets.open({ local: { family, address, port }, bufferBytes: 0, isIdle, keepsErrors: true });
  }

  setBuffers(fd: number, bytes: number): void {
    this.#sockets.setBuffers(fd, bytes);
  }

  portOf(fd: number): number {
    return this.#sockets.portOf(fd);
  }

  close(fd: number): void {
    this.#sockets.release(fd);
  }

  openListener(family: AddressFamily, text: string, port: number, bufferBytes: number, isShared = false): number {
    const [address = '', zone = '0'] = text.split('%');
    const local = { family, address, port };
    return this.#sockets.open({ local, zone: Number(zone), bufferBytes, isBesideWildcard: isShared });
  }

  keepPort(fd: number): void {
    this.#sockets.letOthersIn(fd, false);
  }

  send(fd: number, to: Uint8Array, data: Uint8Array): number {
    const sent = this.#calls.sendto(fd, data, data.length, MSG_DONTWAIT_NOSIGNAL, to, to.length);
    return sent >= 0 ? 0 : this.#calls.errno;
  }

  sendUnfragmented(fd: number, family: AddressFamily, to: Uint8Array, data: Uint8Array): number {
    this.#sockets.setDontFragment(fd, family, true);
    const failure = this.send(fd, to, data);
    this.#sockets.setDontFragment(fd, family, false);
    return failure;
  }

  drops(fd: number): number {
    return this.#sockets.drops(fd);
  }

  readError(fd: number): PeerError | 'other' | undefined {
    return this.#sockets.readError(fd);
  }
}
