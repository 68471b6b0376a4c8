import { expect, it } from 'vitest';
import { silentLogger } from '../../../../src/base/logger.ts';
import { type CoreState } from '../../../../src/edge/core/core-side.ts';
import { ReregisterAfterOutage } from '../../../../src/edge/core/external/reregister-after-outage.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordedEvents } from '../../support/recorded-events.ts';

const WINDOW_SEC = 5;
const HOLD_MS = 10_000;

interface Round {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly windowMs: number;
  aborted: boolean;
}

class Bench {
  readonly clock = new FakeClock();
  readonly events = new RecordedEvents();
  readonly rounds: Round[] = [];
  readonly #states = new Map<string, CoreState>();
  readonly #others = new Set<string>();
  readonly watch: ReregisterAfterOutage;

  constructor(...cores: string[]) {
    for (const core of cores) this.#states.set(core, 'up');
    this.watch = new ReregisterAfterOutage({
      options: { reregisterWindowSec: WINDOW_SEC },
      clock: this.clock,
      timers: this.clock.timers,
      logger: silentLogger,
      events: this.events,
      cores: () => [...this.#states].map(([core, state]) => ({ core, state, configured: !this.#others.has(core) })),
      sendAway: (sinceMs, { windowMs }) => {
        const round = { sinceMs, atMs: this.nowMs, windowMs, aborted: false };
        this.rounds.push(round);
        return {
          abort: () => {
            round.aborted = true;
          },
        };
      },
    });
  }

  get nowMs(): number {
    return this.clock.now().monotonicMs;
  }

  /** A place that only a Route leads to. */
  addOther(core: string): void {
    this.#others.add(core);
    this.#states.set(core, 'up');
  }

  suspect(core: string): void {
    this.#states.set(core, 'suspect');
  }

  down(core: string): void {
    this.#states.set(core, 'down');
    this.events.emit('core-down', { core, cause: 'timeout' });
  }

  /** Without an event where it was only suspected. */
  up(core: string): void {
    const wasDown = this.#states.get(core) === 'down';
    this.#states.set(core, 'up');
    if (wasDown) this.events.emit('core-up', { core, downMs: 1000 });
  }

  outage(core: string): void {
    this.down(core);
    this.up(core);
    this.clock.advance(0);
  }
}

it('the only address of the core comes back: clients that registered before are sent away at once, over the window', () => {
  const bench = new Bench('a');
  bench.down('a');
  bench.clock.advance(3000);
  expect(bench.rounds).toEqual([]);
  bench.up('a');
  const upMs = bench.nowMs;
  bench.clock.advance(0);
  expect(bench.rounds).toEqual([{ sinceMs: upMs, atMs: upMs, windowMs: WINDOW_SEC * 1000, aborted: false }]);
});

it('one address comes back that another has stood in for: nobody is sent away', () => {
  const bench = new Bench('a', 'b');
  bench.outage('a');
  bench.suspect('b');
  bench.down('a');
  bench.up('b');
  bench.up('a');
  bench.clock.advance(60_000);
  expect(bench.rounds).toEqual([]);
});

it('all addresses were down: the first that is back begins the round, the others change nothing', () => {
  const bench = new Bench('a', 'b');
  bench.down('a');
  bench.down('b');
  bench.up('b');
  bench.clock.advance(60_000);
  bench.up('a');
  bench.clock.advance(60_000);
  expect(bench.rounds).toHaveLength(1);
});

it('a place that only a Route leads to neither stands in for the core nor says that it is back', () => {
  const bench = new Bench('a');
  bench.addOther('route');
  bench.down('a');
  bench.outage('route');
  bench.clock.advance(60_000);
  expect(bench.rounds).toEqual([]);
  bench.up('a');
  bench.clock.advance(0);
  expect(bench.rounds).toHaveLength(1);
});

it('a core that was never there before is nothing to register with again', () => {
  const bench = new Bench('a');
  bench.events.emit('core-up', { core: 'a', downMs: undefined });
  bench.clock.advance(60_000);
  expect(bench.rounds).toEqual([]);
});

it('the core goes down within a round: nobody is sent away while it is, and the next round reaches who is left', () => {
  const bench = new Bench('a');
  bench.outage('a');
  bench.clock.advance(1000);
  bench.down('a');
  expect(bench.rounds[0]).toMatchObject({ aborted: true });
  bench.clock.advance(60_000);
  bench.up('a');
  bench.clock.advance(60_000);
  expect(bench.rounds).toHaveLength(2);
  expect(bench.rounds[1]!.sinceMs).toBeGreaterThan(bench.rounds[0]!.sinceMs);
});

it('a core that falls under those who come back gets them ever more seldom, until it stands for a while', () => {
  const bench = new Bench('a');
  for (let second = 0; second < 600; second += 1) {
    bench.outage('a');
    bench.clock.advance(1000);
  }
  // Each outage calls off a round that waits, and asks for it anew; none is sooner than the last one's window and hold.
  const gaps = bench.rounds.slice(1).map(({ atMs }, i) => atMs - bench.rounds[i]!.atMs - WINDOW_SEC * 1000);
  expect(gaps.map((ms) => Math.round(ms / HOLD_MS))).toEqual([1, 2, 4, 8, 16]);
  bench.clock.advance(3_600_000);
  const before = bench.rounds.length;
  bench.outage('a');
  expect(bench.rounds).toHaveLength(before + 1);
  bench.clock.advance(WINDOW_SEC * 1000);
  bench.outage('a');
  bench.clock.advance(HOLD_MS);
  expect(bench.rounds).toHaveLength(before + 2);
});

it('an edge that stops sends nobody to register again, and waits for nothing', () => {
  const bench = new Bench('a');
  bench.outage('a');
  bench.outage('a');
  bench.watch.stop();
  expect(bench.rounds[0]).toMatchObject({ aborted: true });
  expect(bench.clock.timers.size).toBe(0);
  bench.outage('a');
  bench.clock.advance(3_600_000);
  expect(bench.rounds).toHaveLength(1);
});
