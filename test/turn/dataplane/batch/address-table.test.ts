import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable, hostOf } from '../../../../src/turn/dataplane/batch/address-table.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../../../src/turn/kernel/sockaddr.ts';

const address = fc.oneof(
  fc.record({ family: fc.constant(4 as const), address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.1.0.1') }),
  fc.record({ family: fc.constant(6 as const), address: fc.constantFrom('::1', 'fd00::1', 'fd00::1:0:0:1') }),
);
const key = fc.tuple(fc.nat(3), address, fc.nat(20));
const step = fc.tuple(fc.constantFrom('set', 'delete'), key, fc.nat(1000));

function wordsOf([, { family, address }, port]: readonly [
  number,
  { family: 4 | 6; address: string },
  number,
]): Uint32Array {
  const words = new Uint32Array(SOCKADDR_WORDS);
  writeSockaddr(words, 0, { family, address, port });
  return words;
}

describe('AddressTable', () => {
  it('does what a map under the text of owner and address does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer(), (steps, seed) => {
        const table = new AddressTable(seed);
        const map = new Map<string, number>();
        for (const [what, of, value] of steps) {
          const words = wordsOf(of);
          if (what === 'set') {
            table.set(of[0], words[0]!, words, 0, value);
            map.set(JSON.stringify(of), value);
          } else {
            table.delete(of[0], words[0]!, words, 0);
            map.delete(JSON.stringify(of));
          }
        }
        expect(table.size).toBe(map.size);
        for (const [, of] of steps) {
          const words = wordsOf(of);
          expect(table.find(of[0], words[0]!, words, 0)).toBe(map.get(JSON.stringify(of)) ?? -1);
        }
      }),
    );
  });

  it('finds a host whatever the port', () => {
    const table = new AddressTable(1);
    const words = wordsOf([0, { family: 4, address: '10.0.0.1' }, 0]);
    table.set(7, hostOf(words[0]!), words, 0, 42);
    const other = wordsOf([0, { family: 4, address: '10.0.0.1' }, 5060]);
    expect(table.find(7, hostOf(other[0]!), other, 0)).toBe(42);
    expect(table.find(7, other[0]!, other, 0)).toBe(-1);
  });
});
