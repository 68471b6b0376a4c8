import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RelayPorts, type PortShape } from '../../../../src/turn/engine/relay/relay-ports.ts';

function ports(
  min: number,
  max: number,
  random: (below: number) => number = () => 0,
  excluded = new Set<number>(),
): RelayPorts {
  return new RelayPorts({ min, max, excluded, quarantineMs: 1000, addresses: { 4: 1, 6: 2 } }, random);
}

const all = (from: RelayPorts, shape: PortShape = 'any', nowMs = 0, family: 4 | 6 = 4): number[] => [
  ...from.candidates(family, shape, nowMs),
];

const sorted = (found: readonly number[]): number[] => [...found].sort((a, b) => a - b);

describe('the candidates for a relay port', () => {
  it.each<[PortShape, number[]]>([
    ['any', [100, 101, 102, 103, 104, 105]],
    ['even', [100, 102, 104]],
    ['even-pair', [100, 102, 104]],
  ])('of shape %s are every fitting port once, however the dice fall', (shape, expected) => {
    for (const dice of [() => 0, (below: number) => below - 1, (below: number) => Math.floor(below / 2)]) {
      const found = all(ports(100, 105, dice), shape);
      expect(sorted(found)).toEqual(expected);
    }
  });

  it('are drawn evenly from the whole range, in no order that one could guess the next from', () => {
    const from = ports(1000, 1099, randomInt);
    const firsts = new Map<number, number>();
    let neighbours = 0;
    for (let i = 0; i < 20_000; i++) {
      const [first = 0, second = 0] = from.candidates(4, 'any', 0);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
      if (Math.abs(first - second) === 1) neighbours += 1;
    }
    // 200 of each are expected, with a deviation of 14; and 2 % of neighbours.
    expect(firsts.size).toBe(100);
    for (const count of firsts.values()) expect(Math.abs(count - 200)).toBeLessThan(100);
    expect(neighbours).toBeLessThan(1000);
  });

  it('begin where the dice fall', () => {
    const firsts = [0, 1, 2, 3, 4, 5].map(
      (roll) =>
        all(
          ports(100, 105, (below) => roll % below),
          'any',
        )[0],
    );
    expect(firsts.sort()).toEqual([100, 101, 102, 103, 104, 105]);
  });

  it('have a port that another program holds last, so that no further request tries it first in vain', () => {
    const from = ports(100, 103);
    for (const port of [100, 101]) {
      from.take(4, port);
      from.free(4, port, 0);
    }
    from.rest(4, 103, 1);
    expect(all(from, 'any', 2)).toEqual([102, 100, 101, 103]);
    from.rest(4, 100, 3);
    expect(all(from, 'any', 4)).toEqual([102, 101, 103, 100]);
    from.take(4, 101);
    from.rest(4, 101, 5);
    expect(all(from, 'any', 6)).toEqual([102, 103, 100]);
  });

  it('leave out what is taken, and a pair whose second port is', () => {
    const from = ports(100, 105);
    from.take(4, 103);
    from.take(4, 104);
    expect(sorted(all(from))).toEqual([100, 101, 102, 105]);
    expect(all(from, 'even-pair')).toEqual([100]);
    expect(from.taken).toBe(2);
  });

  it('count a port once for each relayed address of the family', () => {
    const from = ports(100, 100);
    from.take(6, 100);
    expect(all(from, 'any', 0, 6)).toEqual([100]);
    from.take(6, 100);
    expect(all(from, 'any', 0, 6)).toEqual([]);
    expect(all(from, 'any', 0, 4)).toEqual([100]);
    from.free(6, 100, 0);
    expect(all(from, 'any', 0, 6)).toEqual([100]);
  });

  it('come last while in quarantine, and as others after it', () => {
    const from = ports(100, 103);
    from.take(4, 100);
    from.free(4, 100, 5000);
    expect(all(from, 'any', 5999).at(-1)).toBe(100);
    expect(sorted(all(from, 'any', 5999))).toEqual([100, 101, 102, 103]);
    expect(all(from, 'any', 6000).slice(0, 3)).not.toEqual([101, 102, 103]);
    expect(sorted(all(from, 'any', 6000))).toEqual([100, 101, 102, 103]);
  });

  it('are those freed longest ago when all are in quarantine, so that none comes back quickly', () => {
    const from = ports(100, 104);
    const order = [103, 100, 104, 102, 101];
    for (const port of order) from.take(4, port);
    for (const [i, port] of order.entries()) from.free(4, port, i);
    expect(all(from, 'any', 10)).toEqual(order);
    expect(all(from, 'even', 10)).toEqual([100, 104, 102]);
    expect(sorted(all(from, 'even-pair', 10))).toEqual([100, 102]);
  });

  it('come back no sooner than all others have been used, in a client that opens and closes in a hurry', () => {
    const from = ports(1000, 1099, randomInt);
    const lastUse = new Map<number, number>();
    for (let round = 0; round < 2000; round++) {
      const [port = 0] = from.candidates(4, 'any', round / 100);
      const before = lastUse.get(port);
      if (before !== undefined) expect(round - before).toBeGreaterThanOrEqual(100);
      lastUse.set(port, round);
      from.take(4, port);
      from.free(4, port, round / 100);
    }
  });

  it('put a pair last when either half is in quarantine', () => {
    const from = ports(100, 105);
    from.take(4, 101);
    from.free(4, 101, 0);
    expect(all(from, 'even-pair', 1).at(-1)).toBe(100);
    expect(sorted(all(from, 'even-pair', 1))).toEqual([100, 102, 104]);
  });

  it('leave out excluded ports, and pairs that would reach into one', () => {
    const from = ports(100, 105, (below) => 3 % below, new Set([103]));
    expect(sorted(all(from))).toEqual([100, 101, 102, 104, 105]);
    expect(sorted(all(from, 'even-pair'))).toEqual([100, 104]);
  });

  it('are none in a range that is all taken', () => {
    const from = ports(100, 101);
    from.take(4, 100);
    from.take(4, 101);
    expect(all(from)).toEqual([]);
  });
});
