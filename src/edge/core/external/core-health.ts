import { type Clock } from '../../../base/clock.ts';
import { type Logger } from '../../../base/logger.ts';
import { type TimerHandle, type TimerQueue } from '../../../base/timer-queue.ts';
import { type TypedEvents } from '../../../base/typed-events.ts';
import { type EdgeEvents } from '../../edge-events.ts';
import { type CoreDownCause } from '../../edge-words.ts';
import { type CoreProbeOptions } from '../../edge-options.ts';
import { type CoreDestination, destinationKey } from '../core-destination.ts';
import { type CoreSnapshot, type CoreState } from '../core-side.ts';
import { type Lose, type TargetWatch } from '../ims-core.ts';
import { destinationUri } from './destination-key.ts';

/** What a destination has answered to a probe; `undefined`: the edge could not even ask. */
export type ProbeResult = 'answered' | CoreDownCause | undefined;

export interface CoreHealthContext {
  readonly options: CoreProbeOptions;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  readonly events: TypedEvents<EdgeEvents>;
  /** Asks one destination whether it is there. `onEnd` is called once, and not before this returns, unless the edge stops. */
  readonly probe: (destination: CoreDestination, uri: string, onEnd: (result: ProbeResult) => void) => void;
}

interface WatchedDestination {
  readonly destination: CoreDestination;
  /** Request-URI of its probes. */
  uri: string;
  /** Whether the address is one of the configured core, which is probed always. Other addresses are known by requests that were routed there, and only for as long as they matter. */
  isConfigured: boolean;
  state: CoreState;
  isProbing: boolean;
  timer: TimerHandle | undefined;
  /** How many probes in a row had no answer. */
  failures: number;
  downSinceMs: number;
  readonly requests: Set<Lose>;
}

/** How many destinations outside the configured core are watched at once. */
const MAX_OTHERS = 256;
/** Milliseconds after which a destination outside the configured core that stays down is forgotten. */
const FORGET_AFTER_MS = 600_000;

/**
 * Which destinations of the core answer. Each is asked by OPTIONS at intervals, and at once when a request there goes wrong; while it is down, after
 * waits that double from one second. A request that nobody has answered is given up as soon as its destination is known to be down, and not before:
 * what is silent may only be slow, since a request can be on its way to a telephone behind the core.
 */
export class CoreHealth {
  readonly #context: CoreHealthContext;
  readonly #watched = new Map<string, WatchedDestination>();
  #others = 0;
  #stopped = false;

  constructor(context: CoreHealthContext) {
    this.#context = context;
  }

  get snapshot(): CoreSnapshot[] {
    return [...this.#watched.values()].map(({ destination, state, isConfigured }) => {
      return { core: destinationUri(destination), state, configured: isConfigured };
    });
  }

  /** The addresses of the configured core from now on, each with the URI it was found by. New ones are asked at once. */
  configure(found: readonly { readonly destination: CoreDestination; readonly uri: string }[]): void {
    const configured = new Map(
      found.map(({ destination, uri }) => [destinationKey(destination), { destination, uri }]),
    );
    for (const [key, watched] of this.#watched) {
      if (watched.isConfigured && !configured.has(key)) this.#forget(watched);
    }
    for (const [key, { destination, uri }] of configured) {
      const watched = this.#watched.get(key) ?? this.#add(destination);
      if (!watched.isConfigured) this.#adopt(watched);
      watched.uri = uri;
      if (watched.state === 'unknown') this.#probe(watched);
    }
  }

  stateOf(destination: CoreDestination): CoreState {
    return this.#watched.get(destinationKey(destination))?.state ?? 'unknown';
  }

  /** Notes that a request to a destination went wrong. The destination is probed at once, and its next answer clears the suspicion. */
  suspect(destination: CoreDestination): void {
    const watched = this.#watched.get(destinationKey(destination));
    if (watched) this.#suspect(watched);
  }

  /** Follows requests to a destination. `reportsClosed`: whether a closed connection counts against it. */
  watch(destination: CoreDestination, reportsClosed = true): TargetWatch | undefined {
    const key = destinationKey(destination);
    if (!this.#watched.has(key) && this.#others >= MAX_OTHERS) return undefined;
    return {
      sent: (lose) => {
        const watched = this.#watched.get(key) ?? this.#add(destination);
        watched.requests.add(lose);
        return {
          silent: () => {
            this.#suspect(watched);
          },
          answered: (status) => {
            if (status === 503) this.#suspect(watched);
          },
          ended: (how) => {
            watched.requests.delete(lose);
            if (how === 'timeout' || (how === 'unreachable' && reportsClosed)) this.#suspect(watched);
            this.#forgetIfIdle(watched);
          },
        };
      },
    };
  }

  stop(): void {
    this.#stopped = true;
    for (const watched of this.#watched.values()) this.#forget(watched);
  }

  #add(destination: CoreDestination): WatchedDestination {
    const watched: WatchedDestination = {
      destination,
      uri: destinationUri(destination),
      isConfigured: false,
      state: 'unknown',
      isProbing: false,
      timer: undefined,
      failures: 0,
      downSinceMs: 0,
      requests: new Set(),
    };
    this.#watched.set(destinationKey(destination), watched);
    this.#others += 1;
    return watched;
  }

  #adopt(watched: WatchedDestination): void {
    watched.isConfigured = true;
    this.#others -= 1;
  }

  #forget(watched: WatchedDestination): void {
    this.#disarm(watched);
    const key = destinationKey(watched.destination);
    if (this.#watched.get(key) !== watched) return;
    this.#watched.delete(key);
    if (!watched.isConfigured) this.#others -= 1;
  }

  #forgetIfIdle(watched: WatchedDestination): void {
    const { isConfigured, requests, state } = watched;
    if (!isConfigured && requests.size === 0 && (state === 'unknown' || state === 'up')) this.#forget(watched);
  }

  #suspect(watched: WatchedDestination): void {
    if (watched.state === 'down') this.#loseRequests(watched);
    else {
      watched.state = 'suspect';
      this.#probe(watched);
    }
  }

  #probe(watched: WatchedDestination): void {
    if (watched.isProbing || this.#stopped) return;
    watched.isProbing = true;
    this.#disarm(watched);
    this.#context.probe(watched.destination, watched.uri, (result) => {
      watched.isProbing = false;
      if (this.#stopped || this.#watched.get(destinationKey(watched.destination)) !== watched) return;
      this.#judge(watched, result);
    });
  }

  #judge(watched: WatchedDestination, result: ProbeResult): void {
    const { intervalSec } = this.#context.options;
    if (result === undefined) this.#arm(watched, 1);
    else if (result === 'answered') {
      this.#comeUp(watched);
      if (watched.isConfigured) this.#arm(watched, intervalSec);
      else this.#forgetIfIdle(watched);
    } else {
      this.#goDown(watched, result);
    }
  }

  #comeUp(watched: WatchedDestination): void {
    const { logger, events } = this.#context;
    const before = watched.state;
    watched.state = 'up';
    watched.failures = 0;
    if (before !== 'down' && before !== 'unknown') return;
    const core = destinationUri(watched.destination);
    const downMs = before === 'down' ? this.#nowMs - watched.downSinceMs : undefined;
    logger.info(
      { core, ...(downMs !== undefined && { downMs }) },
      watched.isConfigured ? 'core up' : 'destination behind the core up',
    );
    if (watched.isConfigured) events.emit('core-up', { core, downMs });
  }

  #goDown(watched: WatchedDestination, cause: CoreDownCause): void {
    const { logger, events, options } = this.#context;
    const wasDown = watched.state === 'down';
    watched.state = 'down';
    watched.failures += 1;
    if (!wasDown) {
      watched.downSinceMs = this.#nowMs;
      const core = destinationUri(watched.destination);
      logger.warn({ core, cause }, watched.isConfigured ? 'core down' : 'destination behind the core down');
      if (watched.isConfigured) events.emit('core-down', { core, cause });
    }
    this.#loseRequests(watched);
    if (!watched.isConfigured && this.#nowMs - watched.downSinceMs > FORGET_AFTER_MS) this.#forget(watched);
    else this.#arm(watched, Math.min(2 ** Math.min(watched.failures - 1, 30), options.maxBackoffSec));
  }

  /** What was answered provisionally is let go a probe later: the core may have been out of breath, or be answering over another connection. */
  #loseRequests(watched: WatchedDestination): void {
    const which = watched.failures > 1 ? 'all' : 'unheard';
    for (const lose of [...watched.requests]) lose(which);
  }

  #arm(watched: WatchedDestination, delaySec: number): void {
    this.#disarm(watched);
    watched.timer = this.#context.timers.schedule(this.#nowMs + delaySec * 1000, () => {
      watched.timer = undefined;
      this.#probe(watched);
    });
  }

  #disarm(watched: WatchedDestination): void {
    if (watched.timer) this.#context.timers.cancel(watched.timer);
    watched.timer = undefined;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
