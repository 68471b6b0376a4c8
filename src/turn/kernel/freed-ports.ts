import { EFD_NONBLOCK_CLOEXEC, O_CLOEXEC } from './linux.ts';
import { type SystemCalls } from './system-calls.ts';

/**
 * Frees the port of a socket whose number other threads may still use. The number stands for a descriptor that takes and gives nothing, until it
 * is closed, so that nothing goes out through another socket by mistake.
 */
export class FreedPorts {
  readonly #calls: SystemCalls;
  readonly #nothing: number;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#nothing = calls.eventfd(0, EFD_NONBLOCK_CLOEXEC);
    if (this.#nothing < 0) throw calls.error('eventfd');
  }

  free(fd: number): void {
    this.#calls.replace(this.#nothing, fd, O_CLOEXEC);
  }

  close(): void {
    this.#calls.close(this.#nothing);
  }
}
