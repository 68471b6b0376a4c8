import { describe, expect, it } from 'vitest';
import { FlowDeadlines } from '../../../src/edge/flow/flow-deadlines.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A connection that keeps what it is told to do. */
function open({ isInCall = false } = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const connection = {
    isInCall,
    sendPing: () => told.push('ping'),
    close: (cause: string) => {
      told.push(cause);
      deadlines.setClosed();
    },
    giveUp: () => told.push('give up'),
  };
  const keepalive = { pingSec: 25, pongTimeoutSec: 10 };
  const context = { clock, timers: clock.timers, keepalive, limits: { unregisteredSec: 30 } };
  const deadlines: FlowDeadlines = new FlowDeadlines(context, connection);
  return { clock, told, deadlines };
}

describe('the deadlines of a flow', () => {
  it('take one entry of the timer queue, whatever happens', () => {
    const { clock, told, deadlines } = open();
    for (let i = 0; i < 40; i++) {
      deadlines.setRegistered(i % 3 !== 0);
      if (told.length > 0) deadlines.hearPong();
      clock.advance(5000);
      expect(clock.timers.size).toBe(1);
    }
    expect(new Set(told)).toEqual(new Set(['ping']));
    deadlines.clear();
    expect(clock.timers.size).toBe(0);
  });

  it('ping after silence, and close when no pong comes in time, whatever else is heard', () => {
    const { clock, told, deadlines } = open();
    deadlines.setRegistered(true);
    clock.advance(20_000);
    deadlines.hear();
    clock.advance(24_000);
    expect(told).toEqual([]);
    clock.advance(1000);
    expect(told).toEqual(['ping']);
    expect(deadlines.hearPong()).toBe(true);
    expect(deadlines.hearPong()).toBe(false);
    clock.advance(25_000);
    expect(told).toEqual(['ping', 'ping']);
    deadlines.hear();
    clock.advance(10_000);
    expect(told).toEqual(['ping', 'ping', 'ping-timeout']);
  });

  it('cut what was closed and does not end, two seconds later', () => {
    const { clock, told, deadlines } = open();
    clock.advance(20_000);
    deadlines.hear();
    clock.advance(10_000);
    expect(told).toEqual(['unregistered']);
    clock.advance(1999);
    expect(told).toEqual(['unregistered']);
    clock.advance(1);
    expect(told).toEqual(['unregistered', 'give up']);
  });
});
