import { describe, expect, it, vi } from 'vitest';
import { type IssueRequest } from '../../../src/credentials/credential.ts';
import { decodeAccessToken } from '../../../src/credentials/access-token/token-codec.ts';
import { openHolder } from '../../../src/credentials/access-token/token-holder.ts';
import { unwrap } from '../../support/unwrap.ts';
import { at } from '../shared-key/support.ts';
import { north, SERVER_NAME, south, tokenIssuer } from './support.ts';

const NOW = at(1_800_000_000.5);
const alice: IssueRequest = { registrationId: 'alice#1', person: 'alice', grantedExpiresSec: 600 };

function holderOf(credential: { token: Buffer }, key = north) {
  const { macKey, nonce } = unwrap(decodeAccessToken(credential.token, key, SERVER_NAME));
  return openHolder(macKey, nonce, key);
}

describe('an issued token', () => {
  it('opens with K, and holds the session key, the time and the lifetime that the client is told', () => {
    const credential = unwrap(tokenIssuer().issue(alice, NOW));
    const token = unwrap(decodeAccessToken(credential.token, north, SERVER_NAME));
    expect(credential.kid).toBe('north');
    expect(token.macKey.toString('base64')).toBe(credential.key.revealText());
    expect(token).toMatchObject({ issuedAtSec: 1_800_000_000, lifetimeSec: 3600 });
    expect(token.macKey).toHaveLength(20);
    expect(credential.expiresAtSec).toBe(1_800_003_600);
  });

  it('is small enough for a datagram that no path fragments', () => {
    expect(unwrap(tokenIssuer().issue(alice, NOW)).token).toHaveLength(64);
  });

  it('has a session key and a nonce of its own', () => {
    const issuer = tokenIssuer();
    const seen = Array.from({ length: 100 }, () => unwrap(issuer.issue(alice, NOW)));
    expect(new Set(seen.map(({ key }) => key.revealText())).size).toBe(100);
    expect(new Set(seen.map(({ token }) => token.toString('hex', 2, 14))).size).toBe(100);
  });

  it.each([
    [{ wishedTtlSec: 120 }, 120],
    [{ grantedExpiresSec: 3000 }, 6000],
    [{ notAfterSec: 1_800_000_100 }, 100],
  ])('with %j lives %i s', (changes, lifetimeSec) => {
    const { expiresAtSec } = unwrap(tokenIssuer().issue({ ...alice, ...changes }, NOW));
    expect(expiresAtSec).toBe(1_800_000_000 + lifetimeSec);
  });

  it('is not made for a web identity that has ended', () => {
    expect(tokenIssuer().issue({ ...alice, notAfterSec: 1_800_000_000 }, NOW)).toEqual({ ok: false, reason: 'denied' });
  });
});

describe('the holder in a token', () => {
  it('is the registration that the issuer names, in every token of it', () => {
    const issuer = tokenIssuer();
    const first = unwrap(issuer.issue(alice, NOW));
    const second = unwrap(issuer.issue(alice, NOW));
    expect(holderOf(first)!.user).toBe(first.user);
    expect(second.user).toBe(first.user);
  });

  it('is another for another registration, of one person all the same, with any K and at any edge', () => {
    const one = unwrap(tokenIssuer().issue(alice, NOW));
    const other = unwrap(tokenIssuer({ key: south }).issue({ ...alice, registrationId: 'alice#2' }, NOW));
    expect(holderOf(other, south)!.user).not.toBe(holderOf(one)!.user);
    expect(holderOf(other, south)!.person).toBe(holderOf(one)!.person);
    const bob = unwrap(tokenIssuer().issue({ ...alice, person: 'bob' }, NOW));
    expect(holderOf(bob)!.person).not.toBe(holderOf(one)!.person);
  });

  it('is new after a release, so that a word against the old one does not reach the next registration', () => {
    const issuer = tokenIssuer();
    const before = unwrap(issuer.issue(alice, NOW));
    issuer.release(alice.registrationId, 'revoke');
    expect(unwrap(issuer.issue(alice, NOW)).user).not.toBe(before.user);
  });

  it('is denied until its last token ends, when the registration is ended, and not when it lapses', () => {
    const revoke = vi.fn();
    const issuer = tokenIssuer({ revoke });
    const { user } = unwrap(issuer.issue(alice, NOW));
    issuer.issue({ ...alice, wishedTtlSec: 60 }, NOW);
    issuer.release(alice.registrationId, 'revoke');
    expect(revoke.mock.calls).toEqual([[{ user, untilSec: 1_800_003_600 }]]);
    issuer.issue(alice, NOW);
    issuer.release(alice.registrationId, 'forget');
    issuer.release('nobody', 'revoke');
    expect(revoke).toHaveBeenCalledTimes(1);
  });

  it('shows in no byte that the client or the path can see', () => {
    const issuer = tokenIssuer();
    const keys = Array.from({ length: 50 }, () =>
      Buffer.from(unwrap(issuer.issue(alice, NOW)).key.revealText(), 'base64'),
    );
    for (let i = 0; i < 20; i++) expect(new Set(keys.map((key) => key[i])).size).toBeGreaterThan(20);
  });
});
