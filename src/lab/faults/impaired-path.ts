import { DeadlineTimer } from '../../base/deadline-timer.ts';
import { type RelayDirection } from '../../turn/contract/bandwidth.ts';
import { LOST, type Impairment } from './impairment.ts';

/** Bytes that may be held back at one relay, both directions together. */
const MAX_HELD_BYTES = 4_194_304;
/** What a held datagram costs beside its bytes, so that empty ones do not pile up without bound. */
const OVERHEAD_BYTES = 100;

/** Passes a datagram on that was held back. */
type Pass = (data: Buffer) => void;

interface HeldDatagram {
  /** A copy. */
  readonly data: Buffer;
  readonly pass: Pass;
  /** Monotonic milliseconds. */
  readonly dueMs: number;
}

interface ImpairedPathPorts {
  /** Monotonic milliseconds, read for each datagram. */
  readonly nowMs: () => number;
  /** A datagram was lost on purpose. */
  readonly lost: () => void;
  /** There was no room to hold a datagram. */
  readonly full: () => void;
  /** Whether the path has anything to do: it decides about datagrams, or holds some. */
  readonly needed: (isNeeded: boolean) => void;
}

/** What an `Impairment` makes of one relay's datagrams: loses them, or holds copies of them until they are due. */
export class ImpairedPath {
  readonly #ports: ImpairedPathPorts;
  #impairment: Impairment | undefined;
  /** In the order they are due, and of those due at once in the order they came. */
  readonly #held: HeldDatagram[] = [];
  #heldBytes = 0;
  readonly #timer: DeadlineTimer;
  #closed = false;

  constructor(ports: ImpairedPathPorts) {
    this.#ports = ports;
    this.#timer = new DeadlineTimer(ports.nowMs);
    this.#timer.onDue = () => {
      this.#releaseDue(ports.nowMs());
      this.#timer.arm(this.#held[0]?.dueMs);
    };
  }

  set(impairment: Impairment | undefined): void {
    this.#impairment = impairment;
    this.#tellNeed();
  }

  /** Forgets what it holds; leaves no timer. */
  close(): void {
    this.#closed = true;
    this.#impairment = undefined;
    this.#held.length = 0;
    this.#tellNeed();
    this.#timer.clear();
  }

  /** True when `data[offset, offset + length)` is not to be passed on now: it was lost, or `pass` will be given a copy later. */
  holds(direction: RelayDirection, data: Uint8Array, offset: number, length: number, pass: Pass): boolean {
    const nowMs = this.#ports.nowMs();
    // Before what comes now: a timer may be late.
    this.#releaseDue(nowMs);
    const waitMs = this.#impairment?.(direction, length, nowMs) ?? 0;
    if (this.#closed) return true;
    if (waitMs === LOST) this.#ports.lost();
    else if (!(waitMs > 0)) return false;
    else if (this.#heldBytes + length + OVERHEAD_BYTES > MAX_HELD_BYTES) this.#ports.full();
    else this.#hold({ data: Buffer.from(data.subarray(offset, offset + length)), pass, dueMs: nowMs + waitMs });
    return true;
  }

  #hold(datagram: HeldDatagram): void {
    const after = this.#held.findLastIndex(({ dueMs }) => dueMs <= datagram.dueMs);
    this.#held.splice(after + 1, 0, datagram);
    this.#heldBytes += datagram.data.length + OVERHEAD_BYTES;
    this.#tellNeed();
    this.#timer.arm(datagram.dueMs);
  }

  #releaseDue(nowMs: number): void {
    const [first] = this.#held;
    if (first === undefined || first.dueMs > nowMs) return;
    const end = this.#held.findIndex(({ dueMs }) => dueMs > nowMs);
    const due = this.#held.splice(0, end === -1 ? this.#held.length : end);
    for (const { data } of due) this.#heldBytes -= data.length + OVERHEAD_BYTES;
    this.#tellNeed();
    for (const { data, pass } of due) {
      // Passing one on may end the allocation.
      if (this.#closed) return;
      pass(data);
    }
  }

  #tellNeed(): void {
    this.#ports.needed(this.#impairment !== undefined || this.#held.length > 0);
  }
}
