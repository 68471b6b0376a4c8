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
  readonly request: SipRequest;
  protected readonly reliable: boolean;
  protected readonly timings: TransactionTimings;
  protected readonly send: (message: SipMessage) => void;
  readonly #timers: TimerQueue;
  readonly #on: TransactionEvents;
  readonly #moves: Moves<State | 'terminated'>;
  #armed: TimerHandle[] = [];
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
    this.cancelTimers();
    this.#state = next;
    if (next === 'terminated') this.#on.terminated();
  }

  /** Runs once at `dueMs`, unless the state is left before. */
  protected runAt(dueMs: number, run: () => void): void {
    this.#armed.push(this.#timers.schedule(dueMs, run));
  }

  protected cancelTimers(): void {
    for (const timer of this.#armed) this.#timers.cancel(timer);
    this.#armed = [];
  }

  /** Ends the present state after `delayMs`; at once when that is 0, as it is on reliable transports. */
  protected terminateAfter(delayMs: number, nowMs: number): void {
    if (delayMs === 0) this.terminate();
    else {
      this.runAt(nowMs + delayMs, () => {
        this.terminate();
      });
    }
  }

  /** Gives up after 64 × T1 counted from `startMs`: Timers B, F and H. */
  protected timeOutFrom(startMs: number): void {
    this.runAt(startMs + 64 * this.timings.t1Ms, () => {
      this.#on.timeout();
      this.terminate();
    });
  }

  /** Sends again after `intervalMs`, then after intervals that double up to `maxIntervalMs`: Timers A, E and G. */
  protected resendAfter(intervalMs: number, maxIntervalMs: number, nowMs: number, resend: () => void): void {
    const dueMs = nowMs + intervalMs;
    this.runAt(dueMs, () => {
      this.resendAfter(Math.min(intervalMs * 2, maxIntervalMs), maxIntervalMs, dueMs, resend);
      resend();
    });
  }

  protected informOfTransportError(): void {
    this.#on.transportError();
  }
}
