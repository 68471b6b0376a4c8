import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Campaign } from './support/campaign.ts';
import { LongCall, shortCall, sipRound, streamCall } from './support/legitimate.ts';
import { guessPasswords } from './support/password-guessers.ts';
import { Random } from './support/random.ts';
import { attackOverWebSocket } from './support/sip-attackers.ts';
import { attackOverStreams } from './support/stream-attackers.ts';
import { attackOverUdp } from './support/udp-attackers.ts';
import { Victim, victimConfig } from './support/victim.ts';
import { type VictimStatus } from './support/victim-messages.ts';

const { EPCSCF_ATTACK_SECONDS = '20', EPCSCF_ATTACK_SEED = String(randomInt(2 ** 31)) } = process.env;
const ATTACK_SEC = Number(EPCSCF_ATTACK_SECONDS);
const SEED = Number(EPCSCF_ATTACK_SEED);
/** Longer than the waits of `config`, by which what attackers left behind must be gone. */
const SETTLE_MS = 20_000;
const MEGABYTE = 2 ** 20;
/**
 * What the process may hold more, after garbage collection, than before the attack. Most of the RSS is room that the allocators keep for the
 * next rush: it is no more after 90 s than after 20 s. The JavaScript heap tells whether something is held that nobody needs.
 */
const BOUND_MB = { rss: 96, heapUsed: 16 };

const config = victimConfig({
  // One honest user fetches a credential in each round, for as long as the attack goes on.
  // Limits by address would keep most of what comes from one machine out; wrong passwords come from others of its addresses.
  edge: {
    limits: { unregisteredSec: 5, exempt: ['127.0.0.0/24'] },
    transaction: { t1Ms: 100 },
    credential: { burst: 1_000_000 },
  },
  turn: { stream: { idleUnauthenticatedSec: 5, handshakeSec: 5, stuckSec: 5 } },
});

describe(`an attack of ${ATTACK_SEC} s from all sides (EPCSCF_ATTACK_SEED=${SEED})`, () => {
  let victim: Victim;
  let baseline: VictimStatus;
  let peak: VictimStatus;
  let after: VictimStatus;
  const tally = new Map<string, number>();
  const rounds = new Map<string, number>();
  const failures: string[] = [];
  let slowestMs = 0;

  beforeAll(
    async () => {
      victim = await Victim.start(config);
      const random = new Random(SEED);
      const legitimate = { victim, random: random.fork('legitimate') };
      // Once everything before the baseline, so that what is only loaded or compiled at first use is not taken for a leak.
      await shortCall(legitimate);
      await streamCall(legitimate);
      await sipRound(legitimate);
      const call = await LongCall.begin(legitimate);
      baseline = await victim.status(true);

      const campaign: Campaign = { victim, random, endMs: Date.now() + ATTACK_SEC * 1000, tally };
      const keepOn = async (name: string, round: () => Promise<void>): Promise<void> => {
        while (Date.now() < campaign.endMs && victim.exit === undefined) {
          const startMs = performance.now();
          await round().catch((error: unknown) => {
            failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
          });
          slowestMs = Math.max(slowestMs, performance.now() - startMs);
          rounds.set(name, (rounds.get(name) ?? 0) + 1);
          await sleep(50);
        }
      };
      await Promise.all([
        attackOverUdp(campaign),
        attackOverStreams(campaign),
        attackOverWebSocket(campaign),
        guessPasswords(campaign),
        keepOn('call that lasts', () => call.round()),
        keepOn('short call', () => shortCall(legitimate)),
        keepOn('call over TCP and TLS', () => streamCall(legitimate)),
        keepOn('registration', () => sipRound(legitimate)),
      ]);
      peak = await victim.status();
      await call.round();
      await victim.statusWhen((status) => isQuiet(status, baseline), SETTLE_MS);
      after = await victim.status(true);
      await call.end();
      const megabytes = ({ memory }: VictimStatus): string =>
        `${(memory.rss / MEGABYTE).toFixed(0)} MB (${(memory.heapUsed / MEGABYTE).toFixed(1)} MB of JavaScript)`;
      console.log(
        `seed ${SEED}: ${[...tally].map(([what, amount]) => `${amount} ${what}`).join(', ')}\n` +
          `served meanwhile: ${[...rounds].map(([what, amount]) => `${amount} × ${what}`).join(', ')}, slowest round ${slowestMs.toFixed(0)} ms, event loop blocked for ${peak.longestBlockMs.toFixed(0)} ms at most\n` +
          `RSS: ${megabytes(baseline)} before, ${megabytes(peak)} at the end, ${megabytes(after)} after collection; ` +
          `lines logged: ${JSON.stringify(after.log.lines)}, ${after.log.infoBytes} bytes at info and above`,
      );
    },
    (ATTACK_SEC + 60) * 1000 + SETTLE_MS,
  );

  afterAll(async () => {
    await victim.stop();
  });

  it('reaches the code behind every listener', () => {
    expect(Math.min(...tally.values())).toBeGreaterThan(ATTACK_SEC);
    expect(after.turn!.granted).toBeGreaterThan(baseline.turn!.granted);
    expect(after.turn!.refused).toBeGreaterThan(baseline.turn!.refused);
    expect(after.turn!.unauthenticated).toBeGreaterThan(baseline.turn!.unauthenticated);
    expect(Object.keys(after.turn!.drops).length).toBeGreaterThan(5);
  });

  it('does not end the process, and nothing is thrown that a guard had to catch', () => {
    expect(victim.exit).toBeUndefined();
    expect(after.errors).toEqual([]);
    expect(after.turn!.drops['engine-error'] ?? 0).toBe(0);
  });

  it('never keeps a legitimate client from being served', () => {
    expect(failures).toEqual([]);
    for (const [name, amount] of rounds) expect(amount, name).toBeGreaterThan(0);
    expect(rounds.size).toBe(4);
  });

  it('leaves nothing behind but what legitimate clients hold', () => {
    expect(occupancy(after)).toEqual(occupancy(baseline));
  });

  it.each(['rss', 'heapUsed'] as const)('leaves no more in memory than is stated: %s', (kind) => {
    expect((after.memory[kind] - baseline.memory[kind]) / MEGABYTE).toBeLessThan(BOUND_MB[kind]);
  });
});

function isQuiet(status: VictimStatus, baseline: VictimStatus): boolean {
  return JSON.stringify(occupancy(status)) === JSON.stringify(occupancy(baseline));
}

/** What the server holds for its clients. A reservation may stay for its 30 s, and is the one port and timer that it is. */
function occupancy({ turn, edge }: VictimStatus) {
  return {
    allocations: turn!.allocations,
    relayPorts: turn!.relayPortsTaken - turn!.reservations,
    turnTimers: turn!.timers - turn!.reservations,
    connections: turn!.connections,
    flows: edge!.flows,
    registrations: edge!.registrations,
    transactions: edge!.transactions,
  };
}
