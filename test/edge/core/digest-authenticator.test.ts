import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { DigestAuthenticator } from '../../../src/edge/core/digest-authenticator.ts';
import { type Hop } from '../../../src/edge/hop.ts';
import { createUserDirectory } from '../../../src/edge/user-directory.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { ha1 } from '../../../src/sip/digest.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { computeDigestResponse, formatAuthorization, parseChallenge } from '../../sip/digest-client.ts';
import { unwrap } from '../../support/unwrap.ts';
import { PASSWORDS } from '../support/edge-options.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const NOW_MS = 1_000_000;

interface Changes {
  readonly username?: string;
  readonly realm?: string;
  readonly algorithm?: 'MD5' | 'SHA-256' | 'MD5-sess';
  readonly uri?: string;
  readonly nonce?: string;
  readonly password?: string;
  readonly nc?: string;
  readonly withoutQop?: boolean;
  readonly afterMs?: number;
  readonly claimedUser?: string;
}

function authenticator(users: ReadonlyMap<string, Secret> = PASSWORDS): DigestAuthenticator {
  const options = { algorithms: ['SHA-256', 'MD5'] as const, nonceLifetimeSec: 300 };
  return new DigestAuthenticator(options, createUserDirectory(users), 'example.com');
}

function challenged(subject: DigestAuthenticator, hop: Hop): { nonce: string } {
  const request = new WicMessages('alice').buildRegister();
  const response = createResponse(request, 401);
  subject.addChallenges(response, hop, false, NOW_MS);
  const { nonce } = unwrap(parseChallenge(response.headers.get('WWW-Authenticate')!));
  return { nonce };
}

function attempt(changes: Changes) {
  const subject = authenticator();
  const hop = new FakeHop();
  const request = proof({ nonce: challenged(subject, hop).nonce, ...changes });
  const claimed = { user: changes.claimedUser ?? 'alice', hop };
  return subject.authenticate(request, claimed, NOW_MS + (changes.afterMs ?? 0));
}

/** A REGISTER with credentials. */
function proof(changes: Changes & { readonly nonce: string }): SipRequest {
  const request = new WicMessages('alice').buildRegister();
  const { username = 'alice', realm = 'example.com', algorithm = 'MD5', uri = request.uri, nonce } = changes;
  const password = new Secret(changes.password ?? 'wonderland');
  const qop = { nc: changes.nc ?? '00000001', cnonce: 'c', nonceCount: 1 };
  const used = changes.withoutQop ? {} : { qop };
  const a1 = ha1({ algorithm, username, realm, password });
  const response = computeDigestResponse({ algorithm, ha1: a1, method: 'REGISTER', uri, nonce, ...used });
  request.headers.append(
    'Authorization',
    formatAuthorization({ username, realm, nonce, uri, response, algorithm, ...used }),
  );
  return request;
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

  it('takes a nonce on the flow that it was given to alone, and each count of it once', () => {
    const subject = authenticator();
    const [hop, other] = [new FakeHop(), new FakeHop()];
    const { nonce } = challenged(subject, hop);
    const [first, second] = [proof({ nonce }), proof({ nonce, nc: '00000002' })];
    challenged(subject, other);
    const replayed = { kind: 'challenge', stale: true, failure: { cause: 'replayed' } };
    expect(subject.authenticate(first, { user: 'alice', hop: other }, NOW_MS)).toMatchObject({
      kind: 'challenge',
      stale: true,
      failure: { cause: 'foreign-nonce' },
    });
    expect(subject.authenticate(first, { user: 'alice', hop }, NOW_MS)).toEqual({ kind: 'authenticated' });
    expect(subject.authenticate(first, { user: 'alice', hop }, NOW_MS)).toMatchObject(replayed);
    // Another nonce is given to the flow in between: the one before is still good for its next count.
    challenged(subject, hop);
    expect(subject.authenticate(first, { user: 'alice', hop }, NOW_MS)).toMatchObject(replayed);
    expect(subject.authenticate(second, { user: 'alice', hop }, NOW_MS)).toEqual({ kind: 'authenticated' });
    expect(subject.authenticate(second, { user: 'alice', hop }, NOW_MS)).toMatchObject(replayed);
  });

  it('takes the nonces of a gateway that asks for a hundred users at once', () => {
    const subject = authenticator();
    const hop = new FakeHop();
    const nonces = Array.from({ length: 100 }, () => challenged(subject, hop).nonce);
    for (const nonce of nonces) {
      expect(subject.authenticate(proof({ nonce }), { user: 'alice', hop }, NOW_MS)).toEqual({ kind: 'authenticated' });
    }
  });

  it('keeps no password longer than the directory, whatever a flow has proven before', () => {
    const users = new Map(PASSWORDS);
    const subject = authenticator(users);
    const hop = new FakeHop();
    const answer = (password: string): object => {
      const request = proof({ nonce: challenged(subject, hop).nonce, password });
      return subject.authenticate(request, { user: 'alice', hop }, NOW_MS);
    };
    expect(answer('wonderland')).toEqual({ kind: 'authenticated' });
    users.set('alice', new Secret('looking-glass'));
    expect(answer('wonderland')).toMatchObject({ failure: { cause: 'wrong-password' } });
    expect(answer('looking-glass')).toEqual({ kind: 'authenticated' });
    users.delete('alice');
    expect(answer('looking-glass')).toMatchObject({ failure: { cause: 'unknown-user' } });
    users.set('alice', new Secret('wonderland'));
    expect(answer('wonderland')).toEqual({ kind: 'authenticated' });
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
    const outcome = authenticator().authenticate(request, { user: 'alice', hop: new FakeHop() }, NOW_MS);
    expect(outcome).toEqual({ kind: 'challenge', stale: false });
  });

  it.each(['Bearer abc', 'Digest', 'Digest username="alice', 'Digest username="a", username="b"', ' '])(
    'with %j is a failure, not an error',
    (value) => {
      const request = new WicMessages('alice').buildRegister({ headers: { Authorization: value } });
      const outcome = authenticator().authenticate(request, { user: 'alice', hop: new FakeHop() }, NOW_MS);
      expect(outcome).toMatchObject({ kind: 'challenge', failure: { cause: 'malformed' } });
    },
  );
});
