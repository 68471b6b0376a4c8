import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createSharedKeyIssuer } from '../../../src/credentials/shared-key/issuer.ts';
import { createPersonSeal } from '../../../src/credentials/shared-key/person-seal.ts';
import { createPseudonyms } from '../../../src/credentials/shared-key/pseudonym.ts';
import { createSharedKeyVerifier } from '../../../src/credentials/shared-key/verifier.ts';
import { at, coturnProfile, ring } from './support.ts';
import { unwrap } from '../../support/unwrap.ts';

const REALM = 'ims.example';

/** An edge, by its keys. */
function edge(pseudonymKey = 'pseudonym key', km = 'north') {
  const keyRing = ring(km);
  const issuer = createSharedKeyIssuer({
    keyRing,
    profile: coturnProfile,
    pseudonyms: createPseudonyms(new Secret(pseudonymKey), keyRing.newest.secret),
    realm: REALM,
    policy: 'per-registration',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    maxRegistrations: 100,
  });
  return (registrationId: string, person: string): string => {
    return unwrap(issuer.issue({ registrationId, person, grantedExpiresSec: 600 }, at(1000))).username;
  };
}

/** Whom a relay that knows no key but Km counts, by each key of its ring. */
function countedBy(username: string, ...kms: string[]): (string | undefined)[] {
  const verifier = createSharedKeyVerifier({ keyRing: ring(...kms), profile: coturnProfile, skewSec: 0 });
  const found = unwrap(verifier.lookup({ username, realm: REALM }, at(1000)));
  return found.keys.map((key) => key.person?.());
}

describe('a relay that has Km alone', () => {
  it('counts all registrations of a person as one, whichever edge of the fleet made them', () => {
    const names = [edge()('r1', 'alice'), edge()('r2', 'alice'), edge()('r3', 'bob')];
    const [first, second, other] = names.map((name) => countedBy(name, 'north')[0]);
    expect(first).toMatch(/^[\da-f]{16}$/);
    expect(second).toBe(first);
    expect(other).toMatch(/^[\da-f]{16}$/);
    expect(other).not.toBe(first);
  });

  it('counts by edge where the edges have pseudonym keys of their own', () => {
    const [one] = countedBy(edge('here')('r1', 'alice'), 'north');
    const [other] = countedBy(edge('there')('r1', 'alice'), 'north');
    expect(one).not.toBe(other);
  });

  it('reads it under the key that made the name, while keys are changed', () => {
    const username = edge('p', 'north')('r1', 'alice');
    const [newer, older] = countedBy(username, 'south', 'north');
    expect(newer).toBeUndefined();
    expect(older).toBe(countedBy(username, 'north')[0]);
  });

  it.each(['1700000000', '1700000000:alice', `1700000000:u${'A'.repeat(90)}`, '1700000000:ü'])(
    'finds no person in %s, which another issuer made',
    (username) => {
      expect(countedBy(username, 'north')).toEqual([undefined]);
    },
  );
});

describe('a name', () => {
  it('tells nobody else whose it is: no two of a person have anything in common', () => {
    const make = edge();
    const names = Array.from({ length: 50 }, (_, i) => make(`r${i}`, 'alice').split(':')[1]!);
    expect(new Set(names.map((name) => name.slice(-16))).size).toBe(50);
    expect(new Set(names.map((name) => name.length)).size).toBe(1);
    for (let place = 1; place < names[0]!.length; place++) {
      expect(new Set(names.map((name) => name[place])).size, `character ${place}`).toBeGreaterThan(2);
    }
  });

  it('is still of letters, digits, "-" and "_", and short enough for coturn', () => {
    const username = edge()('a'.repeat(22), 'sip:somebody-with-a-long-name@ims.mnc001.mcc001.3gppnetwork.org');
    expect(username).toMatch(/^\d+:u[\w-]+$/);
    expect(username.length).toBeLessThan(128);
  });
});

it('never throws, whatever the name', () => {
  const persons = createPersonSeal(new Secret('north'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(persons.open(name)).toBeUndefined();
    }),
  );
});
