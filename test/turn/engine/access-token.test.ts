import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeAccessToken } from '../../../src/credentials/access-token/token-codec.ts';
import { accessToken, thirdPartyAuthorization } from '../../../src/stun/attributes/rfc7635.ts';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import { nonce, realm } from '../../../src/stun/attributes/rfc8489.ts';
import {
  evenPort,
  lifetime,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { checkIntegrity } from '../../../src/stun/integrity.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type TurnEngineOptions } from '../../../src/turn/engine/engine-options.ts';
import {
  heldToken,
  north,
  SERVER_NAME,
  south,
  tokenIssuer,
  tokenVerifier,
} from '../../credentials/access-token/support.ts';
import { address, codeOf, type TestClient, World } from './world.ts';

const COMPAT = { lifetimeSec: 3600 };

/** An engine that takes access tokens beside the users of its fake verifier. */
function world(changes: Partial<TurnEngineOptions> = {}, coturnCompat?: typeof COMPAT): World {
  return new World(changes, { tokens: tokenVerifier(coturnCompat) });
}

type Issuer = ReturnType<typeof tokenIssuer>;

/** A token of this edge. */
function issued(of: World, issuer: Issuer = tokenIssuer(), changes: Parameters<typeof heldToken>[1] = {}) {
  return heldToken(of.now, changes, issuer);
}

/** A token of an authorization server that knows RFC 7635 alone. */
function foreign(of: World, { key = north, lifetimeSec = 600, macKey = randomBytes(20) } = {}) {
  const issuedAtSec = Math.floor(of.now.unixMs / 1000);
  const token = encodeAccessToken({ nonce: randomBytes(12), macKey, issuedAtSec, lifetimeSec }, key, SERVER_NAME);
  return { kid: key.kid, macKey, token };
}

function refresh(client: TestClient, lifetimeSec = 1800) {
  return client.request(Method.Refresh, (message) => message.add(lifetime, lifetimeSec));
}

function permit(client: TestClient): number {
  return codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address('9.9.9.9:9'))));
}

describe('the challenge', () => {
  it('names the server to authorization servers, in each 401 and in no other answer', () => {
    const of = world({ nonceLifetimeSec: 60 });
    const client = of.client().withToken(issued(of));
    const challenge = client.challenge();
    expect(challenge.get(thirdPartyAuthorization)).toBe(SERVER_NAME);
    expect(challenge.get(realm)).toBeDefined();
    expect(challenge.get(nonce)).toBeDefined();
    expect(client.allocate().has(thirdPartyAuthorization)).toBe(false);
    of.advance(61);
    const stale = refresh(client);
    expect(codeOf(stale)).toBe(438);
    expect(stale.has(thirdPartyAuthorization)).toBe(false);
  });

  it('says nothing of tokens where none are taken, and ACCESS-TOKEN is 420 there', () => {
    const of = new World();
    const client = of.client().as('alice');
    expect(client.challenge().has(thirdPartyAuthorization)).toBe(false);
    expect(codeOf(client.allocate((message) => message.add(accessToken, randomBytes(64))))).toBe(420);
  });

  it('is the same whatever is wrong, so that no stranger learns which ways there are', () => {
    const of = world();
    const good = issued(of);
    const forged = { ...good, token: randomBytes(64) };
    forged.token.writeUInt16BE(12);
    const answers = [
      of.client().withToken(forged).allocate(),
      of
        .client()
        .withToken({ ...good, kid: 'nobody' })
        .allocate(),
      of
        .client()
        .withToken({ ...good, token: randomBytes(5) })
        .allocate(),
      of
        .client()
        .withToken({ ...good, macKey: randomBytes(20) })
        .allocate(),
      of.client().as('alice', { password: 'wrong' }).allocate(),
      of.client().with({ username: 'north', password: '' }).allocate(),
    ];
    const shapes = answers.map((answer) => [
      codeOf(answer),
      answer.get(thirdPartyAuthorization),
      answer.get(realm),
      answer.bytes.length,
    ]);
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    expect(of.causes('authentication-refused').filter((cause) => cause !== 'no-credentials')).toEqual([
      'forged-token',
      'unknown-kid',
      'malformed-token',
      'wrong-key-or-password',
      'wrong-key-or-password',
      'unknown-form',
    ]);
  });
});

describe('an allocation by access token', () => {
  it('is granted, and all of it signed with the session key', () => {
    const of = world();
    const client = of.client().withToken(issued(of));
    const answer = client.allocate();
    expect(codeOf(answer)).toBe(0);
    expect(checkIntegrity(answer, client.token!.macKey)).toBe('valid');
    expect(permit(client)).toBe(0);
    expect(codeOf(refresh(client))).toBe(0);
  });

  it('stands beside one by password on the same server', () => {
    const of = world();
    expect(codeOf(of.client().as('alice').allocate())).toBe(0);
    expect(codeOf(of.client().withToken(issued(of)).allocate())).toBe(0);
    expect(of.verifier.lookups).toHaveLength(1);
  });

  it.each(['cap', 'strict', 'allocate-only'] as const)(
    'never outlives the token, by expiry policy %s',
    (expiryPolicy) => {
      const of = world({ expiryPolicy });
      const client = of.client().withToken(issued(of, undefined, { wishedTtlSec: 300 }));
      const granted = client.allocate((message) => message.add(lifetime, 3000));
      expect(granted.get(lifetime)).toBe(305);
      of.advance(100);
      expect(refresh(client).get(lifetime)).toBe(205);
      of.advance(204.5);
      expect(codeOf(refresh(client))).toBe(401);
      of.advance(0.5);
      expect(of.causes('allocation-ended')).toEqual(['expired']);
    },
  );

  it('may be ended with LIFETIME 0 after the token has ended', () => {
    const of = world({ expiryPolicy: 'strict' });
    const client = of.client().withToken(issued(of, undefined, { wishedTtlSec: 60 }));
    client.allocate();
    of.sleep(64.5);
    expect(codeOf(refresh(client, 0))).toBe(0);
    expect(of.causes('allocation-ended')).toEqual(['deleted-by-client']);
  });

  it('goes on with the next token, of another session key and another kid, and then ends with that', () => {
    const of = world();
    const first = tokenIssuer();
    const client = of.client().withToken(issued(of, first, { wishedTtlSec: 300 }));
    client.allocate();
    of.advance(200);
    client.withToken(issued(of, first));
    expect(permit(client)).toBe(401);
    expect(refresh(client).get(lifetime)).toBe(1800);
    expect(permit(client)).toBe(0);
    of.advance(1000);
    expect(of.engine.stats().allocations).toBe(1);
  });

  it('is not the holder’s of another token', () => {
    const of = world();
    const issuer = tokenIssuer();
    const client = of.client().withToken(issued(of, issuer));
    client.allocate();
    client.withToken(issued(of, issuer, { registrationId: 'other' }));
    expect(codeOf(refresh(client))).toBe(441);
    client.withToken(foreign(of));
    expect(codeOf(refresh(client))).toBe(441);
    client.as('alice');
    expect(codeOf(refresh(client))).toBe(441);
  });

  it('of another authorization server goes on with any token of it, of any kid', () => {
    const of = world();
    const client = of.client().withToken(foreign(of));
    client.allocate();
    client.withToken(foreign(of, { key: south }));
    expect(codeOf(refresh(client))).toBe(0);
    expect(permit(client)).toBe(0);
  });

  it('of another authorization server is taken to another address by its own token alone', () => {
    const of = world({ mobility: true });
    const token = foreign(of);
    const client = of.client().withToken(token);
    const ticket = Buffer.from(client.allocate((m) => m.add(mobilityTicket, Buffer.alloc(0))).get(mobilityTicket)!);
    const move = (by: TestClient): number =>
      codeOf(by.request(Method.Refresh, (m) => m.add(mobilityTicket, ticket).add(lifetime, 600)));
    expect(move(of.client().withToken(foreign(of)))).toBe(441);
    expect(move(of.client().withToken(token))).toBe(0);
  });

  it('of another authorization server claims the port that was held for its neighbour', () => {
    const of = world();
    const held = of
      .client()
      .withToken(foreign(of))
      .allocate((m) => m.add(evenPort, true));
    const token = Buffer.from(held.get(reservationToken)!);
    const claim = (by: TestClient): number => codeOf(by.allocate((m) => m.add(reservationToken, token)));
    expect(claim(of.client().withToken(issued(of)))).toBe(508);
    expect(claim(of.client().withToken(foreign(of)))).toBe(0);
  });

  it('of another authorization server leaves nothing behind after it went on with other tokens', () => {
    const of = world();
    const client = of.client().withToken(foreign(of));
    client.allocate();
    for (let i = 0; i < 3; i++) expect(codeOf(refresh(client.withToken(foreign(of))))).toBe(0);
    expect(of.engine.stats()).toMatchObject({ allocations: 1, users: 1 });
    expect(codeOf(refresh(client, 0))).toBe(0);
    expect(of.engine.stats()).toMatchObject({ allocations: 0, users: 0 });
  });

  it('counts for its person, over all registrations, tokens and kids', () => {
    const of = world({ quota: { perUser: 2, total: 100 } });
    const allocate = (registrationId: string, issuer: Issuer) =>
      codeOf(
        of
          .client()
          .withToken(issued(of, issuer, { registrationId }))
          .allocate(),
      );
    expect(allocate('one', tokenIssuer())).toBe(0);
    expect(allocate('two', tokenIssuer({ key: south }))).toBe(0);
    expect(allocate('three', tokenIssuer())).toBe(486);
  });

  it('counts for its session key where nobody says whose it is', () => {
    const of = world({ quota: { perUser: 1, total: 100 } });
    const token = foreign(of);
    expect(codeOf(of.client().withToken(token).allocate())).toBe(0);
    expect(codeOf(of.client().withToken(token).allocate())).toBe(486);
    expect(codeOf(of.client().withToken(foreign(of)).allocate())).toBe(0);
  });
});

describe('the switch for coturn', () => {
  it('takes an HMAC by the first 16 bytes of the session key, and signs with them', () => {
    const of = world({}, COMPAT);
    const token = foreign(of, { lifetimeSec: 0 });
    const prefix = token.macKey.subarray(0, 16);
    const client = of.client().withToken({ ...token, macKey: prefix });
    expect(checkIntegrity(client.allocate(), prefix)).toBe('valid');
    expect(permit(client)).toBe(0);
    expect(codeOf(of.client().withToken(token).allocate())).toBe(0);
  });

  it('takes none when it is off', () => {
    const of = world();
    const token = foreign(of);
    expect(
      codeOf(
        of
          .client()
          .withToken({ ...token, macKey: token.macKey.subarray(0, 16) })
          .allocate(),
      ),
    ).toBe(401);
  });
});

describe('MESSAGE-INTEGRITY-SHA256', () => {
  it('is keyed by a session key of 32 bytes, and so is the answer', () => {
    const of = world({ passwordAlgorithms: [] });
    const token = foreign(of, { macKey: randomBytes(32) });
    const client = of.client().withToken(token);
    client.challenge();
    const bytes = client.signedSha256(Method.Allocate, (message) => message.add(requestedTransport, 17));
    const answer = client.exchange(bytes)!;
    expect(codeOf(answer)).toBe(0);
    expect(checkIntegrity(answer, token.macKey, 'sha256')).toBe('valid');
  });
});
