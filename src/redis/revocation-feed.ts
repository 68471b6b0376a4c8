import { BoundedMap } from '../base/bounded-map.ts';
import { type Revocation, type Revocations } from '../credentials/revocation/revocation.ts';
import { type RedisCommands, type RedisLink, type Reply } from './link.ts';
import { parseMember, parseMessage } from './revocation-text.ts';
import { RevocationWriter, REVOCATIONS, type RevocationWriterPorts } from './revocation-writer.ts';

/** Milliseconds between two looks at the sorted set, for messages that were lost. */
const CATCH_UP_MS = 5000;
/** Milliseconds by which the clocks of a fleet may differ. */
const OVERLAP_MS = 60_000;
const PAGE = 500;

export interface RevocationFeedPorts extends RevocationWriterPorts {
  readonly link: RedisCommands & Pick<RedisLink, 'subscribe'>;
  readonly revocations: Revocations;
  /** The revocations that hold in this process at the moment. */
  readonly standing: () => readonly Revocation[];
  /** How many revocations are kept. */
  readonly max: number;
}

/**
 * Takes revocations to all processes that share a Redis. A message tells each at once; the sorted set has what was told before a process came, or while
 * it could not hear. What is revoked while Redis is away counts in this process at once, and in the others as soon as both reach Redis again.
 */
export class RevocationFeed {
  readonly #ports: RevocationFeedPorts;
  readonly #writer: RevocationWriter;
  /** Revocations that were not told to Redis yet, by user. */
  readonly #pending: BoundedMap<Revocation>;
  readonly #stops: (() => void)[] = [];
  /** Whether a revocation is being taken from Redis, and so is not told to it again. */
  #isHearing = false;
  /** Up to when the sorted set has been read, in UNIX milliseconds. */
  #readToMs = 0;
  #catchingUp: Promise<void> | undefined;

  constructor(ports: RevocationFeedPorts) {
    this.#ports = ports;
    this.#writer = new RevocationWriter(ports);
    this.#pending = new BoundedMap(ports.max);
  }

  start(): void {
    const { link, revocations } = this.#ports;
    this.#stops.push(
      revocations.observe((entry) => {
        if (!this.#isHearing) void this.#tell(entry);
      }),
      link.observe(() => void this.#back()),
    );
    link.subscribe(REVOCATIONS, (message) => {
      const heard = parseMessage(message);
      if (heard && heard.from !== this.#writer.from) this.#hear(heard.entry);
    });
    const timer = setInterval(() => void this.#catchUp(), CATCH_UP_MS);
    timer.unref();
    this.#stops.push(() => {
      clearInterval(timer);
    });
    void this.#back();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #hear(entry: Revocation): void {
    const { revocations, clock } = this.#ports;
    this.#isHearing = true;
    try {
      revocations.revoke(entry, clock.now());
    } finally {
      this.#isHearing = false;
    }
  }

  async #tell(entry: Revocation): Promise<void> {
    const told = await this.#writer.tell(entry);
    if (!told.ok) this.#pending.set(entry.user, entry);
  }

  /** Redis is there again, perhaps without its data. */
  async #back(): Promise<void> {
    const exists = await this.#request('EXISTS', REVOCATIONS);
    if (!exists.ok) return;
    const lost = exists.value.reply === 0 ? this.#ports.standing() : [];
    for (let at = 0; at < lost.length; at += PAGE) {
      await Promise.all(lost.slice(at, at + PAGE).map((entry) => this.#writer.add(entry)));
    }
    await this.#catchUp();
  }

  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#catchUpOnce().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async #catchUpOnce(): Promise<void> {
    const { link, clock, max } = this.#ports;
    if (!link.isUp) return;
    await this.#tellPending();
    const startedMs = clock.now().unixMs;
    const from = String(Math.max(0, this.#readToMs - OVERLAP_MS));
    // What answers with a full page forever is no sorted set that this server keeps to `max`.
    for (let at = 0; at <= max; at += PAGE) {
      const limit = ['LIMIT', String(at), String(PAGE)];
      const page = members(await this.#request('ZRANGEBYSCORE', REVOCATIONS, from, '+inf', ...limit));
      if (!page) return;
      for (const entry of page.flatMap((member) => parseMember(member) ?? [])) this.#hear(entry);
      if (page.length < PAGE) break;
    }
    this.#readToMs = startedMs;
    await this.#tidy();
  }

  async #tellPending(): Promise<void> {
    const { unixMs } = this.#ports.clock.now();
    const pending = [...this.#pending.entries()].map(({ value }) => value);
    for (let at = 0; at < pending.length; at += PAGE) {
      const some = pending.slice(at, at + PAGE);
      for (const { user } of some) this.#pending.delete(user);
      const good = some.filter(({ untilSec }) => untilSec * 1000 > unixMs);
      await Promise.all(good.map((entry) => this.#tell(entry)));
    }
  }

  /** Takes out of the sorted set the oldest revocations that have ended, and the oldest of all where there are more than `max`. */
  async #tidy(): Promise<void> {
    const nowSec = this.#ports.clock.now().unixMs / 1000;
    const oldest = members(await this.#request('ZRANGE', REVOCATIONS, '0', String(PAGE - 1))) ?? [];
    const ended = oldest.filter((member) => (parseMember(member)?.untilSec ?? 0) <= nowSec);
    if (ended.length > 0) await this.#request('ZREM', REVOCATIONS, ...ended);
    await this.#request('ZREMRANGEBYRANK', REVOCATIONS, '0', String(-this.#ports.max - 1));
  }

  #request(...command: readonly string[]): Promise<Reply> {
    return this.#ports.link.request(REVOCATIONS, ...command);
  }
}

function members(reply: Reply): string[] | undefined {
  if (!reply.ok || !Array.isArray(reply.value.reply)) return undefined;
  return reply.value.reply.filter((member: unknown) => typeof member === 'string');
}
