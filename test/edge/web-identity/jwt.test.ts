import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { isJwt, readJwtHead, verifyJwt } from '../../../src/edge/web-identity/jwt.ts';
import { isInPool } from '../../../src/edge/web-identity/pool-pattern.ts';
import { readKeySet } from '../../../src/edge/web-identity/remote-keys.ts';
import { readClaims } from '../../../src/edge/web-identity/token-claims.ts';
import { isLater } from '../../../src/base/outcome.ts';
import { TokenVerifier } from '../../../src/edge/web-identity/token-verifier.ts';
import { ok } from '../../../src/base/result.ts';
import { type SigningKey } from '../../../src/credentials/signing-keys.ts';
import { unwrap } from '../../support/unwrap.ts';
import { ISSUER, Waf } from './waf.ts';

let waf: Waf;
let keys: ReadonlyMap<string, SigningKey>;
let verifier: TokenVerifier;
const NOW = { monotonicMs: 0, unixMs: Date.now() };

beforeAll(async () => {
  waf = new Waf();
  await waf.addKey('es', 'ES256');
  await waf.addKey('rs', 'RS256');
  await waf.addKey('es384', 'ES384');
  keys = readKeySet(JSON.parse(JSON.stringify(await waf.keySet())))!;
  verifier = new TokenVerifier({
    issuers: [
      {
        issuer: ISSUER,
        entity: 'waf',
        clients: [],
        check: { kind: 'signature', keys: { find: (kid) => ok(keys.get(kid) ?? keys.get('es')!) } },
      },
    ],
    audience: 'example.com',
    skewSec: 30,
  });
});

describe('a key set', () => {
  it('gives the keys of the two algorithms that tokens may have, and no other', () => {
    expect([...keys].map(([kid, { algorithm }]) => [kid, algorithm])).toEqual([
      ['es', 'ES256'],
      ['rs', 'RS256'],
    ]);
  });

  it('leaves out keys that are too short, for encryption, of another algorithm, or secret', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const short = { kty: 'RSA', n: Buffer.alloc(128, 0xab).toString('base64url'), e: 'AQAB' };
    const long = { kty: 'RSA', n: Buffer.alloc(1024, 0xab).toString('base64url'), e: 'AQAB' };
    const given = [
      { ...short, kid: 'short' },
      { ...long, kid: 'long' },
      { ...jwk, kid: 'enc', use: 'enc' },
      { ...jwk, kid: 'alg', alg: 'ES384' },
      { kty: 'oct', k: 'AAAA', kid: 'oct' },
      { ...jwk, y: jwk.x, kid: 'off the curve' },
      { ...jwk },
      { ...jwk, kid: 'good' },
    ];
    expect([...readKeySet({ keys: given })!.keys()]).toEqual(['good']);
  });

  it('never throws', () => {
    const jwk = fc.record(
      {
        kty: fc.constantFrom('EC', 'RSA', 'oct'),
        crv: fc.constantFrom('P-256', 'P-384'),
        kid: fc.oneof(fc.string(), fc.constant('__proto__')),
        x: fc.base64String(),
        y: fc.oneof(fc.base64String(), fc.integer()),
        n: fc.base64String(),
        e: fc.base64String(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.oneof(fc.array(jwk), fc.jsonValue()) })), (value) => {
        expect([undefined, 'object']).toContain(readKeySet(value) && 'object');
      }),
    );
  });
});

describe('a signed token', () => {
  it.each(['es', 'rs'])('is found genuine by its own key alone: %s', async (kid) => {
    const token = await waf.token('alice', { signer: kid });
    expect(unwrap(readJwtHead(token))).toMatchObject({ kid, issuer: ISSUER });
    expect(verifyJwt(token, keys.get(kid)!)).toMatchObject({ ok: true, value: { impi: 'alice@example.com' } });
    expect(verifyJwt(token, keys.get(kid === 'es' ? 'rs' : 'es')!).ok).toBe(false);
  });

  it('of another algorithm is not looked at, nor one with what must be understood', async () => {
    expect(readJwtHead(await waf.token('alice', { signer: 'es384' }))).toEqual({
      ok: false,
      reason: 'token-signature',
    });
    const parts = (await waf.token('alice')).split('.');
    const header = { alg: 'ES256', kid: 'es', typ: 'at+jwt', crit: ['b64'], b64: false };
    const token = [Buffer.from(JSON.stringify(header)).toString('base64url'), ...parts.slice(1)].join('.');
    expect(readJwtHead(token)).toEqual({ ok: false, reason: 'token-signature' });
  });

  it('never makes the verifier throw before it is proven, whatever it is', async () => {
    const token = await waf.token('alice');
    const mutated = fc.tuple(fc.nat(token.length - 1), fc.stringMatching(/^[\w.~+/-]{0,4}$/)).map(([at, text]) => {
      return token.slice(0, at) + text + token.slice(at + 1);
    });
    const object = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
    const made = fc.tuple(object, object, fc.stringMatching(/^[\w-]{1,90}$/)).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.oneof(mutated, made, fc.string(), fc.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)), (text) => {
        const outcome = verifier.verify(text, NOW);
        expect(isLater(outcome)).toBe(false);
        // Some bits of the last character of a signature mean nothing.
        if (!isLater(outcome) && outcome.ok) expect(outcome.value.claims.impi).toBe('alice@example.com');
      }),
      { numRuns: 3000 },
    );
  });

  it('never makes the verifier throw once it is proven, whatever it says', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'fuzz' };
    const key = readKeySet({ keys: [jwk] })!.get('fuzz')!;
    const claims = fc.dictionary(
      fc.constantFrom('iss', 'aud', 'exp', 'nbf', 'iat', 'client_id', 'impi', 'impu', 'pool', 'origins', '__proto__'),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(ISSUER, 'example.com', 'a@b', ['sip:a@b'], 1e308, -1)),
    );
    await fc.assert(
      fc.asyncProperty(claims, async (payload) => {
        const token = await new SignJWT(payload as never)
          .setProtectedHeader({ alg: 'ES256', kid: 'fuzz' })
          .sign(privateKey)
          .catch(() => undefined);
        if (token === undefined) return;
        const proven = verifyJwt(token, key);
        if (proven.ok) readClaims(proven.value);
        expect(isJwt(token)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the claims of a token', () => {
  it('never throw, and hold nothing that could end a quoted string', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('a@b', 'sip:a@b', 'tel:+1', 'a"@b', 'a\r\n@b'));
    const claims = fc.record({
      iss: text,
      aud: fc.oneof(text, fc.array(text)),
      client_id: text,
      impi: text,
      impu: fc.oneof(text, fc.array(text)),
      exp: fc.oneof(fc.integer(), fc.double()),
    });
    fc.assert(
      fc.property(fc.oneof(claims, fc.jsonValue()), (value) => {
        const read = readClaims(value);
        if (!read.ok) return;
        for (const one of [read.value.impi, read.value.clientId, ...read.value.impus]) {
          expect(one).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a pattern of a pool', () => {
  it.each([
    ['guest-1@example.com', 'guest-*@example.com', true],
    ['GUEST-1@Example.com', 'guest-*@example.com', true],
    ['guest-@example.com', 'guest-*@example.com', true],
    ['guest-1@evil.com@example.com', 'guest-*@example.com', false],
    ['alice@example.com', 'guest-*@example.com', false],
    ['guest@example.com', 'guest@example.com', true],
    ['xguest@example.com', 'guest@example.com', false],
    ['a@example.com', '*@example.com', true],
    ['guest8@example.com', 'guest{1-8}@example.com', true],
    ['Guest1@example.com', 'guest{1-8}@Example.com', true],
    ['guest9@example.com', 'guest{1-8}@example.com', false],
    ['guest0@example.com', 'guest{1-8}@example.com', false],
    ['guest01@example.com', 'guest{1-8}@example.com', false],
    ['guest007@example.com', 'guest{001-100}@example.com', true],
    ['guest7@example.com', 'guest{001-100}@example.com', false],
    ['guest-of-honour@example.com', 'guest{1-8}@example.com', false],
    ['guest1.5@example.com', 'guest{1-8}@example.com', false],
    ['guest@example.com', 'guest{1-8}@example.com', false],
  ])('%s in %s: %s', (impi, pattern, isIn) => {
    expect(isInPool(impi, pattern)).toBe(isIn);
  });
});
