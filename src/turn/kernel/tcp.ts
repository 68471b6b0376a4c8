import { type AddressFamily } from '../../base/ip.ts';
import { AF, IP_OPTIONS, SO_REUSEADDR, SO_REUSEPORT, SOCK_STREAM_NONBLOCK_CLOEXEC, SOL_SOCKET } from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { sockaddrBytes, SOCKADDR_WORDS, writeSockaddr } from './sockaddr.ts';
import { systemCalls, type SystemCalls } from './system-calls.ts';

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

/** Length of the queue of connections. The kernel limits it to net.core.somaxconn. */
const BACKLOG = 128;
/** Where the address of a socket lies, behind the value of an option. */
const NAME_AT = 8;

/** The TCP sockets of the kernel; `undefined` where the platform or the optional package `koffi` does not have them. */
export function kernelTcp(): KernelTcp | undefined {
  const calls = systemCalls();
  return calls.ok ? new LinuxTcp(calls.value) : undefined;
}

class LinuxTcp implements KernelTcp {
  readonly #calls: SystemCalls;
  readonly #memory: NativeMemory;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#memory = calls.memory(NAME_AT + SOCKADDR_WORDS * 4);
  }

  listen(family: AddressFamily, address: string, port: number): number {
    // Without SO_REUSEPORT at first: a port that another program shares in that way is in use all the same.
    return this.#open(family, address, port, (fd) => {
      if (this.#calls.listen(fd, BACKLOG) !== 0) throw this.#calls.error('listen');
      this.#set(fd, SOL_SOCKET, SO_REUSEPORT);
    });
  }

  bind(family: AddressFamily, address: string, port: number): number {
    return this.#open(family, address, port, () => undefined, SO_REUSEPORT);
  }

  close(fd: number): void {
    this.#calls.close(fd);
  }

  #open(
    family: AddressFamily,
    address: string,
    port: number,
    then: (fd: number) => void,
    reusePort?: typeof SO_REUSEPORT,
  ): number {
    const fd = this.#calls.socket(AF[family], SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) throw this.#calls.error('socket');
    try {
      if (family === 6) this.#set(fd, IP_OPTIONS[6].level, IP_OPTIONS[6].V6ONLY);
      this.#set(fd, SOL_SOCKET, SO_REUSEADDR);
      if (reusePort !== undefined) this.#set(fd, SOL_SOCKET, reusePort);
      const { uint32, address: memory } = this.#memory;
      writeSockaddr(uint32, NAME_AT >> 2, { family, address, port });
      const bytes = sockaddrBytes(uint32, NAME_AT >> 2);
      if (this.#calls.bind(fd, memory + NAME_AT, bytes) !== 0) throw this.#calls.error('bind');
      then(fd);
      return fd;
    } catch (error) {
      this.#calls.close(fd);
      throw error;
    }
  }

  #set(fd: number, level: number, name: number): void {
    this.#memory.int32[0] = 1;
    if (this.#calls.setsockopt(fd, level, name, this.#memory.address, 4) !== 0) throw this.#calls.error('setsockopt');
  }
}
