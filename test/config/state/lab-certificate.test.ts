import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labCaFile, labCertificate } from '../../../src/config/state/lab-certificate.ts';
import { StateFolder } from '../../../src/config/state/state-folder.ts';

const DAY_MS = 86_400_000;
const NAMES = ['localhost', '127.0.0.1', '::1'];
const NOW = Date.now();

let folder: StateFolder;
beforeEach(() => {
  folder = new StateFolder(mkdtempSync(join(tmpdir(), 'epcscf-turn-certificate-')));
});
afterEach(() => {
  rmSync(folder.path, { recursive: true, force: true });
});

const caText = () => readFileSync(labCaFile(folder) ?? '', 'utf8');

describe('the lab certificate', () => {
  it('is an EC certificate for every name, signed by a CA that stays in the folder', async () => {
    const { cert } = await labCertificate(folder, NAMES, NOW);
    const server = new X509Certificate(cert);
    const ca = new X509Certificate(caText());
    expect(ca.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    expect(server.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkIP('::1')).toBe('::1');
    expect(server.checkHost('example.com')).toBeUndefined();
    // What browsers accept at most.
    expect(Date.parse(server.validTo) - Date.parse(server.validFrom)).toBeLessThan(398 * DAY_MS);
  });

  it('is the same at the next start', async () => {
    const first = await labCertificate(folder, NAMES, NOW);
    expect(await labCertificate(folder, NAMES, NOW + 300 * DAY_MS)).toEqual(first);
  });

  it.each([
    ['it nears its end', NAMES, NOW + 340 * DAY_MS],
    ['a name is new', [...NAMES, 'lab.example'], NOW],
    ['the clock stands before its beginning', NAMES, NOW - 30 * DAY_MS],
  ])('is made anew by the same CA when %s', async (_when, names, nowMs) => {
    const first = await labCertificate(folder, NAMES, NOW);
    const ca = caText();
    const second = await labCertificate(folder, names, nowMs);
    expect(second.cert).not.toBe(first.cert);
    expect(caText()).toBe(ca);
    expect(new X509Certificate(second.cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
  });

  it('is made anew with its CA before that ends', async () => {
    await labCertificate(folder, NAMES, NOW);
    const ca = caText();
    const { cert } = await labCertificate(folder, NAMES, NOW + 9 * 365 * DAY_MS + 100 * DAY_MS);
    expect(caText()).not.toBe(ca);
    expect(new X509Certificate(cert).verify(new X509Certificate(caText()).publicKey)).toBe(true);
  });

  it('recovers from a start that was cut short', async () => {
    await labCertificate(folder, NAMES, NOW);
    unlinkSync(folder.file('server.pem'));
    const { cert, key } = await labCertificate(folder, NAMES, NOW);
    expect(cert).toBe(readFileSync(folder.file('server.pem'), 'utf8'));
    expect(key).toBe(readFileSync(folder.file('server-key.pem'), 'utf8'));
  });

  it.each(['ca.pem', 'ca-key.pem', 'server.pem', 'server-key.pem'])('names a broken %s', async (name) => {
    await labCertificate(folder, NAMES, NOW);
    writeFileSync(folder.file(name), 'no PEM');
    chmodSync(folder.file(name), 0o600);
    await expect(labCertificate(folder, NAMES, NOW)).rejects.toThrow(
      new RegExp(`${name}: expected a PEM .*; delete it`),
    );
  });
});
