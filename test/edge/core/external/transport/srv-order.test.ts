import fc from 'fast-check';
import { expect, it } from 'vitest';
import { orderByPriority } from '../../../../../src/edge/core/external/transport/srv-order.ts';

const record = fc.record({ priority: fc.nat(3), weight: fc.nat(100), name: fc.nat() });
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('gives every record once, lowest priority first, whatever is drawn', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 10 }), fc.infiniteStream(unit), (records, draws) => {
      const ordered = orderByPriority(records, () => Number(draws.next().value));
      expect(new Set(ordered)).toEqual(new Set(records));
      expect(ordered).toHaveLength(records.length);
      const priorities = ordered.map(({ priority }) => priority);
      expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
    }),
  );
});

it('draws by weight (RFC 2782)', () => {
  const records = [
    { priority: 1, weight: 30, name: 'b' },
    { priority: 1, weight: 0, name: 'a' },
    { priority: 1, weight: 70, name: 'c' },
  ];
  const firstAt = (place: number): string | undefined => orderByPriority(records, () => place / 101)[0]?.name;
  const firsts = Array.from({ length: 101 }, (_, place) => firstAt(place + 0.5));
  expect(['a', 'b', 'c'].map((name) => firsts.filter((first) => first === name).length)).toEqual([1, 30, 70]);
});
