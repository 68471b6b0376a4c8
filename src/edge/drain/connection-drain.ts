import { type Clock } from '../../base/clock.ts';
import { type TimerQueue } from '../../base/timer-queue.ts';
import { type EdgeDrainOptions } from '../edge-options.ts';
import { SERVICE_RESTART } from '../flow/close-codes.ts';
import { type Flow } from '../flow/flow.ts';
import { type FlowTable } from '../flow/flow-table.ts';
import { type TransactionLayer } from '../proxy/transaction-layer.ts';
import { type Registrations } from '../registration/registrations.ts';
import { EdgeDrain, type EdgeDrainContext } from './edge-drain.ts';

export interface StopOptions {
  /** Whether to close with 1012, after which clients come straight back, instead of 1001. Default: no. */
  readonly restart?: boolean;
}

export interface ConnectionDrainContext {
  readonly flows: FlowTable;
  readonly layer: TransactionLayer;
  readonly registrations: Registrations;
  readonly clock: Clock;
  readonly timers: TimerQueue;
}

/** Milliseconds for which a client counts as busy after its last message, since it may be about to send the next, such as an ACK. */
const QUIET_MS = 200;
const OUTAGE_REASON = 'the core was out: connect and register again';
const DRAIN_REASON = 'the server is about to stop: connect again';
/** Milliseconds that WebSockets may take to close in an orderly way. */
const STOP_GRACE_MS = 1000;

/** Closes the connections of clients: all at once, or one after the other, those in a transaction or a call last. */
export class ConnectionDrain {
  readonly #context: ConnectionDrainContext;
  #allReleased: (() => void) | undefined;

  constructor(context: ConnectionDrainContext) {
    this.#context = context;
  }

  /** Closes all clients one after the other, because the server is about to stop. */
  drain(options: EdgeDrainOptions): EdgeDrain<Flow> {
    return this.#sendAway({
      options,
      clients: [...this.#context.flows.all],
      isOpen: (flow) => flow.isOpen,
      close: (flow) => {
        flow.close('stopped', { code: SERVICE_RESTART, reason: DRAIN_REASON });
      },
    });
  }

  /** Closes the clients that have not registered since a time (monotonic milliseconds), because the core may have forgotten them. */
  sendToRegister(sinceMs: number, options: EdgeDrainOptions): EdgeDrain<Flow> {
    const { flows, registrations } = this.#context;
    const isLeft = (flow: Flow): boolean => flow.isOpen && registrations.hasOlderThan(sinceMs, flow);
    return this.#sendAway({
      options,
      clients: [...flows.all].filter(isLeft),
      isOpen: isLeft,
      close: (flow) => {
        flow.close('core-outage', { reason: OUTAGE_REASON });
      },
    });
  }

  /** Closes all clients at once; resolves when their sockets are gone. */
  async closeAll({ restart }: StopOptions): Promise<void> {
    const { flows } = this.#context;
    const closing = [...flows.all];
    const released = new Promise<void>((resolve) => {
      this.#allReleased = resolve;
    });
    for (const flow of closing) flow.close('stopped', restart ? { code: SERVICE_RESTART } : {});
    if (flows.size === 0) return;
    const cut = setTimeout(() => {
      for (const flow of closing) flow.cut('stopped');
    }, STOP_GRACE_MS);
    await released;
    clearTimeout(cut);
  }

  /** To be told of each socket that is gone, once the table does not hold it any more. */
  released(): void {
    if (this.#context.flows.size === 0) this.#allReleased?.();
  }

  #sendAway(whom: Pick<EdgeDrainContext<Flow>, 'options' | 'clients' | 'isOpen' | 'close'>): EdgeDrain<Flow> {
    const { layer, clock, timers } = this.#context;
    return new EdgeDrain({
      ...whom,
      isBusy: (flow, nowMs) => nowMs - flow.heardAtMs < QUIET_MS || layer.isBusy(flow),
      isInCall: (flow) => layer.calls.isInCall(flow),
      afterReading: setImmediate,
      clock,
      timers,
    });
  }
}
