import { describe, expect, it } from 'vitest';
import { ok } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type LocalIssuer } from '../../../src/credentials/credential.ts';
import { IssuedNames } from '../../../src/credentials/shared-key/issued-names.ts';
import { createSharedKeyVerifier } from '../../../src/credentials/shared-key/verifier.ts';
import { usernameHash } from '../../../src/credentials/username-hash.ts';
import { at, coturnProfile, ring } from './support.ts';

const realm = 'example.org';
const shared = createSharedKeyVerifier({ keyRing: ring('north'), profile: coturnProfile, skewSec: 30 });

function setUp(max = 3) {
  const names = new IssuedNames({ realm, max, skewSec: 30 });
  const verifier = names.finding(shared);
  const find = (username: string, nowSec: number, inThe = realm) => {
    const found = verifier.lookupHash!({ userhash: usernameHash(username, inThe), realm: inThe }, at(nowSec));
    return found.ok ? found.value.username : found.reason;
  };
  return { names, find, verifier };
}

describe('the names handed out', () => {
  it('are found by USERHASH, with the keys of the whole ring behind them', () => {
    const { names, find, verifier } = setUp();
    names.note('2000:alice', 2000, at(1000));
    expect(find('2000:alice', 1500)).toBe('2000:alice');
    const found = verifier.lookupHash!({ userhash: usernameHash('2000:alice', realm), realm }, at(1500));
    expect(found.ok && found.value).toMatchObject({ user: 'alice', expiresAtSec: 2030 });
    expect(find('2000:bob', 1500)).toBe('unknown-user');
    expect(find('2000:alice', 1500, 'elsewhere.example')).toBe('unknown-user');
  });

  it('are good until their end and the skew, and forgotten then', () => {
    const { names, find } = setUp();
    names.note('2000:alice', 2000, at(1000));
    expect(find('2000:alice', 2029)).toBe('2000:alice');
    expect(find('2000:alice', 2030)).toBe('expired');
    names.note('9000:bob', 9000, at(2030));
    expect(names.size).toBe(1);
    expect(find('2000:alice', 2030)).toBe('unknown-user');
  });

  it('are never more than the bound: the oldest goes', () => {
    const { names, find } = setUp(3);
    for (let i = 0; i < 10_000; i++) names.note(`90000:u${i}`, 90_000, at(1000));
    expect(names.size).toBe(3);
    expect(find('90000:u9996', 1000)).toBe('unknown-user');
    expect(find('90000:u9997', 1000)).toBe('90000:u9997');
  });

  it('are noted once, however often the same credential is handed out', () => {
    const { names } = setUp();
    for (let i = 0; i < 5; i++) names.note('2000:alice', 2000, at(1000));
    expect(names.size).toBe(1);
  });

  it('are noted as an issuer makes them, and not where it makes none', () => {
    const { names, find } = setUp();
    const released: string[] = [];
    const issuer: LocalIssuer = {
      issue: ({ registrationId }) =>
        registrationId === 'denied'
          ? { ok: false, reason: 'denied' }
          : ok({ name: 'alice', username: '2000:alice', password: new Secret('p'), expiresAtSec: 2000 }),
      release: (registrationId, how) => released.push(`${registrationId} ${how}`),
    };
    const noting = names.noting(issuer);
    expect(noting.issue({ registrationId: 'denied', person: 'denied', grantedExpiresSec: 600 }, at(1000)).ok).toBe(
      false,
    );
    expect(names.size).toBe(0);
    expect(noting.issue({ registrationId: 'alice', person: 'alice', grantedExpiresSec: 600 }, at(1000)).ok).toBe(true);
    expect(find('2000:alice', 1000)).toBe('2000:alice');
    noting.release('alice', 'forget');
    expect(released).toEqual(['alice forget']);
    // The credential of a registration that lapsed outlives it.
    expect(find('2000:alice', 1000)).toBe('2000:alice');
  });
});
