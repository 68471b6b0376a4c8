import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { labCertificate } from '../../src/config/state/lab-certificate.ts';
import { StateFolder } from '../../src/config/state/state-folder.ts';

const NOW = Date.now();
let base: string;
let tls: { certFile: string; keyFile: string };

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-secrets-'));
  const folder = new StateFolder(join(base, 'tls'));
  await labCertificate(folder, ['localhost'], NOW);
  tls = { certFile: folder.file('server.pem'), keyFile: folder.file('server-key.pem') };
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

const file = (name: string, text: string) => {
  writeFileSync(join(base, name), text);
  return join(base, name);
};

describe('what a configuration points to', () => {
  it('is made in the state folder when nothing is given, once', async () => {
    const config = parseConfig({ stateDir: join(base, 'made') });
    const first = await loadSecrets(config, {}, NOW);
    expect(first.generated).toEqual({ km: true, certificate: true, users: true });
    expect(first.caFile).toBe(join(base, 'made', 'ca.pem'));
    const second = await loadSecrets(config, {}, NOW);
    expect(second.certificate).toEqual(first.certificate);
    expect(second.keys[0]?.secret.revealText()).toBe(first.keys[0]?.secret.revealText());
    expect([...second.users.keys()]).toEqual(['alice', 'bob']);
  });

  it('is read from files, without the newline that editors add, and the state folder is left alone', async () => {
    const config = parseConfig({
      stateDir: join(base, 'untouched'),
      tls,
      edge: { core: { users: [{ name: 'carol', passwordFile: file('carol', 'her password\n') }] } },
      credentials: {
        keys: [
          { id: 'new', secretFile: file('km', 'new-key\r\n') },
          { id: 'old', secret: 'old-key' },
        ],
        pseudonymKeyFile: file('pseudonym', 'pseudonym-key'),
      },
    });
    const secrets = await loadSecrets(config, {}, NOW);
    expect(secrets.keys.map(({ id, secret }) => `${id} ${secret.revealText()}`)).toEqual([
      'new new-key',
      'old old-key',
    ]);
    expect(secrets.users.get('carol')?.revealText()).toBe('her password');
    expect(secrets.pseudonymKey.revealText()).toBe('pseudonym-key');
    expect(secrets.generated).toEqual({ km: false, certificate: false, users: false });
    expect(existsSync(join(base, 'untouched'))).toBe(false);
  });

  it('needs no certificate where nothing speaks TLS', async () => {
    const config = parseConfig({
      stateDir: join(base, 'plain'),
      edge: { enabled: false },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1' }] },
      credentials: { secret: 'a-key', pseudonymKey: 'another' },
    });
    expect((await loadSecrets(config, {}, NOW)).certificate).toBeUndefined();
    expect(existsSync(join(base, 'plain'))).toBe(false);
  });

  it('covers the names under which TLS clients come', async () => {
    const config = parseConfig({
      stateDir: join(base, 'names'),
      domain: 'lab.example',
      edge: { listen: { addresses: ['0.0.0.0', '192.0.2.1'] } },
      turn: { publicHost: 'turn.lab.example' },
    });
    const { certificate } = await loadSecrets(config, {}, NOW);
    const { X509Certificate } = await import('node:crypto');
    const { subjectAltName } = new X509Certificate(certificate?.cert ?? '');
    expect(subjectAltName).toContain('DNS:lab.example');
    expect(subjectAltName).toContain('DNS:turn.lab.example');
    expect(subjectAltName).toContain('IP Address:192.0.2.1');
    expect(subjectAltName).not.toContain('0.0.0.0');
  });

  it.each([
    [
      'a secret file that is missing',
      () => ({ credentials: { secretFile: '/nonexistent/km' } }),
      'ERR_CONFIG_UNREADABLE',
      'credentials.secretFile: cannot read /nonexistent/km (ENOENT); there is no /nonexistent/km, correct the path',
    ],
    [
      'a secret file that is empty',
      () => ({ credentials: { secretFile: file('empty', '\n') } }),
      'ERR_CONFIG_UNREADABLE',
      /credentials\.secretFile: .* is empty/,
    ],
    [
      'a user without password file',
      () => ({ edge: { core: { users: [{ name: 'a', passwordFile: '/nonexistent/a' }] } } }),
      'ERR_CONFIG_UNREADABLE',
      /edge\.core\.users\.0\.passwordFile: cannot read/,
    ],
    [
      'a certificate that is missing',
      () => ({ tls: { ...tls, certFile: '/nonexistent/cert' } }),
      'ERR_CERTIFICATE_UNREADABLE',
      'tls.certFile: cannot read /nonexistent/cert (ENOENT); there is no /nonexistent/cert, correct the path',
    ],
    [
      'a certificate that is none',
      () => ({ tls: { ...tls, certFile: file('cert', 'text') } }),
      'ERR_CERTIFICATE_UNREADABLE',
      /tls\.certFile: expected a PEM certificate/,
    ],
    [
      'a key that is none',
      () => ({ tls: { ...tls, keyFile: file('key', 'text') } }),
      'ERR_CERTIFICATE_UNREADABLE',
      /tls\.keyFile: expected a PEM private key/,
    ],
    [
      'a key of another certificate',
      () => ({ tls: { ...tls, certFile: join(base, 'tls', 'ca.pem') } }),
      'ERR_CERTIFICATE_UNREADABLE',
      /tls\.keyFile: .* is not the key of/,
    ],
  ])('stops the start at %s, in one line', async (_what, input, code, message) => {
    const config = parseConfig({ stateDir: join(base, 'errors'), ...input() });
    const error = await loadSecrets(config, {}, NOW).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    const text = (error as Error).message;
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
    expect(text).not.toContain('\n');
  });
});
