import { type Clock } from '../../../base/clock.ts';
import { type Logger } from '../../../base/logger.ts';
import { type TimerHandle, type TimerQueue } from '../../../base/timer-queue.ts';
import { type TypedEvents } from '../../../base/typed-events.ts';
import { type EdgeEvents } from '../../edge-events.ts';
import { type CoreDownCause } from '../../edge-words.ts';
import { type CoreProbeOptions } from '../../edge-options.ts';
import { type CoreDestination } from '../core-destination.ts';
import { type CoreSnapshot, type CoreState } from '../core-side.ts';
import { type Lose, type TargetWatch } from '../ims-core.ts';
import { placeKey, placeUri } from './core-place.ts';

/** What a place has answered to a probe; `undefined`: the edge could not even ask. */
export type ProbeResult = 'answered' | CoreDownCause | undefined;

export interface CoreHealthContext {
  readonly options: CoreProbeOptions;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  readonly events: TypedEvents<EdgeEvents>;
  /** Asks one place whether it is there. `onEnd` is called once, and not before this returns, unless the edge stops. */
  readonly probe: (destination: CoreDestination, uri: string, onEnd: (result: ProbeResult) => void) => void;
}

interface Place {
  readonly destination: CoreDestination;
  /** Request-URI of its probes. */
  uri: string;
  /** Whether the address is one of the configured core, which is probed always. Other addresses are known by requests that were routed there, and only for as long as they matter. */
  isConfigured: boolean;
  state: CoreState;
  isProbing: boolean;
  timer: TimerHandle | undefined;
  /** Probes in a row without an answer. */
  failures: number;
  downSinceMs: number;
  readonly requests: Set<Lose>;
}

/** Places outside the configured core that are watched at the same time. */
const MAX_OTHERS = 256;
/** A place outside the configured core that is down for longer is forgotten. */
const FORGET_AFTER_MS = 600_000;

/**
 * Which places of the core answer. Each is asked by OPTIONS at intervals, and at once when a request there goes wrong; while it is down, after
 * waits that double from one second. A request that nobody has answered is given up as soon as its place is known to be down, and not before:
 * what is silent may only be slow, since a request can be on its way to a telephone behind the core.
 */
export class CoreHealth {
  readonly #context: CoreHealthContext;
  readonly #places = new Map<string, Place>();
  #others = 0;
  #stopped = false;

  constructor(context: CoreHealthContext) {
    this.#context = context;
  }

  get snapshot(): CoreSnapshot[] {
    return [...this.#places.values()].map(({ destination, state, isConfigured }) => {
      return { core: placeUri(destination), state, configured: isConfigured };
    });
  }

  /** The addresses of the configured core from now on, each with the URI it was found by. New ones are asked at once. */
  configure(found: readonly { readonly destination: CoreDestination; readonly uri: string }[]): void {
    const configured = new Map(found.map(({ destination, uri }) => [placeKey(destination), { destination, uri }]));
    for (const [key, place] of this.#places) {
      if (place.isConfigured && !configured.has(key)) this.#forget(place);
    }
    for (const [key, { destination, uri }] of configured) {
      const place = this.#places.get(key) ?? this.#add(destination);
      if (!place.isConfigured) this.#adopt(place);
      place.uri = uri;
      if (place.state === 'unknown') this.#probe(place);
    }
  }

  stateOf(destination: CoreDestination): CoreState {
    return this.#places.get(placeKey(destination))?.state ?? 'unknown';
  }

  /** Something there has gone wrong, which its next answer puts right. */
  suspect(destination: CoreDestination): void {
    const place = this.#places.get(placeKey(destination));
    if (place) this.#suspect(place);
  }

  /** `reportsClosed`: whether a hop that closes speaks against the place. */
  watch(destination: CoreDestination, reportsClosed = true): TargetWatch | undefined {
    const key = placeKey(destination);
    if (!this.#places.has(key) && this.#others >= MAX_OTHERS) return undefined;
    return {
      sent: (lose) => {
        const place = this.#places.get(key) ?? this.#add(destination);
        place.requests.add(lose);
        return {
          silent: () => {
            this.#suspect(place);
          },
          answered: (status) => {
            if (status === 503) this.#suspect(place);
          },
          ended: (how) => {
            place.requests.delete(lose);
            if (how === 'timeout' || (how === 'unreachable' && reportsClosed)) this.#suspect(place);
            this.#forgetIfIdle(place);
          },
        };
      },
    };
  }

  stop(): void {
    this.#stopped = true;
    for (const place of this.#places.values()) this.#forget(place);
  }

  #add(destination: CoreDestination): Place {
    const place: Place = {
      destination,
      uri: placeUri(destination),
      isConfigured: false,
      state: 'unknown',
      isProbing: false,
      timer: undefined,
      failures: 0,
      downSinceMs: 0,
      requests: new Set(),
    };
    this.#places.set(placeKey(destination), place);
    this.#others += 1;
    return place;
  }

  #adopt(place: Place): void {
    place.isConfigured = true;
    this.#others -= 1;
  }

  #forget(place: Place): void {
    this.#disarm(place);
    const key = placeKey(place.destination);
    if (this.#places.get(key) !== place) return;
    this.#places.delete(key);
    if (!place.isConfigured) this.#others -= 1;
  }

  #forgetIfIdle(place: Place): void {
    const { isConfigured, requests, state } = place;
    if (!isConfigured && requests.size === 0 && (state === 'unknown' || state === 'up')) this.#forget(place);
  }

  #suspect(place: Place): void {
    if (place.state === 'down') this.#loseRequests(place);
    else {
      place.state = 'suspect';
      this.#probe(place);
    }
  }

  #probe(place: Place): void {
    if (place.isProbing || this.#stopped) return;
    place.isProbing = true;
    this.#disarm(place);
    this.#context.probe(place.destination, place.uri, (result) => {
      place.isProbing = false;
      if (this.#stopped || this.#places.get(placeKey(place.destination)) !== place) return;
      this.#judge(place, result);
    });
  }

  #judge(place: Place, result: ProbeResult): void {
    const { intervalSec } = this.#context.options;
    if (result === undefined) this.#arm(place, 1);
    else if (result === 'answered') {
      this.#comeUp(place);
      if (place.isConfigured) this.#arm(place, intervalSec);
      else this.#forgetIfIdle(place);
    } else {
      this.#goDown(place, result);
    }
  }

  #comeUp(place: Place): void {
    const { logger, events } = this.#context;
    const before = place.state;
    place.state = 'up';
    place.failures = 0;
    if (before !== 'down' && before !== 'unknown') return;
    const core = placeUri(place.destination);
    const downMs = before === 'down' ? this.#nowMs - place.downSinceMs : undefined;
    logger.info(
      { core, ...(downMs !== undefined && { downMs }) },
      place.isConfigured ? 'core up' : 'place behind the core up',
    );
    if (place.isConfigured) events.emit('core-up', { core, downMs });
  }

  #goDown(place: Place, cause: CoreDownCause): void {
    const { logger, events, options } = this.#context;
    const wasDown = place.state === 'down';
    place.state = 'down';
    place.failures += 1;
    if (!wasDown) {
      place.downSinceMs = this.#nowMs;
      const core = placeUri(place.destination);
      logger.warn({ core, cause }, place.isConfigured ? 'core down' : 'place behind the core down');
      if (place.isConfigured) events.emit('core-down', { core, cause });
    }
    this.#loseRequests(place);
    if (!place.isConfigured && this.#nowMs - place.downSinceMs > FORGET_AFTER_MS) this.#forget(place);
    else this.#arm(place, Math.min(2 ** Math.min(place.failures - 1, 30), options.maxBackoffSec));
  }

  /** What was answered provisionally is let go a probe later: the core may have been out of breath, or be answering over another connection. */
  #loseRequests(place: Place): void {
    const which = place.failures > 1 ? 'all' : 'unheard';
    for (const lose of [...place.requests]) lose(which);
  }

  #arm(place: Place, delaySec: number): void {
    this.#disarm(place);
    place.timer = this.#context.timers.schedule(this.#nowMs + delaySec * 1000, () => {
      place.timer = undefined;
      this.#probe(place);
    });
  }

  #disarm(place: Place): void {
    if (place.timer) this.#context.timers.cancel(place.timer);
    place.timer = undefined;
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
