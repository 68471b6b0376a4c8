import { describe, expect, it } from 'vitest';
import { FailedLogins, FORGET_MS } from '../../../src/edge/flood/failed-logins.ts';

const OPTIONS = { tries: 3, maxDelaySec: 30, maxKeys: 1000 };

describe('failed logins', () => {
  it('cost nothing at first, then 1 s, 2 s, 4 s … up to the longest wait', () => {
    const logins = new FailedLogins(OPTIONS);
    const waits: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 9; i++) {
      logins.count('alice', nowMs);
      const waitSec = logins.waitSec('alice', nowMs);
      waits.push(waitSec);
      nowMs += waitSec * 1000;
      expect(logins.waitSec('alice', nowMs)).toBe(0);
    }
    expect(waits).toEqual([0, 0, 1, 2, 4, 8, 16, 30, 30]);
  });

  it('of one key make no other wait', () => {
    const logins = new FailedLogins(OPTIONS);
    for (let i = 0; i < 5; i++) logins.count('alice', 0);
    expect(logins.waitSec('bob', 0)).toBe(0);
  });

  it('end with a right password', () => {
    const logins = new FailedLogins(OPTIONS);
    for (let i = 0; i < 5; i++) logins.count('alice', 0);
    logins.forget('alice');
    logins.count('alice', 0);
    expect([logins.waitSec('alice', 0), logins.size]).toEqual([0, 1]);
  });

  it('that turn out to be none are taken back', () => {
    const logins = new FailedLogins(OPTIONS);
    for (let i = 0; i < 3; i++) logins.count('alice', 0);
    logins.takeBack('alice', 0);
    expect(logins.waitSec('alice', 0)).toBe(0);
    logins.takeBack('alice', 0);
    logins.takeBack('alice', 0);
    logins.takeBack('alice', 0);
    expect(logins.size).toBe(0);
  });

  it('are forgotten after a while without any', () => {
    const logins = new FailedLogins(OPTIONS);
    for (let i = 0; i < 9; i++) logins.count('alice', 0);
    logins.count('alice', FORGET_MS);
    expect(logins.waitSec('alice', FORGET_MS)).toBe(0);
    logins.count('bob', 2 * FORGET_MS);
    expect(logins.size).toBe(1);
  });

  it('of 100,000 keys take no more room than the table has', () => {
    const logins = new FailedLogins(OPTIONS);
    for (let i = 0; i < 100_000; i++) logins.count(`198.51.100.1 user${i}`, i);
    expect(logins.size).toBe(OPTIONS.maxKeys);
  });
});
