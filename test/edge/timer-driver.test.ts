import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimerDriver } from '../../src/edge/timer-driver.ts';

describe('the timer driver', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const errors: unknown[] = [];

  function driver(): { timers: TimerDriver; at: (ms: number) => number } {
    const startMs = performance.now();
    const clock = { now: () => ({ monotonicMs: performance.now(), unixMs: 0 }) };
    return { timers: new TimerDriver(clock, (error) => errors.push(error)), at: (ms) => startMs + ms };
  }

  it('runs what is due without being asked, with one timeout of the event loop', () => {
    const { timers, at } = driver();
    const ran: string[] = [];
    timers.schedule(at(300), () => ran.push('late'));
    timers.schedule(at(100), () => ran.push('early'));
    const moved = timers.schedule(at(400), () => ran.push('moved'));
    timers.reschedule(moved, at(50));
    timers.cancel(timers.schedule(at(10), () => ran.push('cancelled')));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(ran).toEqual(['moved', 'early']);
    vi.advanceTimersByTime(200);
    expect(ran).toEqual(['moved', 'early', 'late']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on with what its own entries schedule, and survives one deadline beyond 2^31 ms', () => {
    const { timers, at } = driver();
    let ran = 0;
    timers.schedule(at(2 ** 32), () => ran++);
    timers.schedule(at(1), () => {
      timers.schedule(at(2), () => ran++);
    });
    vi.advanceTimersByTime(3);
    expect(ran).toBe(1);
    vi.advanceTimersByTime(2 ** 32);
    expect(ran).toBe(2);
  });

  it('reports an entry that throws, and runs the others', () => {
    const { timers, at } = driver();
    let ran = 0;
    timers.schedule(at(1), () => {
      throw new Error('mistake');
    });
    timers.schedule(at(1), () => ran++);
    vi.advanceTimersByTime(5);
    expect([ran, errors.splice(0)]).toEqual([1, [new Error('mistake')]]);
  });

  it('arms nothing any more once it is cleared', () => {
    const { timers, at } = driver();
    timers.schedule(at(1), () => undefined);
    timers.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});
