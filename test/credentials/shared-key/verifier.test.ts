import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createSharedKeyIssuer } from '../../../src/credentials/shared-key/issuer.ts';
import { createPasswordFunction } from '../../../src/credentials/shared-key/password.ts';
import { createPseudonyms } from '../../../src/credentials/shared-key/pseudonym.ts';
import { checkCredential, createSharedKeyVerifier } from '../../../src/credentials/shared-key/verifier.ts';
import { at, coturnProfile, ring } from './support.ts';
import { unwrap } from '../../support/unwrap.ts';

const username = '1700000000:alice';
const realm = 'example.org';

describe('lookup', () => {
  const verifier = createSharedKeyVerifier({ keyRing: ring('south', 'north'), profile: coturnProfile, skewSec: 0 });

  it('offers the long-term key of every Km of the ring, newest first', () => {
    const result = unwrap(verifier.lookup({ username, realm }, at(1_699_999_999)));
    expect(result).toMatchObject({ user: 'alice', expiresAtSec: 1_700_000_000 });
    expect(result.keys.map(({ keyId }) => keyId)).toEqual(['id-south', 'id-north']);
    // printf '%s' '1700000000:alice:example.org:Cd/49soE35ICqcJF/bCTn8Z4OyE=' | md5sum
    expect(result.keys[1]!.integrityKey('md5')!.toString('hex')).toBe('d9a6a3d964467baeffd2fce41704a913');
  });

  it.each([
    [1_699_999_999.999, 0, true],
    [1_700_000_000, 0, false],
    [1_700_000_029.999, 30, true],
    [1_700_000_030, 30, false],
  ])('at %d s with a skew of %i s a credential that ends at 1700000000 is good: %s', (nowSec, skewSec, good) => {
    const skewed = createSharedKeyVerifier({ keyRing: ring('north'), profile: coturnProfile, skewSec });
    const result = skewed.lookup({ username, realm }, at(nowSec));
    expect(result.ok ? 'good' : result.reason).toBe(good ? 'good' : 'expired');
  });

  it('tells an unknown form from an expired one', () => {
    expect(verifier.lookup({ username: 'alice', realm }, at(0))).toEqual({ ok: false, reason: 'unknown-form' });
  });

  it('never throws, whatever username and realm hold', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.nat(), (u, foreignRealm, expiry) => {
        for (const name of [u, `${expiry}:${u}`]) {
          const result = verifier.lookup({ username: name, realm: foreignRealm }, at(0));
          if (result.ok) for (const key of result.value.keys) expect(key.integrityKey('md5')).toHaveLength(16);
        }
      }),
    );
  });
});

describe('check of a credential by an operator', () => {
  const options = { keyRing: ring('south', 'north'), profile: coturnProfile, skewSec: 0 };
  const password = 'Cd/49soE35ICqcJF/bCTn8Z4OyE=';

  it('names the key and the end', () => {
    expect(checkCredential(options, { username, password, realm }, at(1_600_000_000))).toEqual({
      ok: true,
      value: { name: 'alice', expiresAtSec: 1_700_000_000, keyId: 'id-north', expired: false },
    });
  });

  it('tells an expired credential from a forged one', () => {
    expect(checkCredential(options, { username, password, realm }, at(1_700_000_000))).toMatchObject({
      value: { expired: true },
    });
    const forged = { username: '1900000000:alice', password, realm };
    expect(checkCredential(options, forged, at(1_700_000_000))).toEqual({ ok: false, reason: 'wrong-key-or-password' });
  });
});

it('accepts what the issuer minted under an older key, and refuses it for another realm when bound', () => {
  const profile = { ...coturnProfile, realmBound: true };
  const issuer = createSharedKeyIssuer({
    keyRing: ring('north'),
    profile,
    pseudonyms: createPseudonyms(new Secret('p'), new Secret('km')),
    realm,
    policy: 'reuse',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    maxRegistrations: 1,
  });
  const issued = unwrap(issuer.issue({ registrationId: 'r', person: 'r', grantedExpiresSec: 60 }, at(1_700_000_000)));
  const given = { username: issued.username, password: issued.password.revealText() };
  const later = { keyRing: ring('newer', 'north'), profile, skewSec: 0 };
  expect(checkCredential(later, { ...given, realm }, at(1_700_000_001))).toMatchObject({
    value: { keyId: 'id-north' },
  });
  expect(checkCredential(later, { ...given, realm: 'other' }, at(1_700_000_001)).ok).toBe(false);
  expect(given.password).toBe(createPasswordFunction(new Secret('north'), profile)(given.username, realm));
});
