import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type ConfigInput, type Server } from '../../src/index.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { StateFolder } from '../../src/config/state/state-folder.ts';
import { LoanFile } from '../../src/server/loan-file.ts';
import { httpsFetch } from '../support/https-fetch.ts';

const NOW_SEC = 1_795_284_607;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-loans-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function open(state = new StateFolder(folder), errors: unknown[] = []): LoanFile {
  return new LoanFile({ state, nowSec: () => NOW_SEC, report: (error) => errors.push(error) });
}

describe('the loans in the state folder', () => {
  it('are known after a restart until they end, each by its last line', () => {
    const file = open();
    expect(file.note({ impi: 'guest1@ims.example', untilSec: NOW_SEC + 10 })).toBe(true);
    file.note({ impi: 'guest2@ims.example', untilSec: NOW_SEC });
    file.note({ impi: 'guest1@ims.example', untilSec: NOW_SEC + 900 });
    expect(open().loans).toEqual([{ impi: 'guest1@ims.example', untilSec: NOW_SEC + 900 }]);
    expect(readFileSync(join(folder, 'guest-loans'), 'utf8')).toBe(`${NOW_SEC + 900} guest1@ims.example\n`);
  });

  it('are read as far as they can be, where the end of the process cut a line', () => {
    const whole = `${NOW_SEC + 9} guest1@ims.example\n`;
    writeFileSync(join(folder, 'guest-loans'), `garbage\n${whole}9999999999999999 x@y\n${NOW_SEC + 9} gue`, {
      mode: 0o600,
    });
    expect(open().loans.map(({ impi }) => impi)).toEqual(['guest1@ims.example']);
  });

  it('take no more room than some thousand lines', () => {
    const state = new MemoryState();
    const file = new LoanFile({ state, nowSec: () => NOW_SEC, report: () => undefined });
    for (let i = 0; i < 45_000; i += 1) file.note({ impi: `guest${i % 3}@ims.example`, untilSec: NOW_SEC + i });
    expect((state.read('guest-loans') ?? '').split('\n').length).toBeLessThan(20_001);
    expect(file.loans.map(({ untilSec }) => untilSec - NOW_SEC)).toEqual([44_997, 44_998, 44_999]);
  });

  it('are refused where they cannot be written, and the cause is told', () => {
    const errors: unknown[] = [];
    const file = open(new StateFolder(folder), errors);
    rmSync(folder, { recursive: true });
    expect(file.note(LOAN)).toBe(false);
    expect(errors).toMatchObject([{ code: 'ERR_STATE_DIR_UNUSABLE' }]);
  });
});

const LOAN = { impi: 'guest1@ims.example', untilSec: NOW_SEC + 900 };

describe('a restart of the web server', () => {
  const config = (): ConfigInput => ({
    domain: 'ims.example',
    stateDir: folder,
    edge: { listen: { port: 0, addresses: ['127.0.0.1'] }, demoPage: false, credential: { uris: ['turn:t.example'] } },
    turn: { enabled: false },
    oauth: {
      authorizationServer: { enabled: true },
      wwsf: { enabled: true, guests: true },
      clients: [{ id: 'wwsf', secret: 'a-secret-of-the-wwsf', namesUsers: true, pool: ['guest{1-2}'] }],
    },
  });

  async function started(): Promise<{ server: Server; ask: (path: string, init?: RequestInit) => Promise<Response> }> {
    const server = await createServer(config(), { logger: silentLogger });
    const { https } = await server.start();
    const get = httpsFetch(readFileSync(join(folder, 'ca.pem'), 'utf8'));
    return { server, ask: (path, init) => get(`https://localhost:${https[0]!.port}${path}`, init) };
  }

  it('lends nobody an identity for which a guest from before still has a good token, and ends the sessions', async () => {
    const before = await started();
    const guest = await before.ask('/wwsf/guest', { method: 'POST' });
    const headers = { Cookie: guest.headers.get('Set-Cookie')?.split(';')[0] ?? '' };
    expect(await guest.json()).toMatchObject({ impi: 'guest1@ims.example' });
    expect((await before.ask('/registration-token', { headers })).status).toBe(200);
    await before.server.stop();

    const after = await started();
    expect((await after.ask('/wwsf/session', { headers })).status).toBe(204);
    expect((await after.ask('/registration-token', { headers })).status).toBe(401);
    const next = await after.ask('/wwsf/guest', { method: 'POST' });
    expect(await next.json()).toMatchObject({ impi: 'guest2@ims.example' });
    expect((await after.ask('/wwsf/guest', { method: 'POST' })).status).toBe(503);
    await after.server.stop();
  });

  it('fails with a word about the state folder where loans cannot be read, and works once they can', async () => {
    const server = await createServer(config(), { logger: silentLogger });
    const file = join(folder, 'guest-loans');
    writeFileSync(file, '', { mode: 0o644 });
    chmodSync(file, 0o644);
    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_STATE_DIR_UNUSABLE' });
    chmodSync(file, 0o600);
    await server.start();
    await server.stop();
  });
});
