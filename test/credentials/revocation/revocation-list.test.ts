import { expect, it } from 'vitest';
import { type Now } from '../../../src/base/clock.ts';
import { type Revocation } from '../../../src/credentials/revocation/revocation.ts';
import { RevocationList } from '../../../src/credentials/revocation/revocation-list.ts';

/** `aheadSec`: by how much the wall clock is ahead of the time that has passed. */
const at = (unixSec: number, aheadSec = 0): Now => ({
  unixMs: unixSec * 1000,
  monotonicMs: (unixSec - aheadSec) * 1000,
});

it('denies a name until its credentials would have ended', () => {
  const list = new RevocationList({ max: 10 });
  list.revoke({ user: 'u1', untilSec: 2000 }, at(1000));
  expect([1000, 1999.9, 2000].map((sec) => list.isRevoked('u1', at(sec)))).toEqual([true, true, false]);
  expect(list.isRevoked('u2', at(1000))).toBe(false);
  expect(list.all(at(1999))).toEqual([{ user: 'u1', untilSec: 2000 }]);
  expect(list.all(at(2000))).toEqual([]);
});

it('tells observers of what is new, and of nothing that has ended or is denied for as long already', () => {
  const list = new RevocationList({ max: 10 });
  const heard: Revocation[] = [];
  const stop = list.observe((entry) => heard.push(entry));
  list.revoke({ user: 'u1', untilSec: 2000 }, at(1000));
  list.revoke({ user: 'u1', untilSec: 1500 }, at(1000));
  list.revoke({ user: 'u1', untilSec: 3000 }, at(1000));
  list.revoke({ user: 'ended', untilSec: 1000 }, at(1000));
  stop();
  list.revoke({ user: 'u2', untilSec: 2000 }, at(1000));
  expect(heard).toEqual([
    { user: 'u1', untilSec: 2000 },
    { user: 'u1', untilSec: 3000 },
  ]);
  expect(list.isRevoked('u1', at(2500))).toBe(true);
});

it('keeps nothing of names whose credentials have ended', () => {
  const list = new RevocationList({ max: 10 });
  for (let i = 0; i < 1000; i++) list.revoke({ user: `u${i}`, untilSec: 1005 + i }, at(1000 + i));
  expect(list.size).toBeLessThanOrEqual(5);
});

it('forgets the name that ends first when it is full, never the newest, and tells of it', () => {
  const forgotten: Revocation[] = [];
  const list = new RevocationList({ max: 2, onForgotten: (entry) => forgotten.push(entry) });
  list.revoke({ user: 'later', untilSec: 4000 }, at(1000));
  list.revoke({ user: 'sooner', untilSec: 3000 }, at(1000));
  list.revoke({ user: 'newest', untilSec: 2000 }, at(1000));
  expect(['later', 'sooner', 'newest'].map((user) => list.isRevoked(user, at(1001)))).toEqual([true, false, true]);
  expect(forgotten).toEqual([{ user: 'sooner', untilSec: 3000 }]);
});

it('tells of no name as forgotten whose credentials had ended', () => {
  const forgotten: Revocation[] = [];
  const list = new RevocationList({ max: 1, onForgotten: (entry) => forgotten.push(entry) });
  list.revoke({ user: 'u1', untilSec: 1500 }, at(1000));
  list.revoke({ user: 'u2', untilSec: 3000 }, at(2000));
  expect(forgotten).toEqual([]);
});

it('makes no name good again when the wall clock jumps forth and back', () => {
  const list = new RevocationList({ max: 10 });
  list.revoke({ user: 'u1', untilSec: 2000 }, at(1000));
  list.revoke({ user: 'other', untilSec: 9000 }, at(1001 + 3600, 3600));
  expect(list.isRevoked('u1', at(1002))).toBe(true);
});

it('denies a name for as much longer as the wall clock was set back', () => {
  const list = new RevocationList({ max: 10 });
  list.revoke({ user: 'u1', untilSec: 2000 }, at(1000));
  list.revoke({ user: 'other', untilSec: 9000 }, at(2001 - 500, -500));
  expect(list.isRevoked('u1', at(1900, -500))).toBe(true);
  list.revoke({ user: 'another', untilSec: 9000 }, at(2001, -500));
  expect([list.isRevoked('u1', at(2001, -500)), list.size]).toEqual([false, 2]);
});
