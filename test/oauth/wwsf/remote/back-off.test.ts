import { expect, it } from 'vitest';
import { BackOff } from '../../../../src/oauth/wwsf/remote/back-off.ts';

const at = (sec: number) => ({ monotonicMs: sec * 1000, unixMs: 0 });

it('leaves a server alone for twice as long each time, up to half a minute, and no more once it has answered', () => {
  const backOff = new BackOff();
  let now = 0;
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    waits.push(backOff.failed(at(now), at(now)));
    now += backOff.waitSec(at(now));
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
  backOff.succeeded();
  expect([backOff.waitSec(at(now)), backOff.failed(at(now), at(now))]).toEqual([0, 1]);
});

it('counts one failure of all that were asked together', () => {
  const backOff = new BackOff();
  for (let i = 0; i < 100; i += 1) backOff.failed(at(10), at(14));
  expect(backOff.waitSec(at(14))).toBe(1);
});

it.each([
  ['7', 7],
  ['0', 1],
  ['86400', 30],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 1],
  ['-5', 1],
  ['9'.repeat(500), 1],
])('waits as a server says that is in reach: %s', (retryAfter, waitSec) => {
  expect(new BackOff().failed(at(0), at(0), retryAfter)).toBe(waitSec);
});
