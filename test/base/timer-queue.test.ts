import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimerQueue, type TimerHandle } from '../../src/base/timer-queue.ts';

it('runs what is due in the order of the deadlines, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 60 }), fc.nat(1000), (deadlines, nowMs) => {
      const queue = new TimerQueue();
      const ran: number[] = [];
      for (const dueMs of deadlines) queue.schedule(dueMs, () => ran.push(dueMs));
      queue.runDue(nowMs);
      const expected = deadlines.filter((dueMs) => dueMs <= nowMs).sort((a, b) => a - b);
      expect(ran).toEqual(expected);
      expect(queue.size).toBe(deadlines.length - expected.length);
    }),
  );
});

it('keeps its order through cancels and moves', () => {
  const step = fc.record({ dueMs: fc.nat(1000), cancel: fc.boolean(), move: fc.option(fc.nat(1000)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new TimerQueue();
      const ran: number[] = [];
      const expected: number[] = [];
      const handles: TimerHandle[] = steps.map(({ dueMs }) => {
        const handle: TimerHandle = queue.schedule(dueMs, () => ran.push(handle.dueMs));
        return handle;
      });
      steps.forEach(({ dueMs, cancel, move }, i) => {
        if (move !== null) queue.reschedule(handles[i]!, move);
        if (cancel) queue.cancel(handles[i]!);
        else expected.push(move ?? dueMs);
      });
      queue.runDue(Infinity);
      expect(ran).toEqual(expected.sort((a, b) => a - b));
    }),
  );
});

it('tells the earliest deadline, wherever deadlines have moved', () => {
  const step = fc.tuple(fc.nat(9), fc.nat(1000));
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 10, maxLength: 10 }),
      fc.array(step, { maxLength: 40 }),
      (first, moves) => {
        const queue = new TimerQueue();
        const deadlines = [...first];
        const handles = deadlines.map((dueMs) => queue.schedule(dueMs, () => undefined));
        for (const [i, dueMs] of moves) {
          deadlines[i] = dueMs;
          queue.reschedule(handles[i]!, dueMs);
          expect(handles[i]!.dueMs).toBe(dueMs);
          if (dueMs % 2 === 0) expect(queue.nextMs).toBe(Math.min(...deadlines));
        }
        expect(queue.nextMs).toBe(Math.min(...deadlines));
      },
    ),
  );
});

it('ignores a handle that has run, was cancelled or cleared', () => {
  const queue = new TimerQueue();
  const runs: string[] = [];
  const first = queue.schedule(1, () => runs.push('first'));
  queue.runDue(1);
  const second = queue.schedule(2, () => runs.push('second'));
  queue.cancel(first);
  queue.reschedule(first, 0);
  expect(queue.nextMs).toBe(2);
  queue.clear();
  queue.cancel(second);
  queue.runDue(10);
  expect(runs).toEqual(['first']);
  expect(queue.nextMs).toBeUndefined();
});

it('runs what a timer schedules for the same moment', () => {
  const queue = new TimerQueue();
  const runs: number[] = [];
  queue.schedule(1, () => {
    runs.push(1);
    queue.schedule(1, () => runs.push(2));
  });
  queue.runDue(1);
  expect(runs).toEqual([1, 2]);
});
