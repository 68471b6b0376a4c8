import { EFD_NONBLOCK_CLOEXEC, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_EVENT, EPOLLIN } from './linux.ts';
import { type NativeMemory } from './native-memory.ts';
import { type SystemCalls } from './system-calls.ts';

const EVENTS = 256;

/** The sockets of a thread by epoll(7), each known by a number. Any thread may add sockets; a socket that is closed leaves by itself. */
export class Poll {
  readonly fd: number;
  readonly #calls: SystemCalls;
  readonly #memory: NativeMemory;

  /** `fd`: of a `Poll` of another thread; a new one when absent. */
  constructor(calls: SystemCalls, fd = calls.epollCreate(EPOLL_CLOEXEC)) {
    if (fd < 0) throw calls.error('epoll_create1');
    this.fd = fd;
    this.#calls = calls;
    this.#memory = calls.memory(EVENTS * EPOLL_EVENT.bytes);
  }

  add(fd: number, number: number): void {
    this.#memory.uint32[0] = EPOLLIN;
    this.#memory.setWord64(EPOLL_EVENT.dataAt, number);
    const failed = this.#calls.epollControl(this.fd, EPOLL_CTL_ADD, fd, this.#memory.address) !== 0;
    if (failed) throw this.#calls.error('epoll_ctl');
  }

  /** How many sockets have something; they are told by `ready`. Not above `maxReady`. */
  wait(timeoutMs: number): number {
    const ready = this.#calls.epollWait(this.fd, this.#memory.address, EVENTS, timeoutMs);
    return ready < 0 ? 0 : ready;
  }

  /** Number of the socket at a place of the last `wait`. */
  ready(place: number): number {
    return this.#memory.uint32[(place * EPOLL_EVENT.bytes + EPOLL_EVENT.dataAt) >> 2] ?? 0;
  }

  get maxReady(): number {
    return EVENTS;
  }

  close(): void {
    this.#calls.close(this.fd);
  }
}

/** Wakes a thread that waits in a `Poll` (eventfd(2)). */
export class WakeUp {
  readonly fd: number;
  readonly #calls: SystemCalls;
  readonly #memory: NativeMemory;

  /** `fd`: of a `WakeUp` of another thread; a new one when absent. */
  constructor(calls: SystemCalls, fd = calls.eventfd(0, EFD_NONBLOCK_CLOEXEC)) {
    if (fd < 0) throw calls.error('eventfd');
    this.fd = fd;
    this.#calls = calls;
    this.#memory = calls.memory(8);
  }

  wake(): void {
    this.#memory.setWord64(0, 1);
    this.#calls.write(this.fd, this.#memory.address, 8);
  }

  /** Takes what has woken it. */
  clear(): void {
    this.#calls.read(this.fd, this.#memory.address, 8);
  }

  close(): void {
    this.#calls.close(this.fd);
  }
}
