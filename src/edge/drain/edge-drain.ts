import { type Clock } from '../../base/clock.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type EdgeDrainOptions } from '../edge-options.ts';

export interface EdgeDrainContext<Client> {
  readonly options: EdgeDrainOptions;
  readonly clients: readonly Client[];
  readonly isOpen: (client: Client) => boolean;
  /** Whether a transaction of this client has not ended, or one may be about to follow. */
  readonly isBusy: (client: Client, nowMs: number) => boolean;
  readonly isInCall: (client: Client) => boolean;
  readonly close: (client: Client) => void;
  /** Runs something once all that has arrived by now is read: a request that waits in a socket makes its client busy. */
  readonly afterReading: (run: () => void) => void;
  readonly clock: Clock;
  readonly timers: TimerQueue;
}

interface Turn<Client> {
  readonly client: Client;
  readonly atMs: number;
}

/** Longest gap between two clients in milliseconds, however long the window: few clients do not need all of it. */
const MAX_GAP_MS = 100;
const TICK_MS = 50;

/**
 * Closes clients for a restart, one after the other, so that they do not come back all at once: each has its turn, in an order that cannot be
 * foreseen, those in a call last. A client that is busy then is closed as soon as that ends, or when its time is up.
 */
export class EdgeDrain<Client> {
  /** Resolves when no client is open any more, or at `abort`. */
  readonly done: Promise<void>;
  readonly #context: EdgeDrainContext<Client>;
  #turns: readonly Turn<Client>[];
  #timer: TimerHandle | undefined;
  #aborted = false;
  #finish: () => void = () => undefined;

  constructor(context: EdgeDrainContext<Client>) {
    // The list of all must not hold a client that is gone.
    this.#context = { ...context, clients: [] };
    this.#turns = turnsOf(context);
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#tick();
  }

  abort(): void {
    this.#aborted = true;
    if (this.#timer) this.#context.timers.cancel(this.#timer);
    this.#finish();
  }

  #tick(): void {
    this.#context.afterReading(() => {
      if (!this.#aborted) this.#look();
    });
  }

  #look(): void {
    const { clock, timers, isOpen, close } = this.#context;
    const nowMs = clock.now().monotonicMs;
    this.#turns = this.#turns.filter((turn) => {
      if (!isOpen(turn.client)) return false;
      if (!this.#mayGo(turn, nowMs)) return true;
      close(turn.client);
      return false;
    });
    if (this.#turns.length === 0) {
      this.#finish();
      return;
    }
    this.#timer = timers.schedule(nowMs + TICK_MS, () => {
      this.#tick();
    });
  }

  #mayGo({ client, atMs }: Turn<Client>, nowMs: number): boolean {
    if (nowMs < atMs) return false;
    const { options, isBusy, isInCall } = this.#context;
    const callMs = isInCall(client) ? options.callMs : 0;
    if (nowMs < atMs + callMs) return false;
    // A call that is hung up in its last moment may still end in an orderly way.
    return nowMs >= atMs + callMs + options.transactionMs || !isBusy(client, nowMs);
  }
}

function turnsOf<Client>({ clients, options, isInCall, clock }: EdgeDrainContext<Client>): Turn<Client>[] {
  const order = shuffled(clients);
  const callers = new Set(order.filter(isInCall));
  const startMs = clock.now().monotonicMs + options.noticeMs;
  const gapMs = Math.min(options.windowMs / order.length, MAX_GAP_MS);
  return [...order.filter((client) => !callers.has(client)), ...callers].map((client, index) => {
    return { client, atMs: startMs + index * gapMs };
  });
}

/** The list in random order (Fisher–Yates). */
function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  const order: T[] = [];
  while (left.length > 0) {
    const index = Math.floor(Math.random() * left.length);
    const last = left.pop();
    if (last === undefined) break;
    order.push(left[index] ?? last);
    if (index < left.length) left[index] = last;
  }
  return order;
}
