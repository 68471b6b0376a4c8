import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createStaticVerifier, type StaticUser } from '../../../src/credentials/static/verifier.ts';
import { usernameHash } from '../../../src/credentials/username-hash.ts';
import { at } from '../shared-key/support.ts';
import { unwrap } from '../../support/unwrap.ts';

const realm = 'example.org';
const hash = (algorithm: string, text: string): Buffer => createHash(algorithm).update(text).digest();
const withPassword = (name: string, password: string): StaticUser => ({
  name,
  realm,
  proof: { password: new Secret(password) },
});

describe('a long-term user', () => {
  const verifier = createStaticVerifier([withPassword('alice', 'pass'), withPassword('Andre\u0301', 'pass')]);

  it('has a key under each algorithm and no end', () => {
    const found = unwrap(verifier.lookup({ username: 'alice', realm }, at(4e9)));
    const [candidate] = found.keys;
    expect(found).toEqual({ user: 'alice', keys: [candidate] });
    expect(candidate!.keyId).toBe('static');
    expect(candidate!.integrityKey('md5')).toEqual(hash('md5', 'alice:example.org:pass'));
    expect(candidate!.integrityKey('sha256')).toEqual(hash('sha256', 'alice:example.org:pass'));
    expect(verifier.keyAlgorithms).toEqual(['sha256', 'md5']);
  });

  it('is one user however the name is composed, and the key is made with the name as it came', () => {
    for (const username of ['Andr\u00e9', 'Andre\u0301']) {
      const found = verifier.lookup({ username, realm }, at(0));
      expect(found.ok && found.value.user).toBe('Andre\u0301');
      expect(found.ok && found.value.keys[0]!.integrityKey('md5')).toEqual(hash('md5', `${username}:${realm}:pass`));
    }
  });

  it('is found by USERHASH, with the name as OpaqueString makes it', () => {
    const userhash = usernameHash('Andr\u00e9', realm);
    expect(userhash).toEqual(hash('sha256', `Andr\u00e9:${realm}`));
    const found = verifier.lookupHash!({ userhash, realm }, at(0));
    expect(found.ok && found.value.username).toBe('Andr\u00e9');
    expect(found.ok && found.value.keys[0]!.integrityKey('sha256')).toEqual(hash('sha256', `Andr\u00e9:${realm}:pass`));
  });

  it('is nobody in another realm', () => {
    const request = { username: 'alice', realm: 'elsewhere.example' };
    expect(verifier.lookup(request, at(0))).toEqual({ ok: false, reason: 'unknown-user' });
    const userhash = usernameHash('alice', realm);
    expect(verifier.lookupHash!({ userhash, realm: request.realm }, at(0))).toEqual({
      ok: false,
      reason: 'unknown-user',
    });
  });

  it.each(['__proto__', 'constructor', 'toString', '', '\0', '%s', 'alice\r\n', 'alice\0'])('is not %j', (username) => {
    expect(verifier.lookup({ username, realm }, at(0))).toEqual({ ok: false, reason: 'unknown-user' });
  });

  it('of whom only the MD5 key is known has no other', () => {
    const md5Key = hash('md5', 'carol:example.org:pass');
    const limited = createStaticVerifier([withPassword('alice', 'pass'), { name: 'carol', realm, proof: { md5Key } }]);
    const found = limited.lookup({ username: 'carol', realm }, at(0));
    expect(found.ok && found.value.keys[0]!.integrityKey('md5')).toEqual(md5Key);
    expect(found.ok && found.value.keys[0]!.integrityKey('sha256')).toBeUndefined();
    expect(limited.keyAlgorithms).toEqual(['md5']);
  });

  it('is looked up without a throw, whatever name, hash and realm hold', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.uint8Array(), (username, foreign, bytes) => {
        expect(verifier.lookup({ username, realm: foreign }, at(0)).ok).toBe(false);
        expect(verifier.lookupHash!({ userhash: Buffer.from(bytes), realm: foreign }, at(0)).ok).toBe(false);
      }),
    );
  });
});
