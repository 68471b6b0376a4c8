import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CoarseClock } from '../../../../src/turn/dataplane/shared/coarse-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('reads the clock once in a resolution, however many packets pass', () => {
  const read = vi.fn(() => performance.now());
  const clock = new CoarseClock(read, 20);
  for (let i = 0; i < 1000; i++) clock.nowMs();
  expect(read).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(20);
  clock.nowMs();
  clock.nowMs();
  expect(read).toHaveBeenCalledTimes(2);
});

it('is late by no more than its resolution, also after a silence', () => {
  let nowMs = 0;
  const clock = new CoarseClock(() => nowMs, 20);
  for (const stepMs of [1, 5, 19, 20, 21, 100, 3, 3, 3, 10_000]) {
    nowMs += stepMs;
    vi.advanceTimersByTime(stepMs);
    const seen = clock.nowMs();
    expect(seen).toBeLessThanOrEqual(nowMs);
    expect(nowMs - seen).toBeLessThanOrEqual(20);
  }
});

it('has no timer while no packet passes, and none after close', () => {
  const clock = new CoarseClock(() => 0, 20);
  expect(vi.getTimerCount()).toBe(0);
  clock.nowMs();
  vi.advanceTimersByTime(20);
  expect(vi.getTimerCount()).toBe(0);
  clock.nowMs();
  clock.close();
  expect(vi.getTimerCount()).toBe(0);
});

it('reads for every packet with resolution 0, and arms nothing', () => {
  const read = vi.fn(() => 0);
  const clock = new CoarseClock(read, 0);
  clock.nowMs();
  clock.nowMs();
  expect(read).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});
