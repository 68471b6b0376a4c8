import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { credentialOf, createAgent, registered, stopAgents } from './jssip-agents.ts';
import { daemon, peer } from './peers.ts';
import { freePort } from '../support/free-port.ts';

const nginx = peer('nginx');
const SAMPLE = readFileSync(new URL('../../config/nginx.conf', import.meta.url), 'utf8');
const TIMEOUT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'epcscf-nginx-'));
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  stopAgents();
  for (const one of running.splice(0).reverse()) await one.stop();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.on('connect', settle(true)).on('error', settle(false));
  });
}

/** A name by which something of the sample is found has to be there. */
function put(text: string, found: string, instead: string): string {
  expect(text).toContain(found);
  return text.replaceAll(found, instead);
}

/** The sample, on ports and with a certificate of the test's own. */
async function startNginx(ports: { readonly stream: number; readonly http: number }, sample: string, edgePort: number) {
  const { cert, key } = await makeCertificate();
  const [certFile, keyFile, file] = ['cert.pem', 'key.pem', 'nginx.conf'].map((name) => join(folder, name));
  writeFileSync(certFile!, cert);
  writeFileSync(keyFile!, key);
  let text = put(sample, '127.0.0.1:8443', `127.0.0.1:${edgePort}`);
  text = put(text, 'listen 443;', `listen 127.0.0.1:${ports.stream};`);
  text = put(text, 'listen 8444 ssl;', `listen 127.0.0.1:${ports.http} ssl;`);
  text = put(text, '/etc/ssl/sip.example.com.pem', certFile!);
  text = put(text, '/etc/ssl/sip.example.com.key', keyFile!);
  writeFileSync(file!, put(text, 'http {\n', 'http {\n  access_log off;\n'));
  const ours = `daemon off; master_process off; error_log stderr; pid ${join(folder, 'nginx.pid')};`;
  running.push(daemon(nginx!, ['-e', 'stderr', '-c', file!, '-g', ours]));
  for (const port of Object.values(ports)) {
    await expect.poll(() => isListening(port), { timeout: TIMEOUT_MS }).toBe(true);
  }
}

async function start(
  edge: (ports: { readonly stream: number; readonly http: number }) => object,
  sample = SAMPLE,
): Promise<{ lab: Lab<'alice'>; stream: number; http: number }> {
  const ports = { stream: await freePort(), http: await freePort() };
  const listen = { addresses: ['127.0.0.1'], port: 0 };
  const lab = await startLab({
    users: ['alice'],
    config: { edge: { listen, origins: { allowMissing: true }, ...edge(ports) } },
  });
  running.push(lab);
  await startNginx(ports, sample, lab.addresses.https[0]!.port);
  return { lab, ...ports };
}

/** Registers JsSIP, whose every request begins with the Route that it makes of the WebSocket's URI. */
async function register(lab: Lab<'alice'>, port: number): Promise<void> {
  const passwordOf = (): string => lab.users.alice.password;
  const home = { url: `wss://localhost:${port}/`, domain: lab.domain, passwordOf };
  const agent = createAgent(home, 'alice', { preloadedRoute: true });
  expect(credentialOf(await registered(agent))).toMatchObject({ kind: 'credential' });
}

const addressesIn = (lab: Lab): string[] => lab.server.snapshot().flows.map(({ remoteAddress }) => remoteAddress);

describe.skipIf(!nginx)('nginx before the edge, as in config/nginx.conf', () => {
  it(
    'passes connections on and says whom they are for, and JsSIP registers',
    async () => {
      const { lab, stream } = await start(() => ({
        listen: { addresses: ['127.0.0.1'], port: 0, proxyProtocolFrom: ['127.0.0.1'] },
      }));
      await register(lab, stream);
      const wic = await WicSocket.connect(`wss://127.0.0.1:${stream}/`, { localAddress: '127.0.0.5' });
      expect(addressesIn(lab)).toContain('127.0.0.5');
      await wic.close();
    },
    TIMEOUT_MS,
  );

  it(
    'passes WebSockets on with the Host that clients use, and JsSIP registers',
    async () => {
      const { lab, http } = await start(() => ({}));
      await register(lab, http);
      const wic = await WicSocket.connect(`wss://127.0.0.1:${http}/`, { localAddress: '127.0.0.5' });
      expect(addressesIn(lab)).not.toContain('127.0.0.5');
      await wic.close();
    },
    TIMEOUT_MS,
  );

  it(
    'may put another Host into the upgrade where the edge knows its public hosts: JsSIP registers, and a page of its own may come',
    async () => {
      const sample = put(SAMPLE, 'proxy_set_header Host $http_host;', '');
      const { lab, http } = await start(({ http: port }) => ({ publicHosts: [`localhost:${port}`] }), sample);
      await register(lab, http);
      const wic = await WicSocket.connect(`wss://127.0.0.1:${http}/`, { origin: `https://localhost:${http}` });
      await wic.close();
      await expect(WicSocket.connect(`wss://127.0.0.1:${http}/`, { origin: 'https://evil.example' })).rejects.toThrow(
        '403',
      );
    },
    TIMEOUT_MS,
  );
});
