import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { silentLogger, type Logger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';

const TIMEOUT = { timeout: 20_000, interval: 50 };

let first: KeyPair;
let second: KeyPair;
let folder: string;
let server: Server | undefined;
let lines: string[];
let causes: unknown[];
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  first = await makeCertificate('first');
  second = await makeCertificate('second');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-certificate-'));
  lines = [];
  causes = [];
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function write({ cert, key }: KeyPair, into = folder): void {
  mkdirSync(into, { recursive: true });
  writeFileSync(join(into, 'cert.pem'), cert);
  writeFileSync(join(into, 'key.pem'), key);
}

async function start(from = folder, reloadSec = 1, clock: Clock = systemClock): Promise<number[]> {
  const config: ConfigInput = {
    stateDir: join(folder, 'state'),
    tls: { certFile: join(from, 'cert.pem'), keyFile: join(from, 'key.pem'), reloadSec },
    edge: { listen: { addresses: ['127.0.0.1'], port: 0 } },
    turn: { listeners: [{ transport: 'tls', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
  };
  const note = (fields: { readonly cause?: unknown }, message: string): void => {
    if (!message.includes('certificate')) return;
    lines.push(message);
    if (fields.cause !== undefined) causes.push(fields.cause);
  };
  const logger: Logger = { ...silentLogger, info: note, warn: note };
  server = await createServer(config, { logger, clock });
  lines = [];
  const { https, turn } = await server.start();
  return [...https, ...turn].map(({ port }) => port);
}

async function open(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  sockets.push(socket);
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  return socket.on('error', () => undefined);
}

async function namesAt(ports: number[]): Promise<string[]> {
  const names: string[] = [];
  for (const port of ports) {
    const socket = await open(port);
    names.push(new X509Certificate(socket.getPeerCertificate().raw).subject);
    socket.destroy();
  }
  return names;
}

it('new connections to the edge and the TURN server get a new certificate, and those that are open go on', async () => {
  write(first);
  const ports = await start();
  const live = await open(ports[1]!);
  const webSocket = await WicSocket.connect(`wss://127.0.0.1:${ports[0]!}/`);
  expect(await namesAt(ports)).toEqual(['CN=first', 'CN=first']);
  write(second);
  await vi.waitUntil(() => lines.includes('new certificate in use'), TIMEOUT);
  expect(await namesAt(ports)).toEqual(['CN=second', 'CN=second']);
  const answered = new Promise((resolve) => live.once('data', resolve));
  live.write(Buffer.from('000100002112a442000102030405060708090a0b', 'hex'));
  await answered;
  webSocket.send('\r\n\r\n');
  await once(webSocket.webSocket, 'message');
  expect(webSocket.frames).toEqual(['\r\n']);
  await webSocket.close();
});

it('a pair that does not fit is told once and changes nothing, until one that fits is there', async () => {
  write(first);
  const ports = await start();
  writeFileSync(join(folder, 'cert.pem'), second.cert);
  await vi.waitUntil(() => lines.length > 0, TIMEOUT);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(lines).toEqual(['the certificate files have changed and cannot be used: the old certificate stays']);
  expect(await namesAt(ports)).toEqual(['CN=first', 'CN=first']);
  writeFileSync(join(folder, 'key.pem'), second.key);
  await vi.waitUntil(() => lines.includes('new certificate in use'), TIMEOUT);
  expect(await namesAt(ports)).toEqual(['CN=second', 'CN=second']);
});

it.each([
  ['has expired', -20, -1, 'tls.certFile has expired'],
  ['is not valid yet', 1, 20, /^tls\.certFile is not valid before \d{4}-/],
])('a certificate that %s replaces no other, and the log says why', async (_what, fromDays, toDays, cause) => {
  write(first);
  const ports = await start();
  const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000);
  write(await makeCertificate('useless', { notBeforeDate: inDays(fromDays), notAfterDate: inDays(toDays) }));
  await vi.waitUntil(() => lines.length > 0, TIMEOUT);
  expect(lines).toEqual(['the certificate files have changed and cannot be used: the old certificate stays']);
  expect(causes).toEqual([typeof cause === 'string' ? cause : expect.stringMatching(cause)]);
  expect(await namesAt(ports)).toEqual(['CN=first', 'CN=first']);
});

it('a certificate that was not valid when its files came is taken when it is', async () => {
  write(first);
  const ports = await start();
  write(await makeCertificate('later', { notBeforeDate: new Date(Date.now() + 3000) }));
  await vi.waitUntil(() => lines.includes('new certificate in use'), TIMEOUT);
  expect(lines).toHaveLength(2);
  expect(await namesAt(ports)).toEqual(['CN=later', 'CN=later']);
});

it('the log says at the start, and once a day, that the certificate is about to end', async () => {
  write(await makeCertificate('short', { notAfterDate: new Date(Date.now() + 3.5 * 86_400_000) }));
  let aheadMs = 0;
  const clock: Clock = {
    now: () => ({ ...systemClock.now(), unixMs: Date.now() + aheadMs }),
  };
  const [port] = await start(folder, 1, clock);
  const told: string[] = [];
  for (const days of [0, 1.1, 1.2, 2.2, 3.3, 4.4]) {
    aheadMs = days * 86_400_000;
    await new Promise((resolve) => setTimeout(resolve, 1300));
    told.push(lines.splice(0).join());
  }
  const says = (when: string): string => `the certificate in use ${when}: replace the files of tls`;
  expect(told).toEqual([
    '',
    says('ends in 3 days'),
    '',
    says('ends in 2 days'),
    says('ends in 1 day'),
    says('has expired'),
  ]);
  expect(await namesAt([port!])).toEqual(['CN=short']);
});

it('a link that is turned to another folder counts as a change', async () => {
  write(first, join(folder, 'a'));
  write(second, join(folder, 'b'));
  const live = join(folder, 'live');
  symlinkSync('a', live);
  const ports = await start(live);
  symlinkSync('b', join(folder, 'next'));
  renameSync(join(folder, 'next'), live);
  await vi.waitUntil(() => lines.includes('new certificate in use'), TIMEOUT);
  expect(await namesAt(ports)).toEqual(['CN=second', 'CN=second']);
});

it('a restart keeps the new certificate', async () => {
  write(first);
  const ports = await start();
  write(second);
  await vi.waitUntil(() => lines.includes('new certificate in use'), TIMEOUT);
  await server?.restart();
  expect(await namesAt(ports)).toEqual(['CN=second', 'CN=second']);
});

it('the files are left alone when reloadSec is 0', async () => {
  write(first);
  const ports = await start(folder, 0);
  write(second);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await namesAt(ports)).toEqual(['CN=first', 'CN=first']);
  expect(lines).toEqual([]);
});
