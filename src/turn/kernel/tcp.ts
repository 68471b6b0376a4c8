import { type AddressFamily } from '../../base/ip.ts';
import { encodeSockaddr, loadKoffi, systemError, type Koffi, type NativeFunction } from './udp.ts';

/**
 * Many TCP sockets on one local port, of which one listens. RFC 6062 §5.2 wants connections to be made from the relayed transport address on
 * which others are accepted; `node:net` cannot ask the kernel for that. What comes back are file descriptors of non-blocking sockets, bound.
 */
export interface KernelTcp {
  /** Accepts connections. Throws a system error (`code` EADDRINUSE, EMFILE, …). */
  listen(family: AddressFamily, address: string, port: number): number;
  /** Binds a socket to connect from, on the port of the listening socket. Throws what `listen` throws. */
  bind(family: AddressFamily, address: string, port: number): number;
  /** Closes a descriptor that nothing else has taken over. */
  close(fd: number): void;
}

/* Linux, from its headers, as in udp.ts. */
const AF = { 4: 2, 6: 10 } as const satisfies Record<AddressFamily, number>;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
/** Length of the queue of connections. The kernel limits it to net.core.somaxconn. */
const BACKLOG = 128;

let shared: KernelTcp | 'none' | undefined;

/** The TCP sockets of the kernel, loaded at the first call; `undefined` where the platform or the optional package `koffi` does not give it. */
export function kernelTcp(): KernelTcp | undefined {
  if (shared === undefined) {
    const koffi = loadKoffi();
    shared = koffi ? new LinuxTcp(koffi) : 'none';
  }
  return shared === 'none' ? undefined : shared;
}

class LinuxTcp implements KernelTcp {
  readonly #koffi: Koffi;
  readonly #socket: NativeFunction;
  readonly #bind: NativeFunction;
  readonly #listen: NativeFunction;
  readonly #close: NativeFunction;
  readonly #setsockopt: NativeFunction;
  readonly #one = Buffer.from([1, 0, 0, 0]);

  constructor(koffi: Koffi) {
    const c = koffi.load('libc.so.6');
    this.#koffi = koffi;
    this.#socket = c.func('int socket(int domain, int type, int protocol)');
    this.#bind = c.func('int bind(int fd, void *address, uint32_t bytes)');
    this.#listen = c.func('int listen(int fd, int backlog)');
    this.#close = c.func('int close(int fd)');
    this.#setsockopt = c.func('int setsockopt(int fd, int level, int name, void *value, uint32_t bytes)');
  }

  listen(family: AddressFamily, address: string, port: number): number {
    // Without SO_REUSEPORT at first: a port that another program shares in that way is in use all the same.
    return this.#open(family, address, port, (fd) => {
      if (this.#listen(fd, BACKLOG) !== 0) throw systemError(this.#koffi, 'listen');
      this.#set(fd, SOL_SOCKET, SO_REUSEPORT);
    });
  }

  bind(family: AddressFamily, address: string, port: number): number {
    return this.#open(family, address, port, () => undefined, SO_REUSEPORT);
  }

  close(fd: number): void {
    this.#close(fd);
  }

  #open(
    family: AddressFamily,
    address: string,
    port: number,
    then: (fd: number) => void,
    reusePort?: typeof SO_REUSEPORT,
  ): number {
    const fd = this.#socket(AF[family], SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw systemError(this.#koffi, 'socket');
    try {
      if (family === 6) this.#set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
      this.#set(fd, SOL_SOCKET, SO_REUSEADDR);
      if (reusePort !== undefined) this.#set(fd, SOL_SOCKET, reusePort);
      const local = encodeSockaddr({ family, address, port });
      if (this.#bind(fd, local, local.length) !== 0) throw systemError(this.#koffi, 'bind');
      then(fd);
      return fd;
    } catch (error) {
      this.#close(fd);
      throw error;
    }
  }

  #set(fd: number, level: number, name: number): void {
    if (this.#setsockopt(fd, level, name, this.#one, 4) !== 0) throw systemError(this.#koffi, 'setsockopt');
  }
}
