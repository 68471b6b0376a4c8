import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ok } from '../../../src/base/result.ts';
import { type HashLookupRequest, type LocalVerifier } from '../../../src/credentials/credential.ts';
import { nonce, passwordAlgorithms } from '../../../src/stun/attributes/rfc8489.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { encode, longTermKey, MD5, SHA256, signed, Type, userhash } from '../support/rfc8489-client.ts';
import { passwordFor } from './fake-verifier.ts';
import { codeOf, decoded, REALM, World, type TestClient } from './world.ts';

const NAME = 'static:alice';
const OFFER = Buffer.from([0, SHA256, 0, 0, 0, MD5, 0, 0]);
const HASH = userhash(NAME, REALM);

/** A world whose verifier also finds `static:alice` by USERHASH, and counts how often it is asked. */
function hashing() {
  const world = new World();
  const asked: Buffer[] = [];
  Object.assign(world.verifier, {
    lookupHash: ({ userhash: hash, realm }: { userhash: Buffer; realm: string }) => {
      asked.push(hash);
      const found = world.verifier.lookup({ username: NAME, realm }, world.now);
      if (!hash.equals(HASH) || !found.ok) return { ok: false, reason: 'unknown-user' };
      world.verifier.lookups.pop();
      return ok({ ...found.value, username: NAME });
    },
  });
  return { world, asked };
}

function request(
  client: TestClient,
  method: number,
  { hidden = false, algorithm = SHA256, extra = [] as [number, Buffer][] } = {},
): Buffer {
  if (client.nonce === undefined) client.challenge();
  const bytes = encode(method, randomBytes(12), [
    [Type.REQUESTED_TRANSPORT, Buffer.from([17, 0, 0, 0])],
    ...extra,
    hidden ? [Type.USERHASH, HASH] : [Type.USERNAME, Buffer.from(NAME)],
    [Type.REALM, Buffer.from(REALM)],
    [Type.NONCE, Buffer.from(client.nonce!)],
    [Type.PASSWORD_ALGORITHMS, OFFER],
    [Type.PASSWORD_ALGORITHM, Buffer.from([0, algorithm, 0, 0])],
  ]);
  return signed(bytes, Type.MESSAGE_INTEGRITY_SHA256, longTermKey(algorithm, NAME, REALM, passwordFor(NAME)));
}

describe('a verifier that answers later', () => {
  it('is asked for a USERHASH as for a USERNAME, and the hash is its own to keep', () => {
    const { world } = hashing();
    const { lookupHash } = world.verifier as unknown as Pick<LocalVerifier, 'lookupHash'>;
    const waiting: (() => void)[] = [];
    Object.assign(world.verifier, {
      lookupHash: (asked: HashLookupRequest) => ({
        later: (settle: (found: unknown) => void) =>
          waiting.push(() => {
            settle(lookupHash?.(asked, world.now));
          }),
      }),
    });
    const client = world.client();
    const bytes = request(client, Method.Allocate, { hidden: true });
    expect(client.exchange(bytes)).toBeUndefined();
    bytes.fill(0);
    for (const answer of waiting) answer();
    expect(codeOf(decoded(client.inbox.at(-1)!))).toBe(0);
    expect(world.of('allocation-created')).toMatchObject([{ user: 'alice' }]);
  });
});

describe('the key of a live allocation', () => {
  it.each([
    ['USERNAME', false],
    ['USERHASH', true],
  ])('is kept: a request by %s and SHA-256 asks the verifier nothing more', (_what, hidden) => {
    const { world, asked } = hashing();
    const client = world.client();
    expect(codeOf(client.exchange(request(client, Method.Allocate, { hidden })))).toBe(0);
    const before = [world.verifier.lookups.length, asked.length];
    for (let i = 0; i < 3; i++) expect(codeOf(client.exchange(request(client, Method.Refresh, { hidden })))).toBe(0);
    expect([world.verifier.lookups.length, asked.length]).toEqual(before);
    expect(before).toEqual(hidden ? [0, 1] : [1, 0]);
  });

  it('is of one algorithm: the same user may go on with another', () => {
    const { world } = hashing();
    const client = world.client();
    expect(codeOf(client.exchange(request(client, Method.Allocate, { algorithm: MD5 })))).toBe(0);
    expect(codeOf(client.exchange(request(client, Method.Refresh)))).toBe(0);
    expect(codeOf(client.exchange(request(client, Method.Refresh, { hidden: true })))).toBe(0);
    client.with({ username: NAME, password: passwordFor(NAME) });
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    expect(world.engine.stats().allocations).toBe(1);
  });

  it('found by a USERHASH is good after the name is forgotten, for as long as the allocation lives', () => {
    const { world } = hashing();
    const client = world.client();
    client.exchange(request(client, Method.Allocate, { hidden: true }));
    Object.assign(world.verifier, { lookupHash: () => ({ ok: false, reason: 'unknown-user' }) });
    const deletes = [[Type.LIFETIME, Buffer.alloc(4)]] as [number, Buffer][];
    expect(codeOf(client.exchange(request(client, Method.Refresh, { hidden: true, extra: deletes })))).toBe(0);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, users: 0 });
    expect(codeOf(client.exchange(request(client, Method.Allocate, { hidden: true })))).toBe(401);
  });
});

describe('438 Stale Nonce', () => {
  it('carries the offer again, and a nonce with its bit', () => {
    const world = new World({ nonceLifetimeSec: 60 });
    const client = world.client();
    client.challenge();
    world.advance(60);
    const stale = client.exchange(request(client, Method.Allocate))!;
    expect(codeOf(stale)).toBe(438);
    expect(stale.get(passwordAlgorithms)?.map(({ algorithm }) => algorithm)).toEqual([SHA256, MD5]);
    client.nonce = stale.get(nonce)!;
    expect(codeOf(client.exchange(request(client, Method.Allocate)))).toBe(0);
  });
});

describe('a request with both USERNAME and USERHASH', () => {
  it('is of USERNAME', () => {
    const { world, asked } = hashing();
    const client = world.client();
    const extra = [[Type.USERHASH, Buffer.alloc(32, 7)]] as [number, Buffer][];
    expect(codeOf(client.exchange(request(client, Method.Allocate, { extra })))).toBe(0);
    expect(asked).toEqual([]);
  });
});

describe('a request signed with SHA-256', () => {
  it('does not verify any more once a bit of it was changed, whichever', () => {
    const { world } = hashing();
    const client = world.client();
    const whole = request(client, Method.Allocate, { hidden: true });
    fc.assert(
      fc.property(fc.nat({ max: whole.length * 8 - 1 }), (bit) => {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
        world.engine.onClientMessage(client, bytes);
        expect(world.engine.stats().allocations).toBe(0);
      }),
      { numRuns: 500 },
    );
    expect(codeOf(client.exchange(whole))).toBe(0);
  });
});
