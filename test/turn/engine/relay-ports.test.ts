import { describe, expect, it } from 'vitest';
import { RelayPorts, type PortShape } from '../../../src/turn/engine/relay-ports.ts';

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

describe('the candidates for a relay port', () => {
  it.each<[PortShape, number[]]>([
    ['any', [100, 101, 102, 103, 104, 105]],
    ['even', [100, 102, 104]],
    ['even-pair', [100, 102, 104]],
  ])('of shape %s are every fitting port once, however the dice fall', (shape, expected) => {
    for (const dice of [() => 0, (below: number) => below - 1, (below: number) => Math.floor(below / 2)]) {
      const found = all(ports(100, 105, dice), shape);
      expect([...found].sort((a, b) => a - b)).toEqual(expected);
    }
  });

  it('begin where the dice fall', () => {
    let roll = 0;
    const rolls = [3, 1, 5];
    const from = ports(100, 105, () => rolls[roll++] ?? 0);
    expect(all(from).slice(0, 3)).toEqual([103, 101, 105]);
  });

  it('leave out what is taken, and a pair whose second port is', () => {
    const from = ports(100, 105);
    from.take(4, 103);
    from.take(4, 104);
    expect(all(from)).toEqual([100, 101, 102, 105]);
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
    expect(all(from, 'any', 5999)).toEqual([101, 102, 103, 100]);
    expect(all(from, 'any', 6000)).toEqual([100, 101, 102, 103]);
  });

  it('put a pair last when either half is in quarantine', () => {
    const from = ports(100, 105);
    from.take(4, 101);
    from.free(4, 101, 0);
    expect(all(from, 'even-pair', 1)).toEqual([102, 104, 100]);
  });

  it('leave out excluded ports, and pairs that would reach into one', () => {
    const from = ports(100, 105, () => 3, new Set([103]));
    expect(all(from).sort((a, b) => a - b)).toEqual([100, 101, 102, 104, 105]);
    expect(all(from, 'even-pair').sort((a, b) => a - b)).toEqual([100, 104]);
  });

  it('are none in a range that is all taken', () => {
    const from = ports(100, 101);
    from.take(4, 100);
    from.take(4, 101);
    expect(all(from)).toEqual([]);
  });
});
