import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { type Now } from '../../src/base/clock.ts';
import { type CredentialVerifier } from '../../src/credentials/credential.ts';
import { usernameHash } from '../../src/credentials/username-hash.ts';
import { type AccessTokens, createAccessTokens } from '../../src/server/access-tokens.ts';
import { createSharedKey, type SharedKey } from '../../src/server/shared-key.ts';
import { createVerifier } from '../../src/server/verifier.ts';
import { settled } from '../support/settled.ts';
import { unwrap } from '../support/unwrap.ts';

const NOW: Now = { monotonicMs: 0, unixMs: 1_767_225_600_000 };
const REQUEST = { registrationId: 'sip:alice@ims.example', person: 'alice', grantedExpiresSec: 600 };

interface Made {
  readonly sharedKey: SharedKey;
  readonly accessTokens: AccessTokens | undefined;
  readonly verifier: CredentialVerifier;
}

async function made(input: ConfigInput = {}): Promise<Made> {
  const config = parseConfig({
    ...input,
    edge: { enabled: false },
    turn: { realm: 'ims.example', listeners: [{ transport: 'udp', address: '127.0.0.1' }], ...input.turn },
    credentials: { secret: 'km-of-thirty-two-characters-here', pseudonymKey: 'pseudonym', ...input.credentials },
  });
  const secrets = await loadSecrets(config, {}, NOW.unixMs);
  const sharedKey = createSharedKey(config, secrets);
  const accessTokens = createAccessTokens(config, secrets);
  return {
    sharedKey,
    accessTokens,
    verifier: createVerifier(config, secrets, sharedKey, { tokens: accessTokens?.verifier() }),
  };
}

function issued({ issuer }: SharedKey): string {
  return unwrap(issuer.issue(REQUEST, NOW)).username;
}

describe('the users of a server', () => {
  it('are those of Km and the long-term ones at the same time', async () => {
    const users = [{ name: 'carol', password: 'carol-secret' }];
    const { sharedKey, verifier } = await made({ credentials: { users } });
    for (const username of [issued(sharedKey), 'carol']) {
      expect(settled(verifier.lookup({ username, realm: 'ims.example' }, NOW)).ok).toBe(true);
    }
  });

  it('of Km are of the default realm: a name and password that the edge handed out fit no other', async () => {
    const { sharedKey, verifier } = await made({ turn: { realms: [{ realm: 'partner.example' }] } });
    const request = { username: issued(sharedKey), realm: 'partner.example' };
    expect(settled(verifier.lookup(request, NOW))).toEqual({ ok: false, reason: 'wrong-realm' });
  });

  it('of Km are of any realm when the password is bound to it', async () => {
    const { sharedKey, verifier } = await made({ credentials: { realmBound: true } });
    const keyIn = (realm: string) => {
      const found = settled(verifier.lookup({ username: issued(sharedKey), realm }, NOW));
      return found.ok ? found.value.keys[0]!.integrityKey('md5')!.toString('hex') : found.reason;
    };
    expect(keyIn('partner.example')).toMatch(/^[\da-f]{32}$/);
    expect(keyIn('partner.example')).not.toBe(keyIn('ims.example'));
  });

  it('are found by USERHASH when it may be asked for, and no table is kept otherwise', async () => {
    const plain = await made();
    expect(plain.sharedKey.issuedNames).toBeUndefined();
    expect('lookupHash' in plain.verifier).toBe(false);
    const users = [{ name: 'carol', password: 'carol-secret' }];
    const { sharedKey, verifier } = await made({ turn: { usernameAnonymity: true }, credentials: { users } });
    for (const username of [issued(sharedKey), 'carol']) {
      const userhash = usernameHash(username, 'ims.example');
      const found = settled(verifier.lookupHash!({ userhash, realm: 'ims.example' }, NOW));
      expect(found.ok && found.value.username).toBe(username);
    }
  });

  it('bring access tokens only where a key of tokens is configured, beside all others', async () => {
    expect((await made()).verifier.accessTokensFor).toBeUndefined();
    const keys = [{ kid: 'north', key: Buffer.alloc(32, 'n').toString('base64') }];
    const users = [{ name: 'north', password: 'carol-secret' }];
    const { sharedKey, accessTokens, verifier } = await made({ credentials: { users }, oauth: { keys } });
    expect(verifier.accessTokensFor).toBe('ims.example');
    const { kid, token: accessToken, user } = unwrap(accessTokens!.issuer!.issue(REQUEST, NOW));
    const found = settled(verifier.lookup({ username: kid, realm: 'ims.example', accessToken }, NOW));
    expect(found.ok && found.value.user).toBe(user);
    for (const username of [issued(sharedKey), 'north']) {
      const without = settled(verifier.lookup({ username, realm: 'ims.example' }, NOW));
      expect(without.ok && without.value.keys[0]!.keyId).not.toBe('north');
      const withToken = { username, realm: 'ims.example', accessToken: Buffer.alloc(64) };
      expect(settled(verifier.lookup(withToken, NOW))).toEqual({ ok: false, reason: 'malformed-token' });
    }
  });
});
