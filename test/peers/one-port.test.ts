import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { daemon, peer, run, type Daemon } from './peers.ts';
import { freeUdpPort } from '../support/free-port.ts';

const uclient = peer('turnutils_uclient');
const echo = peer('turnutils_peer');
const curl = peer('curl');
const KM = 'the shared secret of this lab';
const LISTENERS = [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }];
const TIMEOUT_MS = 60_000;

function httpsPort(lab: Lab): string {
  return String(lab.addresses.https[0]!.port);
}

describe.skipIf(!uclient || !echo)('turnutils_uclient on the HTTPS port', () => {
  let lab: Lab;
  let echoes: Daemon;
  let echoPort: number;

  beforeAll(async () => {
    lab = await startLab({
      config: {
        edge: { turnOnHttps: true },
        turn: { listeners: LISTENERS, legacyChannelNumbers: true, peers: { allowPrivate: true } },
        credentials: { secret: KM },
      },
    });
    echoPort = await freeUdpPort();
    echoes = daemon(echo!, ['-L', '127.0.0.1', '-p', String(echoPort)]);
  });

  afterAll(async () => {
    await lab.stop();
    await echoes.stop();
  });

  it.each([
    ['Send indications', '-s'],
    ['channels', ''],
  ])('loses nothing with %s', async (_what, flag) => {
    const flags = `-t -S ${flag} -m 2 -n 30 -e 127.0.0.1 -r ${echoPort} -p ${httpsPort(lab)}`.split(/\s+/);
    const { output } = await run(uclient!, ['-W', KM, '-u', 'lab', ...flags, '127.0.0.1'], TIMEOUT_MS);
    expect(output).toMatch(/tot_send_msgs=60, tot_recv_msgs=60\n[^]*Total lost packets 0 /);
    expect(lab.server.snapshot().stats.turn?.allocationsCreated).toBeGreaterThan(0);
  });
});

describe.skipIf(!curl)('curl', () => {
  let lab: Lab;

  beforeAll(async () => {
    const listen = { addresses: ['127.0.0.1'], port: 0, proxyProtocolFrom: ['127.0.0.1'] };
    lab = await startLab({ config: { edge: { turnOnHttps: true, listen }, turn: { listeners: LISTENERS } } });
  });

  afterAll(() => lab.stop());

  const get = (...flags: string[]) =>
    run(curl!, ['-sSk', '--max-time', '30', ...flags, `https://127.0.0.1:${httpsPort(lab)}/healthz`], TIMEOUT_MS);

  it.each([
    ['with ALPN', []],
    ['without', ['--no-alpn']],
  ])('gets a page when it sends a PROXY header, %s', async (_what, flags) => {
    expect(await get('--haproxy-protocol', ...flags)).toEqual({ exitCode: 0, output: 'ok\n' });
  });

  it('gets nothing without the header', async () => {
    expect((await get()).exitCode).not.toBe(0);
  });
});
