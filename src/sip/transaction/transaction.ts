import { EpcscfTurnError } from '../../base/errors.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type SipMessage, type SipRequest } from '../message.ts';
import { type TransactionTimings } from './timings.ts';

export interface TransactionOptions<Events> {
  readonly request: SipRequest;
  /** WebSocket, TCP and TLS are reliable: nothing is retransmitted and nothing waits for retransmissions. */
  readonly reliable: boolean;
  /** A timer that runs late counts as run at its deadline. */
  readonly timers: TimerQueue;
  readonly timings: TransactionTimings;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Hands a message to the transport. Must not call back into the transaction; a failure is told by `transportFailed` afterwards. */
  readonly send: (message: SipMessage) => void;
  readonly on: Events;
}

/** What every transaction tells its owner, the TU. */
export interface TransactionEvents {
  /** The other side was silent for too long; `terminated` follows. */
  readonly timeout: () => void;
  readonly transportError: () => void;
  /** The last event, once: forget the transaction. */
  readonly terminated: () => void;
}

/** The legal moves of a state machine: from each state to which others. */
export type Moves<State extends string> = Readonly<Record<State, readonly State[]>>;

/**
 * What the four state machines of RFC 3261 §17 share. A state owns its timers: leaving it cancels them. Messages that a state has no
 * use for are dropped without a trace, since the network may send anything; an illegal move is a mistake of ours and throws.
 */
export abstract class Transaction<State extends string> {
  readonly key: string;
  /** The owner may put less of it in its place, once a final response has come: the transaction looks at it no more. */
  request: SipRequest;
  protected readonly reliable: boolean;
  protected readonly timings: TransactionTimings;
  protected readonly send: (message: SipMessage) => void;
  readonly #timers: TimerQueue;
  readonly #on: TransactionEvents;
  readonly #moves: Moves<State | 'terminated'>;
  /** The one entry in the queue. It may be due before anything is, and then moves on. */
  #timer: TimerHandle | undefined;
  /** When the present state ends by itself. */
  #endMs = Infinity;
  #endsInTimeout = false;
  /** When something is sent again, and what. */
  #repeatMs = Infinity;
  #repeat: (() => void) | undefined;
  #intervalMs = Infinity;
  #maxIntervalMs = Infinity;
  #state: State | 'terminated';

  protected constructor(
    key: string,
    initial: State,
    moves: Moves<State | 'terminated'>,
    options: TransactionOptions<TransactionEvents>,
  ) {
    this.key = key;
    this.request = options.request;
    this.reliable = options.reliable;
    this.timings = options.timings;
    this.send = options.send;
    this.#timers = options.timers;
    this.#on = options.on;
    this.#moves = moves;
    this.#state = initial;
  }

  get state(): State | 'terminated' {
    return this.#state;
  }

  /** The owner gives the transaction up, whatever its state. */
  terminate(): void {
    if (this.#state !== 'terminated') this.move('terminated');
  }

  protected move(next: State | 'terminated'): void {
    if (!this.#moves[this.#state].includes(next)) {
      throw new EpcscfTurnError('ERR_INVALID_STATE', `SIP transaction: no move from ${this.#state} to ${next}`);
    }
    this.#state = next;
    this.#endMs = Infinity;
    this.forgetRepeat();
    if (next !== 'terminated') return;
    if (this.#timer) this.#timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#on.terminated();
  }

  /** Ends the present state after `delayMs`; at once when that is 0, as it is on reliable transports. */
  protected terminateAfter(delayMs: number, nowMs: number): void {
    if (delayMs === 0) this.terminate();
    else this.#endAt(nowMs + delayMs, false);
  }

  /** Gives up after 64 × T1 counted from `startMs`: Timers B, F and H. */
  protected timeOutFrom(startMs: number): void {
    this.#endAt(startMs + 64 * this.timings.t1Ms, true);
  }

  /** Runs once after `delayMs`, unless the state is left before. */
  protected runAfter(delayMs: number, nowMs: number, run: () => void): void {
    this.#intervalMs = Infinity;
    this.#repeatAt(nowMs + delayMs, run);
  }

  /** Sends again after `intervalMs`, then after intervals that double up to `maxIntervalMs`: Timers A, E and G. */
  protected resendAfter(intervalMs: number, maxIntervalMs: number, nowMs: number, resend: () => void): void {
    this.#intervalMs = Math.min(intervalMs * 2, maxIntervalMs);
    this.#maxIntervalMs = maxIntervalMs;
    this.#repeatAt(nowMs + intervalMs, resend);
  }

  protected forgetRepeat(): void {
    this.#repeatMs = Infinity;
    this.#repeat = undefined;
  }

  #endAt(dueMs: number, inTimeout: boolean): void {
    this.#endMs = dueMs;
    this.#endsInTimeout = inTimeout;
    this.#arm();
  }

  #repeatAt(dueMs: number, run: () => void): void {
    this.#repeatMs = dueMs;
    this.#repeat = run;
    this.#arm();
  }

  #arm(): void {
    const dueMs = Math.min(this.#repeatMs, this.#endMs);
    if (dueMs === Infinity) return;
    if (this.#timer) this.#timers.reschedule(this.#timer, dueMs);
    else {
      this.#timer = this.#timers.schedule(dueMs, () => {
        this.#runDue(this.#timer?.dueMs ?? 0);
      });
    }
  }

  #runDue(dueMs: number): void {
    this.#timer = undefined;
    if (this.#endMs <= dueMs) {
      if (this.#endsInTimeout) this.#on.timeout();
      this.terminate();
      return;
    }
    const repeat = this.#repeatMs <= dueMs ? this.#repeat : undefined;
    if (repeat) {
      this.#repeatMs += this.#intervalMs;
      this.#intervalMs = Math.min(this.#intervalMs * 2, this.#maxIntervalMs);
    }
    this.#arm();
    repeat?.();
  }

  protected informOfTransportError(): void {
    this.#on.transportError();
  }
}
