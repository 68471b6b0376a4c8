import { type Clock } from '../base/clock.ts';
import { LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type RedisOptions } from './redis-options.ts';
import { openTransport, type RedisTransport } from './transport.ts';
import { within } from './within.ts';

/** Milliseconds between two pings to a Redis that answers, and to one that is away. */
const PING_MS = 2000;
const PROBE_MS = 250;
const NO_ANSWER = 'no answer in time';
const NO_REDIS = 'what answers there is no Redis';
const LOG_LIMITS = { burst: 5, perSec: 0.1, maxCauses: 16 };

export interface RedisLinkPorts {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Wraps the connections of the link. Default: nothing does. */
  readonly wrap?: ((transport: RedisTransport) => RedisTransport) | undefined;
}

/** The result of a command. The reason of a failure is in the log. */
export type Reply = Result<{ readonly reply: unknown }, 'unavailable'>;

/** The commands of a link, which most of this room needs. */
export type RedisCommands = Pick<RedisLink, 'isUp' | 'request' | 'observe'>;

/**
 * The one way to Redis. Its commands never throw, and take no longer than `timeoutMs`. While Redis is away they fail at once; when Redis is
 * back, whoever observes is told.
 */
export class RedisLink {
  readonly #options: RedisOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #log: LimitedLog;
  readonly #observers = new Set<() => void>();
  #transport: RedisTransport | undefined;
  #isUp = false;
  #downSinceMs: number;
  #inFlight = 0;
  /** Called when no command waits any more. */
  #idle: (() => void) | undefined;
  #probing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastError = NO_ANSWER;

  private constructor(options: RedisOptions, { logger, clock }: RedisLinkPorts) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#log = new LimitedLog(logger, LOG_LIMITS);
    this.#downSinceMs = clock.now().monotonicMs;
  }

  /** Resolves once Redis is there, or has had the time for it: a server starts without Redis, too. */
  static async open(options: RedisOptions, ports: RedisLinkPorts): Promise<RedisLink> {
    const link = new RedisLink(options, ports);
    const first = new Promise<void>((resolve) => {
      link.#observers.add(resolve);
    });
    const transport = await openTransport(options, {
      ready: () => {
        void link.#probe();
      },
      failed: link.#failed,
    });
    link.#transport = ports.wrap?.(transport) ?? transport;
    link.#schedule(PROBE_MS);
    await within(options.timeoutMs, first);
    link.#observers.clear();
    if (!link.#isUp) link.#tellAway();
    return link;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** `key`: the key that the command is about. Commands of one turn of the event loop travel together. */
  async request(key: string, ...command: readonly string[]): Promise<Reply> {
    if (!this.#isUp) return fail('unavailable');
    if (this.#inFlight >= this.#options.maxWaiting) {
      this.#warn('queue', { waiting: this.#inFlight }, 'too many commands wait for Redis');
      return fail('unavailable');
    }
    return this.#send(key, command);
  }

  /** Publishes a message. Nothing waits for it; a message that Redis cannot take now is lost. */
  publish(channel: string, message: string): void {
    void this.request(channel, 'PUBLISH', channel, message);
  }

  subscribe(channel: string, hear: (message: string) => void): void {
    this.#transport?.subscribe(channel, hear);
  }

  /** `there`: called each time that Redis is there, for the first time or again. Returns a function that ends it. */
  observe(there: () => void): () => void {
    this.#observers.add(there);
    return () => this.#observers.delete(there);
  }

  /** Closes the link after the commands that are under way, as far as Redis answers them. */
  async close(): Promise<void> {
    if (this.#inFlight > 0)
      await within(this.#options.timeoutMs, new Promise<void>((resolve) => (this.#idle = resolve)));
    clearTimeout(this.#timer);
    const transport = this.#transport;
    this.#transport = undefined;
    this.#isUp = false;
    await transport?.close();
  }

  async #send(key: string | undefined, command: readonly string[]): Promise<Reply> {
    if (!this.#transport) return fail('unavailable');
    this.#inFlight += 1;
    try {
      const answer = await within(
        this.#options.timeoutMs,
        this.#transport.send(key, command).then((reply) => ({ reply })),
      );
      if (answer) return ok(answer);
      this.#suspect(NO_ANSWER);
    } catch (error) {
      this.#failedCommand(command, error);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idle?.();
    }
    return fail('unavailable');
  }

  /** Notes that Redis has refused a command or could not be reached. */
  #failedCommand([name = '']: readonly string[], error: unknown): void {
    if (!this.#transport?.isRefusal(error)) this.#suspect(textOf(error));
    else this.#warn(`refused ${name}`, { command: name, err: textOf(error) }, 'Redis refused a command');
  }

  readonly #failed = (error: Error): void => {
    this.#suspect(error.message);
  };

  #suspect(error: string): void {
    this.#lastError = error;
    if (this.#isUp) void this.#probe();
  }

  /** Sends a ping. There is one at a time. */
  #probe(): Promise<void> {
    this.#probing ??= this.#ping().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #ping(): Promise<void> {
    const transport = this.#transport;
    if (!transport) return;
    const answer = await within(this.#options.timeoutMs, transport.send(undefined, ['PING'])).catch(
      (error: unknown) => {
        // Where there is no connection, that has told why.
        if (transport.isRefusal(error)) this.#lastError = textOf(error);
        return false;
      },
    );
    if (this.#transport !== transport) return;
    if (answer === undefined) {
      this.#lastError = NO_ANSWER;
      // What still comes of an answer would be kept until it is whole.
      transport.reset();
    } else if (answer !== false && answer !== 'PONG') this.#lastError = NO_REDIS;
    this.#settle(answer === 'PONG');
  }

  #settle(isThere: boolean): void {
    this.#schedule(isThere ? PING_MS : PROBE_MS);
    if (isThere === this.#isUp) return;
    this.#isUp = isThere;
    const { monotonicMs } = this.#clock.now();
    if (!isThere) {
      this.#downSinceMs = monotonicMs;
      this.#tellAway();
      return;
    }
    this.#logger.info({ downMs: Math.round(monotonicMs - this.#downSinceMs) }, 'Redis is there');
    for (const there of this.#observers) there();
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#probe(), afterMs);
    this.#timer.unref();
  }

  #tellAway(): void {
    this.#warn('away', { err: this.#lastError }, 'Redis is away');
  }

  #warn(cause: string, fields: Record<string, unknown>, message: string): void {
    this.#log.warn(cause, fields, message, this.#clock.now().monotonicMs);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
