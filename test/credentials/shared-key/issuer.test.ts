import { describe, expect, it } from 'vitest';
import { type TurnCredential } from '../../../src/credentials/credential.ts';
import { createSharedKeyIssuer, type SharedKeyIssuerOptions } from '../../../src/credentials/shared-key/issuer.ts';
import { type Revocation } from '../../../src/credentials/revocation/revocation.ts';
import { createPseudonyms } from '../../../src/credentials/shared-key/pseudonym.ts';
import { Secret } from '../../../src/base/secret.ts';
import { at, coturnProfile, ring } from './support.ts';
import { unwrap } from '../../support/unwrap.ts';

const pseudonyms = createPseudonyms(new Secret('pseudonym key'), new Secret('km'));

function issuer(options: Partial<SharedKeyIssuerOptions> = {}) {
  const made = createSharedKeyIssuer({
    keyRing: ring('new', 'old'),
    profile: coturnProfile,
    pseudonyms,
    realm: 'ims.example',
    policy: 'per-registration',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    maxRegistrations: 100,
    ...options,
  });
  return {
    ...made,
    get(
      nowSec: number,
      wishedTtlSec?: number,
      registrationId = 'sip:alice@ims.example#1',
      grantedExpiresSec = 600,
    ): TurnCredential {
      const wish = wishedTtlSec === undefined ? {} : { wishedTtlSec };
      return unwrap(made.issue({ registrationId, person: 'alice', grantedExpiresSec, ...wish }, at(nowSec)));
    },
  };
}

describe('lifetime', () => {
  it.each([
    [7200, 86_400, 7200],
    [1e15, 7200, 7200],
    [1e15, 1e9, 86_400],
    [3601, 600, 3600],
    [undefined, 86_400, 3600],
  ])('wish %s with maxWishSec %i gives %i s', (wish, maxWishSec, ttl) => {
    const made = issuer({ ttl: { defaultSec: 3600, minSec: 60, maxWishSec, maxSec: 86_400 } });
    expect(made.get(1_700_000_000, wish).expiresAtSec).toBe(1_700_000_000 + ttl);
  });

  it.each(['per-registration', 'reuse'] as const)('never passes notAfterSec, by policy %s', (policy) => {
    const made = issuer({ policy });
    const request = { registrationId: '1', person: 'alice', grantedExpiresSec: 600, notAfterSec: 1_700_000_900 };
    for (const nowSec of [1_700_000_000, 1_700_000_899]) {
      const issued = made.issue(request, at(nowSec));
      expect(issued.ok && issued.value.expiresAtSec).toBe(1_700_000_900);
    }
    expect(made.issue(request, at(1_700_000_900))).toEqual({ ok: false, reason: 'denied' });
  });

  it.each([
    [undefined, 600, 3600],
    [undefined, 2400, 4800],
    [undefined, 100_000, 86_400],
    [120, 600, 120],
    [1, 600, 60],
    [0, 600, 60],
    [3601, 600, 3600],
    [1e15, 600, 3600],
    [1e15, 2400, 4800],
    [90.7, 600, 90],
  ])('wish %s with a registration of %i s gives %i s', (wish, granted, ttl) => {
    expect(issuer().get(1_700_000_000, wish, 'r', granted).expiresAtSec).toBe(1_700_000_000 + ttl);
  });
});

it('joins the very digits of t to a u that tells nothing of the registration', () => {
  const credential = issuer().get(1_700_000_000);
  expect(credential.username).toBe(`${credential.expiresAtSec}:${credential.name}`);
  expect(credential.username).not.toContain('alice');
  expect(pseudonyms.reveal(credential.name)).toBe('sip:alice@ims.example#1');
  expect(credential.realm).toBeUndefined();
});

it('names the realm when the password is bound to it', () => {
  expect(issuer({ profile: { ...coturnProfile, realmBound: true } }).get(1_700_000_000).realm).toBe('ims.example');
});

it('keeps u through a registration and takes a new one for the next', () => {
  const made = issuer();
  const first = made.get(1_700_000_000);
  expect(made.get(1_700_000_300).name).toBe(first.name);
  made.release('sip:alice@ims.example#1', 'forget');
  expect(made.get(1_700_000_301).name).not.toBe(first.name);
});

it('denies the name of a registration that was ended until the last t that it was given, and of none that lapsed', () => {
  const revoked: Revocation[] = [];
  const made = issuer({ revoke: (entry) => revoked.push(entry) });
  const { name } = made.get(1_700_000_000, 3000);
  made.get(1_700_000_100, 60);
  made.release('sip:alice@ims.example#1', 'revoke');
  expect(revoked).toEqual([{ user: name, untilSec: 1_700_003_000 }]);
  made.get(1_700_000_200);
  made.release('sip:alice@ims.example#1', 'forget');
  made.release('sip:stranger@ims.example#1', 'revoke');
  expect(revoked).toHaveLength(1);
});

it('mints a new credential at each request under per-registration', () => {
  const made = issuer();
  expect(made.get(1_700_000_010).expiresAtSec).toBe(made.get(1_700_000_000).expiresAtSec + 10);
});

describe('policy reuse', () => {
  it('hands out the same credential for half of its life, then a new one', () => {
    const made = issuer({ policy: 'reuse' });
    const first = made.get(1_700_000_000);
    expect(made.get(1_700_001_799)).toBe(first);
    expect(made.get(1_700_001_800).expiresAtSec).toBe(1_700_001_800 + 3600);
  });

  it('mints anew when another lifetime is wished', () => {
    const made = issuer({ policy: 'reuse' });
    made.get(1_700_000_000);
    expect(made.get(1_700_000_001, 120).expiresAtSec).toBe(1_700_000_121);
  });

  it('does not outlive its ttl when the wall clock is set back', () => {
    const made = issuer({ policy: 'reuse' });
    made.get(1_700_000_000);
    expect(made.get(1_600_000_000).expiresAtSec).toBe(1_600_003_600);
  });
});

it('remembers a bounded number of registrations', () => {
  const made = issuer({ maxRegistrations: 2 });
  const first = made.get(1_700_000_000, undefined, 'a');
  made.get(1_700_000_000, undefined, 'b');
  const third = made.get(1_700_000_000, undefined, 'c');
  expect(made.get(1_700_000_000, undefined, 'c').name).toBe(third.name);
  expect(made.get(1_700_000_000, undefined, 'a').name).not.toBe(first.name);
});
