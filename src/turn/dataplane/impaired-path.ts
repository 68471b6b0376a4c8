import { DeadlineTimer } from '../../base/deadline-timer.ts';
import { LOST, type Impairment, type RelayDirection } from '../engine/impairment.ts';
import { Drop, type DropIndex } from './drop-counters.ts';
import { type PacketHold, type Relay } from './relay-state.ts';

/** Bytes that may be held back at one relay, both directions together. */
const MAX_HELD_BYTES = 4_194_304;
/** What a held datagram costs beside its bytes, so that empty ones do not pile up without bound. */
const OVERHEAD_BYTES = 100;

/** A datagram on its way through an impaired relay, a copy. */
export interface HeldDatagram {
  readonly direction: RelayDirection;
  /** The peer it goes to or comes from. */
  readonly address: string;
  readonly port: number;
  readonly data: Buffer;
  /** Monotonic milliseconds. */
  readonly dueMs: number;
}

interface ImpairedPathPorts {
  /** Monotonic milliseconds, read for each datagram. */
  readonly nowMs: () => number;
  /** Passes on what is due. The relay is open. */
  readonly release: (relay: Relay, datagram: HeldDatagram) => void;
  readonly drop: (relay: Relay, reason: DropIndex) => void;
}

/**
 * What an `Impairment` makes of one relay's datagrams: loses them, or holds copies of them until they are due. It stands at the relay while
 * there is an impairment, and until what was held has left.
 */
export class ImpairedPath implements PacketHold {
  readonly #relay: Relay;
  readonly #ports: ImpairedPathPorts;
  #impairment: Impairment | undefined;
  /** In the order they are due, and of those due at once in the order they came. */
  readonly #held: HeldDatagram[] = [];
  #heldBytes = 0;
  readonly #timer: DeadlineTimer;
  #closed = false;

  constructor(relay: Relay, ports: ImpairedPathPorts) {
    this.#relay = relay;
    this.#ports = ports;
    this.#timer = new DeadlineTimer(ports.nowMs);
    this.#timer.onDue = () => {
      this.#releaseDue(ports.nowMs());
      this.#timer.arm(this.#held[0]?.dueMs);
    };
  }

  set(impairment: Impairment | undefined): void {
    this.#impairment = impairment;
    this.#attach();
  }

  close(): void {
    this.#closed = true;
    this.#impairment = undefined;
    this.#held.length = 0;
    this.#attach();
    this.#timer.clear();
  }

  holds(
    direction: RelayDirection,
    address: string,
    port: number,
    data: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const nowMs = this.#ports.nowMs();
    // Before what comes now: a timer may be late.
    this.#releaseDue(nowMs);
    const waitMs = this.#impairment?.(direction, length, nowMs) ?? 0;
    if (this.#closed) return true;
    if (waitMs === LOST) this.#ports.drop(this.#relay, Drop.Impaired);
    else if (!(waitMs > 0)) return false;
    else if (this.#heldBytes + length + OVERHEAD_BYTES > MAX_HELD_BYTES) {
      this.#ports.drop(this.#relay, Drop.SendQueueFull);
    } else {
      const copy = Buffer.from(data.subarray(offset, offset + length));
      this.#hold({ direction, address, port, data: copy, dueMs: nowMs + waitMs });
    }
    return true;
  }

  #hold(datagram: HeldDatagram): void {
    const after = this.#held.findLastIndex(({ dueMs }) => dueMs <= datagram.dueMs);
    this.#held.splice(after + 1, 0, datagram);
    this.#heldBytes += datagram.data.length + OVERHEAD_BYTES;
    this.#attach();
    this.#timer.arm(datagram.dueMs);
  }

  #releaseDue(nowMs: number): void {
    const [first] = this.#held;
    if (first === undefined || first.dueMs > nowMs) return;
    const end = this.#held.findIndex(({ dueMs }) => dueMs > nowMs);
    const due = this.#held.splice(0, end === -1 ? this.#held.length : end);
    for (const { data } of due) this.#heldBytes -= data.length + OVERHEAD_BYTES;
    this.#attach();
    for (const datagram of due) {
      // Passing one on may end the allocation.
      if (this.#closed) return;
      this.#ports.release(this.#relay, datagram);
    }
  }

  #attach(): void {
    this.#relay.impaired = this.#impairment === undefined && this.#held.length === 0 ? undefined : this;
  }
}
