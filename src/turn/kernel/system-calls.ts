import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { fail, ok, type Result } from '../../base/result.ts';
import { NativeMemory } from './native-memory.ts';
import { CLOCK_MONOTONIC } from './linux.ts';

type NativeFunction = (...args: readonly (number | Uint8Array)[]) => number;
interface Library {
  func(prototype: string): NativeFunction;
}
interface Koffi {
  load(library: string): Library;
  address(buffer: Buffer): bigint;
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];
const TIMESPEC_BYTES = 16;

/**
 * System calls of Linux, each as one call without an allocation: pointers are numbers, and what they point to lies in `NativeMemory`. `sendto`
 * alone takes bytes from wherever they are: asking for their address would be a call more for each datagram. A result below zero is a failure,
 * and `errno` tells which. One object for each thread.
 */
export class SystemCalls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: number, bytes: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly getsockname: (fd: number, address: number, bytes: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: number, bytes: number) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: number, bytes: number) => number;
  readonly sendto: (
    fd: number,
    data: Uint8Array,
    bytes: number,
    flags: number,
    address: Uint8Array,
    addressBytes: number,
  ) => number;
  readonly recvmmsg: (fd: number, messages: number, count: number, flags: number, timeout: number) => number;
  readonly sendmmsg: (fd: number, messages: number, count: number, flags: number) => number;
  readonly recvmsg: (fd: number, message: number, flags: number) => number;
  readonly epollCreate: (flags: number) => number;
  readonly epollControl: (epoll: number, operation: number, fd: number, event: number) => number;
  readonly epollWait: (epoll: number, events: number, count: number, timeoutMs: number) => number;
  readonly eventfd: (initial: number, flags: number) => number;
  readonly read: (fd: number, into: number, bytes: number) => number;
  readonly write: (fd: number, from: number, bytes: number) => number;
  readonly close: (fd: number) => number;
  /** Puts `from` in the place of `to` at once: what `to` was is closed, and its number stays taken. */
  readonly replace: (from: number, to: number, flags: number) => number;
  readonly prctl: (option: number, value: number) => number;
  readonly #nanosleep: (request: number, rest: number) => number;
  readonly #clockGettime: (clock: number, time: number) => number;
  readonly #koffi: Koffi;
  readonly #time: NativeMemory;
  readonly #errorNames = new Map<number, string>();

  constructor(koffi: Koffi, c: Library) {
    this.#koffi = koffi;
    this.socket = c.func('int socket(int, int, int)');
    this.bind = c.func('int bind(int, uintptr_t, uint32_t)');
    this.listen = c.func('int listen(int, int)');
    this.getsockname = c.func('int getsockname(int, uintptr_t, uintptr_t)');
    this.setsockopt = c.func('int setsockopt(int, int, int, uintptr_t, uint32_t)');
    this.getsockopt = c.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)');
    this.sendto = c.func('long sendto(int, void *, size_t, int, void *, uint32_t)');
    this.recvmmsg = c.func('int recvmmsg(int, uintptr_t, uint32_t, int, uintptr_t)');
    this.sendmmsg = c.func('int sendmmsg(int, uintptr_t, uint32_t, int)');
    this.recvmsg = c.func('long recvmsg(int, uintptr_t, int)');
    this.epollCreate = c.func('int epoll_create1(int)');
    this.epollControl = c.func('int epoll_ctl(int, int, int, uintptr_t)');
    this.epollWait = c.func('int epoll_wait(int, uintptr_t, int, int)');
    this.eventfd = c.func('int eventfd(uint32_t, int)');
    this.read = c.func('long read(int, uintptr_t, size_t)');
    this.write = c.func('long write(int, uintptr_t, size_t)');
    this.close = c.func('int close(int)');
    this.replace = c.func('int dup3(int, int, int)');
    this.prctl = c.func('int prctl(int, unsigned long)');
    this.#nanosleep = c.func('int nanosleep(uintptr_t, uintptr_t)');
    this.#clockGettime = c.func('int clock_gettime(int, uintptr_t)');
    this.#time = this.memory(TIMESPEC_BYTES);
  }

  memory(bytes: number): NativeMemory {
    return new NativeMemory(bytes, (buffer) => this.#koffi.address(buffer));
  }

  /** Number of the error of the call that has just failed. */
  get errno(): number {
    return this.#koffi.errno();
  }

  /** Name of an error, such as `EADDRINUSE`. Made once: a port that others have taken is an error for each try. */
  errorName(errno: number): string {
    const known = this.#errorNames.get(errno);
    if (known !== undefined) return known;
    // The first of two names of a number is the one to be told: EAGAIN, not EWOULDBLOCK.
    const name = Object.entries(this.#koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
    this.#errorNames.set(errno, name);
    return name;
  }

  /** The error of the call that has just failed, with `code` as Node has it. */
  error(call: string): NodeJS.ErrnoException {
    const { errno } = this;
    const code = this.errorName(errno);
    return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call });
  }

  /** CLOCK_MONOTONIC in milliseconds: the same on every thread. */
  monotonicMs(): number {
    this.#clockGettime(CLOCK_MONOTONIC, this.#time.address);
    const { uint32 } = this.#time;
    const seconds = (uint32[1] ?? 0) * 0x1_0000_0000 + (uint32[0] ?? 0);
    return seconds * 1000 + (uint32[2] ?? 0) / 1_000_000;
  }

  /** Sleeps for less than a second. */
  sleep(nanoseconds: number): void {
    this.#time.setWord64(0, 0);
    this.#time.setWord64(8, nanoseconds);
    this.#nanosleep(this.#time.address, 0);
  }
}

let shared: Result<SystemCalls, string> | undefined;

/** The system calls of this thread, loaded at the first call, or in one line why there are none here. */
export function systemCalls(): Result<SystemCalls, string> {
  return (shared ??= loadSystemCalls());
}

export function loadSystemCalls(
  platform = process.platform,
  arch: string = process.arch,
  load: (name: string) => unknown = createRequire(import.meta.url),
): Result<SystemCalls, string> {
  if (platform !== 'linux') return fail('this is not Linux');
  if (endianness() !== 'LE' || !ARCHITECTURES.includes(arch))
    return fail(`the processor is none of ${ARCHITECTURES.join(', ')}`);
  let koffi: Koffi;
  try {
    koffi = load('koffi') as Koffi;
  } catch (error) {
    return fail(whyNoKoffi(error as NodeJS.ErrnoException));
  }
  let library: Library;
  try {
    library = koffi.load('libc.so.6');
  } catch {
    return fail('the C library of the system is not glibc');
  }
  try {
    return ok(new SystemCalls(koffi, library));
  } catch (error) {
    return fail(`the C library of the system lacks a call: ${firstLine(error as Error)}`);
  }
}

/** What is installed may be for another system: its file is missing then, or cannot be loaded. */
function whyNoKoffi(error: NodeJS.ErrnoException): string {
  const isAbsent = error.code === 'MODULE_NOT_FOUND' && error.message.startsWith("Cannot find module 'koffi'");
  return isAbsent
    ? 'the optional package koffi is not installed; `npm install koffi` adds it'
    : `the optional package koffi is installed and cannot be loaded: ${firstLine(error)}`;
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? '';
}
