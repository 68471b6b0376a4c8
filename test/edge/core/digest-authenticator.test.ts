import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { DigestAuthenticator } from '../../../src/edge/core/digest-authenticator.ts';
import { createUserDirectory } from '../../../src/edge/user-directory.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { computeDigestResponse, ha1 } from '../../../src/sip/digest.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { formatAuthorization, parseChallenge } from '../../sip/digest-client.ts';
import { unwrap } from '../../support/unwrap.ts';
import { PASSWORDS } from '../support/edge-options.ts';
import { WicMessages } from '../support/wic.ts';

const NOW_MS = 1_000_000;

interface Changes {
  readonly username?: string;
  readonly realm?: string;
  readonly algorithm?: 'MD5' | 'SHA-256' | 'MD5-sess';
  readonly uri?: string;
  readonly nonce?: string;
  readonly password?: string;
  readonly withoutQop?: boolean;
  readonly afterMs?: number;
  readonly claimedUser?: string;
}

function authenticator(): DigestAuthenticator {
  const options = { algorithms: ['SHA-256', 'MD5'] as const, nonceLifetimeSec: 300, nonces: 100 };
  return new DigestAuthenticator(options, createUserDirectory(PASSWORDS), 'example.com');
}

function challenged(subject: DigestAuthenticator): { request: SipRequest; nonce: string } {
  const request = new WicMessages('alice').buildRegister();
  const response = createResponse(request, 401);
  subject.addChallenges(response, 'flow', false, NOW_MS);
  const { nonce } = unwrap(parseChallenge(response.headers.get('WWW-Authenticate')!));
  return { request, nonce };
}

function attempt(changes: Changes) {
  const subject = authenticator();
  const { request, nonce: issued } = challenged(subject);
  const { username = 'alice', realm = 'example.com', algorithm = 'MD5', uri = request.uri, nonce = issued } = changes;
  const password = new Secret(changes.password ?? 'wonderland');
  const qop = { nc: '00000001', cnonce: 'c', nonceCount: 1 };
  const used = changes.withoutQop ? {} : { qop };
  const a1 = ha1({ algorithm, username, realm, password });
  const response = computeDigestResponse({ algorithm, ha1: a1, method: 'REGISTER', uri, nonce, ...used });
  request.headers.append(
    'Authorization',
    formatAuthorization({ username, realm, nonce, uri, response, algorithm, ...used }),
  );
  const claimed = { user: changes.claimedUser ?? 'alice', domain: 'example.com', flowId: 'flow' };
  return subject.authenticate(request, claimed, NOW_MS + (changes.afterMs ?? 0));
}

describe('digest authentication', () => {
  it.each<{ what: string; changes: Changes; outcome: object }>([
    { what: 'the right proof', changes: {}, outcome: { kind: 'authenticated' } },
    {
      what: 'the private identity as name',
      changes: { username: 'alice@example.com' },
      outcome: { kind: 'authenticated' },
    },
    { what: 'an equal URI in other words', changes: { uri: 'sip:EXAMPLE.com' }, outcome: { kind: 'authenticated' } },
    {
      what: 'a wrong password',
      changes: { password: 'x' },
      outcome: { kind: 'challenge', stale: false, failure: { cause: 'wrong-password' } },
    },
    {
      what: 'an unknown user',
      changes: { username: 'mallory' },
      outcome: { kind: 'challenge', stale: false, failure: { cause: 'unknown-user' } },
    },
    {
      what: 'a name of Object.prototype',
      changes: { username: 'constructor' },
      outcome: { kind: 'challenge', failure: { cause: 'unknown-user' } },
    },
    {
      what: 'another realm',
      changes: { realm: 'example.org' },
      outcome: { kind: 'challenge', failure: { cause: 'wrong-realm' } },
    },
    {
      what: 'an algorithm not offered',
      changes: { algorithm: 'MD5-sess' },
      outcome: { kind: 'challenge', failure: { cause: 'algorithm' } },
    },
    { what: 'no qop', changes: { withoutQop: true }, outcome: { kind: 'challenge', failure: { cause: 'malformed' } } },
    {
      what: 'a nonce of its own',
      changes: { nonce: 'mine' },
      outcome: { kind: 'challenge', stale: true, failure: { cause: 'foreign-nonce' } },
    },
    { what: 'an expired nonce', changes: { afterMs: 300_000 }, outcome: { kind: 'challenge', stale: true } },
    {
      what: 'an expired nonce and a wrong password',
      changes: { afterMs: 300_000, password: 'x' },
      outcome: { kind: 'challenge', stale: false },
    },
    {
      what: 'another URI',
      changes: { uri: 'sip:example.org' },
      outcome: { kind: 'refused', failure: { cause: 'uri-mismatch' } },
    },
    {
      what: "another user's AoR",
      changes: { claimedUser: 'bob' },
      outcome: { kind: 'refused', failure: { cause: 'other-identity' } },
    },
  ])('with $what comes to $outcome', ({ changes, outcome }) => {
    expect(attempt(changes)).toMatchObject(outcome);
  });

  it.each<[string, Changes, string]>([
    ['wrong-password', { password: 'x' }, 'alice'],
    ['wrong-password', { password: 'x', claimedUser: 'bob' }, 'alice'],
    ['wrong-password', { username: 'bob@example.com' }, 'bob'],
    ['other-identity', { claimedUser: 'bob' }, 'alice'],
    ['malformed', { withoutQop: true, claimedUser: 'bob' }, 'alice'],
    ['wrong-realm', { realm: 'x', claimedUser: 'bob' }, 'bob'],
  ])('tells of a failure (%s, %j) whose password was tried', (cause, changes, user) => {
    expect(attempt(changes)).toMatchObject({ failure: { cause, user } });
  });

  it.each([
    ['nothing', undefined],
    [
      'an empty proof, as IMS clients begin',
      'Digest username="alice", realm="example.com", nonce="", uri="sip:example.com", response=""',
    ],
  ])('with %s is a plain challenge and no failure', (_what, value) => {
    const request = new WicMessages('alice').buildRegister();
    if (value !== undefined) request.headers.append('Authorization', value);
    const outcome = authenticator().authenticate(
      request,
      { user: 'alice', domain: 'example.com', flowId: 'flow' },
      NOW_MS,
    );
    expect(outcome).toEqual({ kind: 'challenge', stale: false });
  });

  it.each(['Bearer abc', 'Digest', 'Digest username="alice', 'Digest username="a", username="b"', ' '])(
    'with %j is a failure, not an error',
    (value) => {
      const request = new WicMessages('alice').buildRegister({ headers: { Authorization: value } });
      const outcome = authenticator().authenticate(
        request,
        { user: 'alice', domain: 'example.com', flowId: 'flow' },
        NOW_MS,
      );
      expect(outcome).toMatchObject({ kind: 'challenge', failure: { cause: 'malformed' } });
    },
  );
});
