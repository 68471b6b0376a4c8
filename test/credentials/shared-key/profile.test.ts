import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatUsername, splitUsername, USERNAME_ORDERS } from '../../../src/credentials/shared-key/profile.ts';
import { coturnProfile } from './support.ts';

it.each([
  ['t:u', '1700000000:alice', { name: 'alice', expiresAtSec: 1_700_000_000 }],
  ['t:u', '1700000000:a:b', { name: 'a:b', expiresAtSec: 1_700_000_000 }],
  ['t:u', '1700000000:__proto__', { name: '__proto__', expiresAtSec: 1_700_000_000 }],
  ['t:u', '1700000000', { name: '', expiresAtSec: 1_700_000_000 }],
  ['u:t', 'alice:1700000000', { name: 'alice', expiresAtSec: 1_700_000_000 }],
] as const)('in order %s reads %s', (order, username, split) => {
  expect(splitUsername({ ...coturnProfile, order }, username)).toEqual(split);
});

it.each([
  ['t:u', ''],
  ['t:u', ':'],
  ['t:u', '1700000000:'],
  ['t:u', ':alice'],
  ['t:u', 'alice:1700000000'],
  ['t:u', ' 1700000000:alice'],
  ['t:u', '+1700000000:alice'],
  ['t:u', '01700000000:alice'],
  ['t:u', '1.7e9:alice'],
  ['t:u', '0x10:alice'],
  ['t:u', '9007199254740992:alice'],
  ['t:u', '99999999999999999999:alice'],
  ['t:u', '١٧٠٠:alice'],
  ['t:u', '1700000000\n:alice'],
  ['u:t', '1700000000'],
  ['u:t', '1700000000:alice'],
  ['u:t', 'alice:b:1700000000'],
] as const)('in order %s refuses %j', (order, username) => {
  expect(splitUsername({ ...coturnProfile, order }, username)).toBeUndefined();
});

it('splits what it has joined, in both orders', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
  fc.assert(
    fc.property(fc.constantFrom(...USERNAME_ORDERS), name, fc.maxSafeNat(), (order, u, expiresAtSec) => {
      const profile = { ...coturnProfile, order };
      expect(splitUsername(profile, formatUsername(profile, { name: u, expiresAtSec }))).toEqual({
        name: u,
        expiresAtSec,
      });
    }),
  );
});

it('never throws, whatever the username holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (username) => {
      splitUsername(coturnProfile, username);
    }),
  );
});
