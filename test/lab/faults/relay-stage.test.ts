import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRelayStage } from '../../../src/lab/faults/relay-stage.ts';
import { LOST } from '../../../src/lab/faults/impairment.ts';

/** Numbers of [0, 1) that are the same each time. */
function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const both = { direction: 'both' } as const;
const times = <T>(count: number, run: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => run(i));

describe('relay-loss', () => {
  it('loses the share it is asked for, and delays nothing', () => {
    const stage = createRelayStage({ kind: 'relay-loss', ratio: 0.25, ...both }, seeded());
    const waits = times(2000, (i) => stage('to-peer', 100, i));
    expect(new Set(waits)).toEqual(new Set([0, LOST]));
    const lost = waits.filter((wait) => wait === LOST).length;
    expect(lost).toBeGreaterThan(400);
    expect(lost).toBeLessThan(600);
  });

  it('is the same with the same random source', () => {
    const lost = (): number[] => {
      const stage = createRelayStage({ kind: 'relay-loss', ratio: 0.5, ...both }, seeded(7));
      return times(50, () => stage('to-client', 100, 0));
    };
    expect(lost()).toEqual(lost());
  });

  it('loses everything at 1', () => {
    const stage = createRelayStage({ kind: 'relay-loss', ratio: 1, ...both }, () => 1 - Number.EPSILON);
    expect(stage('to-peer', 1, 0)).toBe(LOST);
  });
});

describe('relay-delay', () => {
  it('holds each datagram as long as it says', () => {
    const stage = createRelayStage({ kind: 'relay-delay', delayMs: 80, jitterMs: 0, ...both }, seeded());
    expect([stage('to-peer', 1, 0), stage('to-client', 1, 3), stage('to-peer', 1, 5)]).toEqual([80, 80, 80]);
  });

  it('spreads by the jitter to both sides, and lets nothing overtake', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 1e6 }), (gaps, seed) => {
        const stage = createRelayStage({ kind: 'relay-delay', delayMs: 50, jitterMs: 60, ...both }, seeded(seed));
        let atMs = 0;
        let lastMs = 0;
        for (const gap of gaps) {
          atMs += gap;
          const dueMs = atMs + stage('to-peer', 100, atMs);
          expect(dueMs).toBeGreaterThanOrEqual(Math.max(lastMs, atMs) - 1e-6);
          expect(dueMs).toBeLessThanOrEqual(Math.max(lastMs, atMs + 110) + 1e-6);
          lastMs = dueMs;
        }
      }),
    );
  });
});

describe('relay-reorder', () => {
  it('holds the share it is asked for, so that others overtake', () => {
    const stage = createRelayStage({ kind: 'relay-reorder', ratio: 0.1, delayMs: 30, ...both }, seeded());
    const waits = times(2000, (i) => stage('to-peer', 100, i));
    expect(new Set(waits)).toEqual(new Set([0, 30]));
    const held = waits.filter((wait) => wait === 30).length;
    expect(held).toBeGreaterThan(130);
    expect(held).toBeLessThan(270);
  });
});

describe('relay-bandwidth', () => {
  const stage = (bitsPerSec: number) => createRelayStage({ kind: 'relay-bandwidth', bitsPerSec, ...both }, seeded());

  it('lets the bits of one datagram leave after those of another, each direction for itself', () => {
    const link = stage(80_000);
    expect([0, 0, 100].map((atMs) => link('to-peer', 1000, atMs))).toEqual([100, 200, 200]);
    expect(link('to-client', 1000, 0)).toBe(100);
    expect(link('to-peer', 1000, 5000)).toBe(100);
  });

  it('loses what finds a full queue, and takes again when it has drained', () => {
    const link = stage(8000);
    const waits = times(5, () => link('to-peer', 500, 0));
    expect(waits).toEqual([500, 1000, 1500, LOST, LOST]);
    expect(link('to-peer', 500, 1000)).toBe(1000);
  });

  it('passes a datagram that alone takes longer than the queue may', () => {
    expect(stage(1000)('to-peer', 1200, 0)).toBe(9600);
  });
});
