import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DeadlineTimer } from '../../src/base/deadline-timer.ts';

let timer: DeadlineTimer;
let firedAtMs: number[];
let startMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  timer = new DeadlineTimer(() => performance.now());
  startMs = performance.now();
  firedAtMs = [];
  timer.onDue = () => firedAtMs.push(performance.now() - startMs);
});

afterEach(() => {
  timer.clear();
  vi.useRealTimers();
});

it('fires once, when the deadline has passed', () => {
  timer.arm(startMs + 100);
  vi.advanceTimersByTime(99);
  expect(firedAtMs).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(firedAtMs).toEqual([100]);
});

it('moves to an earlier deadline, and lets a later one wait for the wake-up it has', () => {
  timer.arm(startMs + 100);
  timer.arm(startMs + 50);
  timer.arm(startMs + 200);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(firedAtMs).toEqual([50]);
});

it('can be armed from the call it makes', () => {
  timer.onDue = () => {
    firedAtMs.push(performance.now() - startMs);
    if (firedAtMs.length < 3) timer.arm(performance.now() + 10);
  };
  timer.arm(startMs + 10);
  vi.advanceTimersByTime(1000);
  expect(firedAtMs).toEqual([10, 20, 30]);
});

it('fires at once for a deadline that has passed, and early rather than never for one beyond the longest timeout', () => {
  timer.arm(startMs - 5);
  vi.advanceTimersByTime(1);
  expect(firedAtMs.length).toBe(1);
  timer.arm(startMs + 2 ** 40);
  vi.advanceTimersByTime(2 ** 31);
  expect(firedAtMs.length).toBe(2);
});

it('arms nothing for no deadline, and nothing is left after clear', () => {
  timer.arm(undefined);
  expect(vi.getTimerCount()).toBe(0);
  timer.arm(startMs + 100);
  timer.clear();
  expect(vi.getTimerCount()).toBe(0);
  timer.arm(startMs + 200);
  expect(vi.getTimerCount()).toBe(1);
});
