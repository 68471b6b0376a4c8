import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import {
  decodeAccessToken,
  encodeAccessToken,
  hasTokenForm,
} from '../../../src/credentials/access-token/token-codec.ts';
import { readAccessTokenKey, TOKEN_ALGORITHMS } from '../../../src/credentials/access-token/token-keys.ts';
import { unwrap } from '../../support/unwrap.ts';
import { north, SERVER_NAME, south, tokenKey } from './support.ts';

/** RFC 7635 appendix A. */
const SAMPLE = {
  serverName: 'blackdow.carleon.gov',
  key: new Secret(Buffer.from('HGkj32KJGiuy098sdfaqbNjOiaz71923').toString('base64')),
  token: {
    nonce: Buffer.from('h4j3k2l2n4b5'),
    macKey: Buffer.from('ZksjpweoixXmvn67534m'),
    issuedAtSec: Number(92_470_300_704_768n >> 16n),
    lifetimeSec: 3600,
  },
} as const;
const SAMPLES = [
  ['A256GCM', 'AAxoNGozazJsMm40YjVhfvE0o9XkTpoZzH3BBLDAPQOypVHY/fXNO23KbxDPt35bLd7ITSk6XFBJk1nwwuJvdg=='],
  ['A128GCM', 'AAxoNGozazJsMm40YjV/uemfCCe+PfHhvWUUk9MDHTbfVweXhK7l6stl+tTyf6saP5eXS2n4UbJL9a8J7aNX4A=='],
] as const;

describe('the sample tickets of RFC 7635 appendix A', () => {
  it.each(SAMPLES)('by %s are made and opened', (algorithm, base64) => {
    const key = unwrap(readAccessTokenKey('kid', algorithm, SAMPLE.key));
    expect(encodeAccessToken(SAMPLE.token, key, SAMPLE.serverName).toString('base64')).toBe(base64);
    expect(decodeAccessToken(Buffer.from(base64, 'base64'), key, SAMPLE.serverName)).toEqual({
      ok: true,
      value: SAMPLE.token,
    });
  });
});

const sizes = fc.constantFrom(20, 32);
const tokens = fc.record({
  nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  macKey: sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size })).map((bytes) => Buffer.from(bytes)),
  issuedAtSec: fc.tuple(fc.nat(2 ** 36), fc.nat(63_999)).map(([sec, fraction]) => sec + fraction / 64_000),
  lifetimeSec: fc.nat(0xffff_ffff),
});

describe('a token', () => {
  it('is what it was after encoding and decoding', () => {
    fc.assert(
      fc.property(tokens, fc.constantFrom(north, south), fc.string(), (token, key, name) => {
        expect(unwrap(decodeAccessToken(encodeAccessToken(token, key, name), key, name))).toEqual(token);
      }),
    );
  });

  it('is never opened, and nothing thrown, once a bit of it has changed', () => {
    fc.assert(
      fc.property(tokens, fc.nat(), (token, bit) => {
        const bytes = encodeAccessToken(token, north, SERVER_NAME);
        const at = (bit >> 3) % bytes.length;
        bytes[at] = bytes[at]! ^ (1 << (bit & 7));
        expect(decodeAccessToken(bytes, north, SERVER_NAME).ok).toBe(false);
      }),
    );
  });

  it('opens with no other key, algorithm or server name', () => {
    const token = { nonce: randomBytes(12), macKey: randomBytes(20), issuedAtSec: 1, lifetimeSec: 1 };
    const bytes = encodeAccessToken(token, north, SERVER_NAME);
    const forged = { ok: false, reason: 'forged-token' };
    expect(decodeAccessToken(bytes, tokenKey('north', 'A256GCM', 'another'), SERVER_NAME)).toEqual(forged);
    expect(decodeAccessToken(bytes, tokenKey('north', 'A128GCM'), SERVER_NAME)).toEqual(forged);
    expect(decodeAccessToken(bytes, north, 'turn2.example')).toEqual(forged);
  });
});

describe('what is no token', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(north, south), (bytes, key) => {
        expect(decodeAccessToken(Buffer.from(bytes), key, SERVER_NAME).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, 1, 2, 13, 14, 63, 65, 75, 77, 1000])('of %i bytes is malformed before any crypto', (length) => {
    const bytes = Buffer.alloc(length);
    if (length > 1) bytes.writeUInt16BE(12);
    expect(hasTokenForm(bytes)).toBe(false);
    expect(decodeAccessToken(bytes, north, SERVER_NAME)).toEqual({ ok: false, reason: 'malformed-token' });
  });

  it.each([0, 11, 13, 16, 64, 0xffff])('with a nonce length of %i is malformed before any crypto', (nonceLength) => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt16BE(nonceLength);
    expect(hasTokenForm(bytes)).toBe(false);
    expect(decodeAccessToken(bytes, north, SERVER_NAME)).toEqual({ ok: false, reason: 'malformed-token' });
  });

  it.each(
    TOKEN_ALGORITHMS.flatMap((algorithm) => [0, 19, 21, 32, 0xffff].map((length) => [algorithm, length] as const)),
  )(
    'by %s with a key length of %i in a block for 20 bytes is malformed, though its maker has K',
    (algorithm, keyLength) => {
      const key = tokenKey('k', algorithm);
      const block = Buffer.alloc(34);
      block.writeUInt16BE(keyLength);
      const nonce = randomBytes(12);
      const cipher = createCipheriv(key.cipher, key.key, nonce).setAAD(Buffer.from(SERVER_NAME));
      const sealed = Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()]);
      const bytes = Buffer.concat([Buffer.from([0, 12]), nonce, sealed]);
      expect(decodeAccessToken(bytes, key, SERVER_NAME)).toEqual({ ok: false, reason: 'malformed-token' });
    },
  );
});
