import { O_CLOEXEC } from './linux.ts';
import { type SystemCalls } from './system-calls.ts';

/**
 * Frees the port of a socket whose number other threads may still use. The number stands for a descriptor that takes and gives no datagram, until it
 * is closed, so that nothing goes out through another socket by mistake.
 */
export class FreedPorts {
  readonly #calls: SystemCalls;
  readonly #nothing: number;

  /** `nothing`: a descriptor that is no socket. */
  constructor(calls: SystemCalls, nothing: number) {
    this.#calls = calls;
    this.#nothing = nothing;
  }

  /** The port is free when no other thread is within a call on this socket any more: at once, or some microseconds later. */
  free(fd: number): void {
    this.#calls.replace(this.#nothing, fd, O_CLOEXEC);
  }
}
