import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorCode } from '../../../src/stun/attributes/rfc8489.ts';
import { requestedTransport } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { heldToken, tokenVerifier } from '../../credentials/access-token/support.ts';
import { decoded, World } from '../engine/world.ts';
import { BEGINNINGS, step } from './fuzz-steps.ts';
import { FuzzWorld } from './fuzz-world.ts';
import { fuzz, FUZZ_TIMEOUT_MS } from './fuzz-run.ts';
import { anyAttribute, encodeRaw, method, mutate, mutation, rawOf, type RawMessage } from './hostile-message.ts';

const MESSAGE_INTEGRITY = 0x0008;
const CLASS_BITS = [0x0000, 0x0010, 0x0100, 0x0110];

/** Method and class of RFC 8489 §5. */
function messageType(of: number, classBits: number): number {
  return (of & 0xf) | ((of & 0x70) << 1) | ((of & 0xf80) << 2) | classBits;
}

/** Up to the end of MESSAGE-INTEGRITY, without the length field: what its HMAC answers for. */
function covered(bytes: Buffer): Buffer {
  for (let at = 20; at + 4 <= bytes.length; at += 4 + Math.ceil(bytes.readUInt16BE(at + 2) / 4) * 4) {
    if (bytes.readUInt16BE(at) === MESSAGE_INTEGRITY) {
      return Buffer.concat([bytes.subarray(0, 2), bytes.subarray(4, at + 24)]);
    }
  }
  return bytes;
}

/** Bits turned, bytes cut off, put in or added, lengths that lie, and bytes of nobody. */
const tokenChange: fc.Arbitrary<(token: Buffer) => Buffer> = fc.oneof(
  fc.array(fc.nat(64 * 8 - 1), { minLength: 1, maxLength: 4 }).map((bits) => (token: Buffer) => {
    const changed = Buffer.from(token);
    for (const bit of bits) changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
    return changed;
  }),
  fc.nat(64).map((length) => (token: Buffer) => token.subarray(0, length)),
  fc.uint8Array({ minLength: 1, maxLength: 64 }).map((tail) => (token: Buffer) => Buffer.concat([token, tail])),
  fc.nat(0xffff).map((length) => (token: Buffer) => {
    const changed = Buffer.from(token);
    changed.writeUInt16BE(length);
    return changed;
  }),
  fc.uint8Array({ maxLength: 600 }).map((bytes) => () => Buffer.from(bytes)),
);

describe('property fuzzing', () => {
  it(
    'before authentication: nothing is thrown, granted or kept, and no message gets two answers',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      const world = new World({ nonceLifetimeSec: 1e9 }, { quiet: true, tokens: tokenVerifier() });
      const stranger = world.client();
      const known = world.client().as('alice', { ttlSec: 1e9 });
      const holder = world.client().withToken(heldToken(world.now));
      for (const client of [known, holder]) client.challenge();
      let answered = 0;
      const property = fc.property(
        method,
        fc.constantFrom(...CLASS_BITS),
        fc.array(anyAttribute, { maxLength: 6 }),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(undefined, known, holder),
        (of, classBits, attributes, mutations, signer) => {
          const plain: RawMessage = { type: messageType(of, classBits), transactionId: randomBytes(12), attributes };
          const signed = signer?.signed(of) ?? encodeRaw(plain);
          const bytes = encodeRaw(mutate(rawOf(signed), mutations));
          const stillSigned = signer !== undefined && covered(bytes).equals(covered(signed));
          const client = signer ?? stranger;
          client.inbox.length = 0;
          const before = world.engine.stats();
          if (!stillSigned) world.engine.onClientMessage(client, bytes);
          const after = world.engine.stats();
          expect(client.inbox.length).toBeLessThanOrEqual(1);
          for (const answer of client.inbox.splice(0)) {
            decoded(answer);
            answered += 1;
          }
          expect(after).toMatchObject({ allocations: 0, reservations: 0, users: 0, timers: 0, relayPortsTaken: 0 });
          expect(after.drops['engine-error']).toBeUndefined();
          const isBinding = bytes.readUInt16BE(0) === messageType(Method.Binding, 0);
          expect(after.requestsGranted - before.requestsGranted).toBeLessThanOrEqual(isBinding ? 1 : 0);
        },
      );
      await fuzz('before authentication', property);
      expect(answered).toBeGreaterThan(0);
    },
  );

  it(
    'an ACCESS-TOKEN that was changed, under a right signature: nothing is thrown, granted or kept',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      const world = new World({ nonceLifetimeSec: 1e9 }, { quiet: true, tokens: tokenVerifier({ lifetimeSec: 600 }) });
      const token = heldToken(world.now);
      const client = world.client().withToken(token);
      client.challenge();
      let answered = 0;
      const property = fc.property(
        tokenChange,
        fc.constantFrom(token.kid, 'south', 'nobody', '', 'a\r\nb'),
        (change, kid) => {
          const changed = change(token.token);
          fc.pre(!changed.equals(token.token));
          client.withToken({ ...token, kid, token: changed });
          const answer = client.exchange(
            client.signed(Method.Allocate, (message) => message.add(requestedTransport, 17)),
          );
          if (answer) answered += 1;
          expect(answer?.get(errorCode)?.code).toBe(401);
          const after = world.engine.stats();
          expect(after).toMatchObject({ allocations: 0, users: 0, timers: 0, relayPortsTaken: 0, requestsGranted: 0 });
          expect(after.drops['engine-error']).toBeUndefined();
        },
      );
      await fuzz('changed access tokens', property);
      expect(answered).toBeGreaterThan(0);
    },
  );

  it(
    'after authentication, on several 5-tuples: ports, quota and permissions are what was granted, and no data passes without',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      const reached: Record<string, number> = {};
      const beginning = fc.constantFrom(...BEGINNINGS);
      const property = fc.property(beginning, fc.array(step, { minLength: 10, maxLength: 40 }), (first, steps) => {
        const world = new FuzzWorld();
        for (const one of [...first, ...steps]) {
          world.take(one);
          world.check();
        }
        world.finish();
        for (const [name, count] of Object.entries(world.reached)) reached[name] = (reached[name] ?? 0) + count;
      });
      await fuzz('after authentication', property);
      for (const [name, count] of Object.entries(reached)) expect(count, name).toBeGreaterThan(0);
    },
  );
});
