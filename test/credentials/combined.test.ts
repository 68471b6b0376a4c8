import { describe, expect, it, vi } from 'vitest';
import { fail } from '../../src/base/result.ts';
import { Secret } from '../../src/base/secret.ts';
import { combineVerifiers, inRealm, withAccessTokens } from '../../src/credentials/combined.ts';
import { type CredentialVerifier, type LocalVerifier } from '../../src/credentials/credential.ts';
import { createSharedKeyVerifier } from '../../src/credentials/shared-key/verifier.ts';
import { createStaticVerifier } from '../../src/credentials/static/verifier.ts';
import { usernameHash } from '../../src/credentials/username-hash.ts';
import { settled } from '../support/settled.ts';
import { at, coturnProfile, ring } from './shared-key/support.ts';

const realm = 'example.org';
const shared = createSharedKeyVerifier({ keyRing: ring('north'), profile: coturnProfile, skewSec: 0 });
const named = (name: string) =>
  createStaticVerifier([{ name, realm, proof: { password: new Secret('long-term-password') } }]);

/** The same verifier, answering later. */
function later(verifier: LocalVerifier): CredentialVerifier {
  return {
    lookup: (request, now) => ({
      later: (settle) => {
        settle(verifier.lookup(request, now));
      },
    }),
  };
}

describe('verifiers at the same time', () => {
  const both = combineVerifiers([named('carol'), shared]);

  it.each([
    ['carol', 'carol', undefined],
    ['1700000000:alice', 'alice', 1_700_000_000],
  ])('know each its own: %s', (username, user, expiresAtSec) => {
    const found = both.lookup({ username, realm }, at(1_600_000_000));
    expect(found.ok && [found.value.user, found.value.expiresAtSec]).toEqual([user, expiresAtSec]);
  });

  it.each([
    ['carol', 'carol'],
    ['1700000000:alice', 'alice'],
  ])('are asked in their order where some answer later: %s', (username, user) => {
    const found = settled(
      combineVerifiers([later(named('carol')), later(shared)]).lookup({ username, realm }, at(1_600_000_000)),
    );
    expect(found.ok && found.value.user).toBe(user);
  });

  it('do not ask the others once one that answers later knows a name', () => {
    const others = vi.spyOn(shared, 'lookup');
    settled(combineVerifiers([later(named('carol')), shared]).lookup({ username: 'carol', realm }, at(0)));
    expect(others).not.toHaveBeenCalled();
    others.mockRestore();
  });

  it('cannot tell of a name that no other knows while one of them cannot', () => {
    const down: CredentialVerifier = { lookup: () => fail('unavailable') };
    const found = combineVerifiers([down, named('carol')]);
    expect(found.lookup({ username: 'dave', realm }, at(0))).toEqual({ ok: false, reason: 'unavailable' });
    expect(settled(found.lookup({ username: 'carol', realm }, at(0))).ok).toBe(true);
  });

  it('are asked in their order, and the first that knows a name is the only one', () => {
    const written = combineVerifiers([named('1700000000:alice'), shared]);
    const found = written.lookup({ username: '1700000000:alice', realm }, at(1_600_000_000));
    expect(found.ok && found.value.keys.map(({ keyId }) => keyId)).toEqual(['static']);
  });

  it('tell the failure of the one that knew most', () => {
    const ended = { username: '1700000000:alice', realm };
    expect(both.lookup(ended, at(1_800_000_000))).toEqual({ ok: false, reason: 'expired' });
    const turned = combineVerifiers([shared, named('carol')]);
    expect(turned.lookup(ended, at(1_800_000_000))).toEqual({ ok: false, reason: 'expired' });
    expect(both.lookup({ username: 'mallory', realm }, at(0)).ok).toBe(false);
  });

  it('offer what all of them can do', () => {
    const md5Only = createStaticVerifier([{ name: 'dave', realm, proof: { md5Key: Buffer.alloc(16) } }]);
    expect(both.keyAlgorithms).toEqual(['sha256', 'md5']);
    expect(combineVerifiers([md5Only, shared]).keyAlgorithms).toEqual(['md5']);
    const silent = { lookup: shared.lookup.bind(shared) };
    expect(combineVerifiers([named('carol'), silent]).keyAlgorithms).toEqual(['md5']);
  });

  it('find by USERHASH only when all of them can', () => {
    expect('lookupHash' in both).toBe(false);
    const hashing = combineVerifiers([named('carol'), named('dave')]);
    const found = hashing.lookupHash!({ userhash: usernameHash('dave', realm), realm }, at(0));
    expect(found.ok && found.value.username).toBe('dave');
  });
});

describe('a verifier of one realm', () => {
  const own = inRealm(realm, named('carol'));

  it('knows its users there and nobody elsewhere', () => {
    expect(own.lookup({ username: 'carol', realm }, at(0)).ok).toBe(true);
    const elsewhere = { realm: 'elsewhere.example' };
    expect(own.lookup({ username: 'carol', ...elsewhere }, at(0))).toEqual({ ok: false, reason: 'wrong-realm' });
    const userhash = usernameHash('carol', elsewhere.realm);
    expect(own.lookupHash!({ userhash, ...elsewhere }, at(0))).toEqual({ ok: false, reason: 'wrong-realm' });
  });

  it('can do what the verifier within can', () => {
    expect(own.keyAlgorithms).toEqual(['sha256', 'md5']);
    expect('lookupHash' in inRealm(realm, shared)).toBe(false);
  });
});

describe('access tokens beside users with passwords', () => {
  const tokens = { accessTokensFor: 'turn.example', lookup: vi.fn(() => fail('forged-token')) };
  const users = { keyAlgorithms: ['md5'] as const, lookup: vi.fn(() => fail('unknown-user')) };
  const both = withAccessTokens(tokens, users);

  it.each([
    [Buffer.alloc(64), 'forged-token', 1, 0],
    [undefined, 'unknown-user', 0, 1],
  ])(
    'are asked for a request with a token alone, and the others for one without (%#)',
    (accessToken, reason, byToken, byName) => {
      vi.clearAllMocks();
      const request = { username: 'north', realm, ...(accessToken && { accessToken }) };
      expect(both.lookup(request, at(0))).toEqual(fail(reason));
      expect(tokens.lookup).toHaveBeenCalledTimes(byToken);
      expect(users.lookup).toHaveBeenCalledTimes(byName);
    },
  );

  it('offer what the users can do, and the name for the challenge', () => {
    expect(both).toMatchObject({ accessTokensFor: 'turn.example', keyAlgorithms: ['md5'] });
    expect(combineVerifiers([both, users]).accessTokensFor).toBe('turn.example');
    expect(inRealm(realm, both).accessTokensFor).toBe('turn.example');
    expect('accessTokensFor' in combineVerifiers([users])).toBe(false);
  });
});
