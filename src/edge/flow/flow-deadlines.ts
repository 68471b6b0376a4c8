import { type Clock } from '../../base/clock.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type KeepaliveOptions } from '../edge-options.ts';

/** A call that is never hung up keeps the connection of a client that is not registered no longer than this. */
const LONGEST_CALL_MS = 12 * 3_600_000;
/** How long a client may take to end a connection after a close frame of either side. */
const CLOSE_GRACE_MS = 2000;

/** What is done about a connection when its time has come. */
export interface TimedConnection {
  readonly isInCall: boolean;
  sendPing(): void;
  close(cause: 'ping-timeout' | 'unregistered'): void;
  /** Cuts what has been closed and does not end. */
  giveUp(): void;
}

export interface DeadlineContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly keepalive: KeepaliveOptions;
  readonly limits: { readonly unregisteredSec: number };
}

/**
 * The times of one connection, in one entry of the timer queue: a ping after silence, the pong to it, the end of a connection that carries no
 * registration, and that of one that does not close. The entry stands at the earliest of them. A time that moves away leaves it where it is: it looks,
 * when due, whether it came too early.
 */
export class FlowDeadlines {
  readonly #context: DeadlineContext;
  readonly #connection: TimedConnection;
  #entry: TimerHandle | undefined;
  #heardAtMs: number;
  /** Infinity: no pong is awaited. */
  #pongDueMs = Infinity;
  /** Infinity: there is a registration. */
  #registrationDueMs = Infinity;
  /** Until when a call stands in for a registration. */
  #callEndsMs = 0;
  /** Infinity: the connection is not closed. */
  #endDueMs = Infinity;

  constructor(context: DeadlineContext, connection: TimedConnection) {
    this.#context = context;
    this.#connection = connection;
    this.#heardAtMs = context.clock.now().monotonicMs;
    this.setRegistered(false);
  }

  /** Monotonic milliseconds: when the client last let itself be heard. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  hear(): void {
    this.#heardAtMs = this.#nowMs;
  }

  /** Whether a pong was asked for that has come. */
  hearPong(): boolean {
    const wasAsked = this.#pongDueMs !== Infinity;
    this.#pongDueMs = Infinity;
    this.hear();
    return wasAsked;
  }

  /** A connection that carries no registration for a while, nor a call of one that it carried, is closed. */
  setRegistered(registered: boolean): void {
    const nowMs = this.#nowMs;
    this.#callEndsMs = nowMs + LONGEST_CALL_MS;
    this.#registrationDueMs = registered ? Infinity : nowMs + this.#unregisteredMs;
    this.#arm();
  }

  /** From here on the connection has only to end. */
  setClosed(): void {
    this.#endDueMs = this.#nowMs + CLOSE_GRACE_MS;
    this.#arm();
  }

  clear(): void {
    if (this.#entry) this.#context.timers.cancel(this.#entry);
    this.#entry = undefined;
  }

  #arm(): void {
    const dueMs = this.#nextMs();
    if (!this.#entry) this.#entry = this.#context.timers.schedule(dueMs, this.#onDue);
    else if (dueMs < this.#entry.dueMs) this.#context.timers.reschedule(this.#entry, dueMs);
  }

  #nextMs(): number {
    if (this.#endDueMs !== Infinity) return this.#endDueMs;
    return Math.min(this.#registrationDueMs, this.#pongDueMs === Infinity ? this.#pingDueMs : this.#pongDueMs);
  }

  readonly #onDue = (): void => {
    this.#entry = undefined;
    if (!this.#look(this.#nowMs)) this.#arm();
  };

  /** Does what is due; true when the connection was told to end by it. */
  #look(nowMs: number): boolean {
    if (this.#endDueMs !== Infinity) {
      if (nowMs < this.#endDueMs) return false;
      this.#connection.giveUp();
      return true;
    }
    if (nowMs >= this.#registrationDueMs) {
      if (nowMs >= this.#callEndsMs || !this.#connection.isInCall) {
        this.#connection.close('unregistered');
        return true;
      }
      this.#registrationDueMs = nowMs + this.#unregisteredMs;
    }
    if (nowMs >= this.#pongDueMs) {
      this.#connection.close('ping-timeout');
      return true;
    }
    if (this.#pongDueMs === Infinity && nowMs >= this.#pingDueMs) {
      this.#pongDueMs = nowMs + this.#context.keepalive.pongTimeoutSec * 1000;
      this.#connection.sendPing();
    }
    return false;
  }

  get #pingDueMs(): number {
    return this.#heardAtMs + this.#context.keepalive.pingSec * 1000;
  }

  get #unregisteredMs(): number {
    return this.#context.limits.unregisteredSec * 1000;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
