import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Method } from '../../../src/stun/message-type.ts';
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

describe('property fuzzing', () => {
  it(
    'before authentication: nothing is thrown, granted or kept, and no message gets two answers',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      const world = new World({ nonceLifetimeSec: 1e9 }, { quiet: true });
      const stranger = world.client();
      const known = world.client().as('alice', { ttlSec: 1e9 });
      known.challenge();
      let answered = 0;
      const property = fc.property(
        method,
        fc.constantFrom(...CLASS_BITS),
        fc.array(anyAttribute, { maxLength: 6 }),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (of, classBits, attributes, mutations, signs) => {
          const plain: RawMessage = { type: messageType(of, classBits), transactionId: randomBytes(12), attributes };
          const signed = signs ? known.signed(of) : encodeRaw(plain);
          const bytes = encodeRaw(mutate(rawOf(signed), mutations));
          const stillSigned = signs && covered(bytes).equals(covered(signed));
          const client = signs ? known : stranger;
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
