import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { silentLogger, type Logger } from '../../src/core/logger.ts';
import { createServer, type Server } from '../../src/server.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { makeCertificate, type TestCertificate } from '../turn/support/certificate.ts';

const TIMEOUT = { timeout: 20_000, interval: 50 };

let first: TestCertificate;
let second: TestCertificate;
let folder: string;
let server: Server | undefined;
let lines: string[];
const sockets: TLSSocket[] = [];

beforeAll(async () => {
  first = await makeCertificate('first');
  second = await makeCertificate('second');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-certificate-'));
  lines = [];
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function write({ cert, key }: TestCertificate, into = folder): void {
  mkdirSync(into, { recursive: true });
  writeFileSync(join(into, 'cert.pem'), cert);
  writeFileSync(join(into, 'key.pem'), key);
}

async function start(from = folder, reloadSec = 1): Promise<number[]> {
  const config: ConfigInput = {
    stateDir: join(folder, 'state'),
    tls: { certFile: join(from, 'cert.pem'), keyFile: join(from, 'key.pem'), reloadSec },
    edge: { listen: { addresses: ['127.0.0.1'], port: 0 } },
    turn: { listeners: [{ transport: 'tls', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
  };
  const note = (_fields: object, message: string): void => {
    if (message.includes('certificate')) lines.push(message);
  };
  const logger: Logger = { ...silentLogger, info: note, warn: note };
  server = await createServer(config, { logger });
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
