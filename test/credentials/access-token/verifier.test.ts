import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isLater } from '../../../src/base/outcome.ts';
import { fail } from '../../../src/base/result.ts';
import { encodeAccessToken, type AccessToken } from '../../../src/credentials/access-token/token-codec.ts';
import { createAccessTokenKeyRing, type AccessTokenKeys } from '../../../src/credentials/access-token/token-keys.ts';
import {
  createAccessTokenVerifier,
  type AccessTokenVerifierOptions,
} from '../../../src/credentials/access-token/verifier.ts';
import { type KnownUser, type LookupFailure } from '../../../src/credentials/credential.ts';
import { type Result } from '../../../src/base/result.ts';
import { unwrap } from '../../support/unwrap.ts';
import { at } from '../shared-key/support.ts';
import { north, SERVER_NAME, south, tokenIssuer } from './support.ts';

const NOW_SEC = 1_800_000_000;
const compat = { lifetimeSec: 3600 };

function look(
  accessToken: Buffer | undefined,
  {
    kid = 'north',
    nowSec = NOW_SEC,
    ...options
  }: Partial<AccessTokenVerifierOptions> & { kid?: string; nowSec?: number } = {},
): Result<KnownUser, LookupFailure> {
  const verifier = createAccessTokenVerifier({
    serverName: SERVER_NAME,
    keys: createAccessTokenKeyRing([north, south]),
    skewSec: 5,
    coturnCompat: undefined,
    ...options,
  });
  const request = { username: kid, realm: 'any.example', ...(accessToken && { accessToken }) };
  const found = verifier.lookup(request, at(nowSec));
  if (isLater(found)) throw new Error('later');
  return found;
}

/** As an authorization server that knows no more than RFC 7635 makes it. */
function foreign(changes: Partial<AccessToken> = {}, key = north): Buffer {
  const token = { nonce: randomBytes(12), macKey: randomBytes(20), issuedAtSec: NOW_SEC, lifetimeSec: 600, ...changes };
  return encodeAccessToken(token, key, SERVER_NAME);
}

const ours = (changes = {}) =>
  unwrap(tokenIssuer().issue({ registrationId: '1', person: 'alice', grantedExpiresSec: 0, ...changes }, at(NOW_SEC)));

describe('a good token', () => {
  it('is its holder until its end, with the session key as it is for either algorithm', () => {
    const { token, user, key, expiresAtSec } = ours();
    const found = unwrap(look(token));
    expect(found).toMatchObject({ user, expiresAtSec: expiresAtSec + 5, endsAllocations: true });
    expect(found.keys.map(({ keyId }) => keyId)).toEqual(['north']);
    for (const algorithm of ['md5', 'sha256'] as const) {
      expect(found.keys[0]!.integrityKey(algorithm)).toEqual(Buffer.from(key.revealText(), 'base64'));
    }
  });

  it('opens by whichever kid made it', () => {
    expect(look(foreign({}, south), { kid: 'south' }).ok).toBe(true);
    expect(look(foreign({}, south), { kid: 'north' })).toEqual(fail('forged-token'));
  });

  it('of another authorization server names no holder, and is a user of its own each time', () => {
    const [one, other] = [unwrap(look(foreign())), unwrap(look(foreign({}, south), { kid: 'south' }))];
    expect([one, other]).toMatchObject([{ namesNoHolder: true }, { namesNoHolder: true }]);
    expect(other.user).not.toBe(one.user);
    const again = foreign({ macKey: Buffer.alloc(20, 7) });
    expect(unwrap(look(again)).user).toBe(unwrap(look(again)).user);
    expect(unwrap(look(again)).keys[0]!.person!()).toBeUndefined();
    expect(unwrap(look(ours().token)).namesNoHolder).toBeUndefined();
  });

  it('of 32 bytes of key may be used with HMAC-SHA-1 by the SHA-1 of the key (RFC 7635 appendix B)', () => {
    const macKey = randomBytes(32);
    const keys = unwrap(look(foreign({ macKey }))).keys.map((key) => key.integrityKey('md5'));
    expect(keys).toEqual([macKey, createHash('sha1').update(macKey).digest()]);
  });
});

describe('the times of a token', () => {
  it.each([
    [-5, true],
    [-6, 'not-yet-valid'],
    [0, true],
    [604, true],
    [605, 'expired'],
  ])('made %i s ago for 600 s: %s', (agoSec, outcome) => {
    const found = look(foreign(), { nowSec: NOW_SEC + agoSec });
    expect(found.ok || found.reason).toBe(outcome);
  });

  it('with a lifetime of 0 make it void, and with the switch for coturn count as configured', () => {
    expect(look(foreign({ lifetimeSec: 0 }))).toEqual(fail('expired'));
    const taken = look(foreign({ lifetimeSec: 0 }), { coturnCompat: compat });
    expect(taken.ok && taken.value.expiresAtSec).toBe(NOW_SEC + 3600 + 5);
    expect(look(foreign({ lifetimeSec: 0, issuedAtSec: NOW_SEC - 3605 }), { coturnCompat: compat })).toEqual(
      fail('expired'),
    );
  });
});

describe('the switch for coturn', () => {
  it('lets a token ask for three HMACs at most', () => {
    const macKey = randomBytes(32);
    expect(unwrap(look(foreign({ macKey }), { coturnCompat: compat })).keys).toHaveLength(3);
  });

  it('adds the first 16 bytes of the session key, behind the whole one', () => {
    const macKey = randomBytes(20);
    const keys = unwrap(look(foreign({ macKey }), { coturnCompat: compat })).keys.map((key) => key.integrityKey('md5'));
    expect(keys).toEqual([macKey, macKey.subarray(0, 16)]);
  });
});

describe('a request', () => {
  it.each([
    ['without ACCESS-TOKEN', undefined, 'north', 'unknown-form'],
    ['with bytes that are no token', randomBytes(64), 'north', 'malformed-token'],
    ['with a kid that nobody knows', foreign(), 'west', 'unknown-kid'],
    ['with text that is no kid', foreign(), '* \r\n', 'unknown-kid'],
    [
      'with a token of another server',
      encodeAccessToken(
        { nonce: randomBytes(12), macKey: randomBytes(20), issuedAtSec: NOW_SEC, lifetimeSec: 9 },
        north,
        'elsewhere',
      ),
      'north',
      'forged-token',
    ],
  ])('%s is nobody’s', (_what, token, kid, reason) => {
    if (reason === 'malformed-token') token!.writeUInt16BE(13);
    expect(look(token, { kid })).toEqual(fail(reason));
  });

  it('asks for no key before its token has the form of one, and its kid that of a kid', () => {
    const keys = { find: vi.fn<AccessTokenKeys['find']>(() => fail('unavailable')) };
    look(randomBytes(63), { keys });
    look(foreign(), { keys, kid: 'a\nb' });
    expect(keys.find).not.toHaveBeenCalled();
    expect(look(foreign(), { keys })).toEqual(fail('unavailable'));
  });

  it('never throws, whatever kid and token hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ minLength: 60, maxLength: 80 }), (kid, bytes) => {
        const token = Buffer.from(bytes);
        token.writeUInt16BE(12);
        expect(look(token, { kid }).ok).toBe(false);
        expect(look(token, { kid: 'north', coturnCompat: compat }).ok).toBe(false);
      }),
    );
  });
});
