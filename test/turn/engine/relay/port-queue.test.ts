import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortQueue } from '../../../../src/turn/engine/relay/port-queue.ts';

const MIN = 1024;
const MAX = 1031;

const steps = fc.array(
  fc.record({
    does: fc.constantFrom('set', 'delete'),
    port: fc.integer({ min: MIN, max: MAX }),
    untilMs: fc.integer({ min: 0, max: 100 }),
  }),
);

describe('a queue of ports', () => {
  it('has its ports in the order of their coming, with their times, whichever of them leave', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new PortQueue(MIN, MAX);
        const expected = new Map<number, number>();
        for (const { does, port, untilMs } of all) {
          expected.delete(port);
          if (does === 'set') {
            expected.set(port, untilMs);
            queue.set(port, untilMs);
          } else queue.delete(port);
        }
        expect([...queue.ports()].map((port) => [port, queue.untilMs(port)])).toEqual([...expected]);
        for (let port = MIN - 1; port <= MAX + 1; port++) expect(queue.has(port)).toBe(expected.has(port));
      }),
    );
  });

  it('lets the port that was just met leave while it is walked', () => {
    const queue = new PortQueue(MIN, MAX);
    for (let port = MIN; port <= MAX; port++) queue.set(port, port);
    for (const port of queue.ports()) if (port % 2 === 0) queue.delete(port);
    expect([...queue.ports()]).toEqual([1025, 1027, 1029, 1031]);
  });
});
