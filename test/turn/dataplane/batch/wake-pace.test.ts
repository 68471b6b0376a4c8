import { describe, expect, it } from 'vitest';
import { WakePace } from '../../../../src/turn/dataplane/batch/wake-pace.ts';

/** Rounds of so many datagrams each, a fifth of a millisecond apart; the pause after the last. */
function pauseAt(pace: WakePace, datagrams: number, fromMs = 0): number {
  let pause = 0;
  for (let i = 0; i < 100; i++) pause = pace.pauseAfter(datagrams, fromMs + i * 0.2);
  return pause;
}

describe('WakePace', () => {
  it('pauses below 250 microseconds where a pause brings several datagrams together', () => {
    expect(pauseAt(new WakePace(), 4)).toBeGreaterThan(0);
    expect(pauseAt(new WakePace(), 4)).toBeLessThan(250_000);
  });

  it('does not pause where few come, nor after a deep round', () => {
    expect(pauseAt(new WakePace(), 1)).toBe(0);
    expect(pauseAt(new WakePace(), 64)).toBe(0);
  });

  it('does not pause for a while after a pause that took too long, as others want the processor', () => {
    const pace = new WakePace();
    pauseAt(pace, 4);
    pace.paused(3, 20);
    expect(pauseAt(pace, 4, 20)).toBe(0);
    expect(pauseAt(pace, 4, 121)).toBeGreaterThan(0);
  });
});
