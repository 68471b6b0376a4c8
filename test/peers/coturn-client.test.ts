import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { createKeyRing } from '../../src/credentials/shared-key/key-ring.ts';
import { createSharedKeyVerifier } from '../../src/credentials/shared-key/verifier.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { turnServerOptions } from '../turn/support/options.ts';
import { daemon, peer, run, type Daemon, type Outcome } from './peers.ts';
import { freeUdpPort } from '../support/free-port.ts';

const uclient = peer('turnutils_uclient');
const echo = peer('turnutils_peer');
const stunclient = peer('turnutils_stunclient');
const natdiscovery = peer('turnutils_natdiscovery');
const KM = 'the shared secret';
const MESSAGES = 30;

const keyRing = createKeyRing([
  { id: 'new', secret: new Secret('a newer secret') },
  { id: 'old', secret: new Secret(KM) },
]);
const profile = { order: 't:u', separator: ':', hash: 'sha1', realmBound: false } as const;
const verifier = createSharedKeyVerifier({ keyRing, profile, skewSec: 0 });

let server: TurnServer;
let echoes: Daemon;
let echoPort: number;

function port(transport: 'udp' | 'tcp' | 'tls'): string {
  return String(server.addresses.find((at) => at.transport === transport)!.port);
}

/** One run of the client in its shared-secret mode: it mints `expiry:user` and its password from Km by itself. */
function talk(flags: string, timeoutMs = 60_000, at?: string): Promise<Outcome> {
  const transport = flags.includes('-S') ? 'tls' : /-[tT]/.test(flags) ? 'tcp' : 'udp';
  const args = `${flags} -r ${echoPort} -n ${MESSAGES} -p ${at ?? port(transport)}`.split(' ');
  return run(uclient!, ['-W', KM, '-u', 'lab', ...args.filter((arg) => arg !== ''), '127.0.0.1'], timeoutMs);
}

function expectNoLoss({ output }: Outcome): void {
  const totals = /tot_send_msgs=(\d+), tot_recv_msgs=(\d+)\n[^]*?Total lost packets (\d+)/.exec(output);
  expect(totals, output).not.toBeNull();
  const [, sent, received, lost] = totals!.map(Number);
  expect(sent).toBeGreaterThanOrEqual(MESSAGES);
  expect(received).toBe(sent);
  expect(lost).toBe(0);
}

describe.skipIf(!uclient || !echo)('turnutils_uclient against our server', () => {
  beforeAll(async () => {
    const listeners = (['udp', 'tcp', 'tls'] as const).map((transport) => ({
      transport,
      address: '127.0.0.1',
      port: 0,
    }));
    // Debian's client draws its channel numbers from the range of RFC 5766.
    const options = turnServerOptions({
      listeners,
      tls: await makeCertificate(),
      legacyChannelNumbers: true,
      mobility: true,
    });
    server = new TurnServer(options, { verifier, logger: silentLogger });
    await server.start();
    echoPort = await freeUdpPort();
    echoes = daemon(echo!, ['-L', '127.0.0.1', '-L', '::1', '-p', String(echoPort)]);
  });

  afterAll(async () => {
    await server.stop();
    await echoes.stop();
  });

  it.concurrent.each([
    ['over UDP', '-s -m 4 -e 127.0.0.1'],
    ['over TCP', '-t -s -m 4 -e 127.0.0.1'],
    ['over TLS', '-t -S -s -m 4 -e 127.0.0.1'],
    ['between two clients', '-y -s -m 4'],
    ['between two clients over TLS', '-y -t -S -s -m 4'],
    ['from an IPv6 relay', '-x -s -m 4 -e ::1'],
    ['from relays of both families in one allocation', '-Z -s -m 4 -e 127.0.0.1'],
    ['from relays of both families, to IPv6', '-Z -x -s -m 4 -e ::1'],
    ['with large messages', '-s -m 2 -l 1400 -e 127.0.0.1'],
    ['with DONT-FRAGMENT asked for', '-g -s -m 2 -e 127.0.0.1'],
    ['with requests in between', '-G -s -m 4 -e 127.0.0.1'],
    ['that moves to another port', '-M -s -m 4 -e 127.0.0.1'],
    ['that moves to another connection over TLS', '-M -t -S -s -m 4 -e 127.0.0.1'],
  ])('loses nothing %s by Send indications', { timeout: 60_000 }, async (_what, flags) => {
    expectNoLoss(await talk(flags));
  });

  it.concurrent.each([
    ['over UDP', '-m 4 -e 127.0.0.1'],
    ['from TCP relays, connection by connection', '-T -m 4'],
    ['from TCP relays over TLS', '-T -S -m 4'],
    ['over TCP', '-t -m 4 -e 127.0.0.1'],
    ['over TLS', '-t -S -m 4 -e 127.0.0.1'],
    ['between two clients', '-y -m 4'],
    ['between two clients over TLS', '-y -t -S -m 4'],
    ['from an IPv6 relay', '-x -m 4 -e ::1'],
    ['from relays of both families in one allocation', '-Z -m 4 -e 127.0.0.1'],
    ['from relays of both families over TLS, to IPv6', '-Z -x -t -S -m 4 -e ::1'],
    ['with channels padded over UDP', '-D -m 4 -l 101 -e 127.0.0.1'],
    ['with requests in between', '-G -m 4 -e 127.0.0.1'],
    ['with requests in between, over TLS', '-G -t -S -m 4 -e 127.0.0.1'],
    ['that moves to another port', '-M -m 4 -e 127.0.0.1'],
    ['that moves to another connection over TCP', '-M -t -m 4 -e 127.0.0.1'],
    ['that moves with relays of both families', '-M -Z -m 4 -e 127.0.0.1'],
  ])('loses nothing %s by channels', { timeout: 60_000 }, async (_what, flags) => {
    expectNoLoss(await talk(flags));
  });

  it.concurrent('brings peers to a TCP relay, whose every message arrives', { timeout: 60_000 }, async () => {
    // With -P, half of the sessions are the peers of the others, and count what they send as lost: against coturn too.
    const { output } = await talk('-P -m 4');
    const [, sent, received] = /tot_send_msgs=(\d+), tot_recv_msgs=(\d+)\n/.exec(output)!.map(Number);
    expect(sent).toBe(4 * MESSAGES);
    expect(received).toBe(sent! / 2);
  });

  it.concurrent.each([
    ['-N', '-N -s -m 4 -e 127.0.0.1'],
    ['-N with channels', '-N -m 4 -e 127.0.0.1'],
    ['-R', '-R -s -m 4 -e 127.0.0.1'],
    ['-R over TCP', '-R -t -s -m 4 -e 127.0.0.1'],
    ['-O, which connects and leaves', '-O -s -m 8 -e 127.0.0.1'],
    ['-O over TLS', '-O -t -S -s -m 8 -e 127.0.0.1'],
    ['-B, which leaves in the middle', '-B -s -m 8 -e 127.0.0.1'],
    ['-B over TCP', '-B -t -m 8 -e 127.0.0.1'],
  ])('stays up under the negative tests of %s', { timeout: 60_000 }, async (_what, flags) => {
    // Over UDP, -R waits for ever for an answer to what deserves none, from coturn too.
    await talk(flags, 6_000);
    expect(server.stats()?.drops).not.toHaveProperty('engine-error');
    expectNoLoss(await talk('-s -e 127.0.0.1'));
  });

  it.each([
    ['over UDP', '-s -m 4 -e 127.0.0.1', 'udp'],
    ['over TLS', '-t -S -m 4 -e 127.0.0.1', 'tls'],
  ] as const)(
    'is followed to the alternate server of a 300 %s',
    { timeout: 60_000 },
    async (_what, flags, transport) => {
      const to = (at: 'udp' | 'tls'): number => Number(port(at));
      const alternate = { address: '127.0.0.1', port: to('udp'), tlsPort: to('tls'), weight: 1 };
      const listeners = [{ transport, address: '127.0.0.1', port: 0 }];
      const first = new TurnServer(
        turnServerOptions({
          listeners,
          tls: await makeCertificate(),
          redirect: { servers: [alternate], when: 'all', abovePercent: 100 },
        }),
        { verifier, logger: silentLogger },
      );
      await first.start();
      try {
        expectNoLoss(await talk(flags, 60_000, String(first.addresses[0]!.port)));
        expect(first.stats()).toMatchObject({ allocationsCreated: 0 });
      } finally {
        await first.stop();
      }
    },
  );

  it.skipIf(!stunclient)('tells turnutils_stunclient where it comes from', { timeout: 60_000 }, async () => {
    const { output, exitCode } = await run(stunclient!, ['-p', port('udp'), '127.0.0.1'], 30_000);
    expect(output).toMatch(/UDP reflexive addr: 127\.0\.0\.1:\d+/);
    expect(exitCode).toBe(0);
  });

  it('refuses a client with another secret', async () => {
    const before = server.stats()!.allocationsCreated;
    const args = ['-W', 'not Km', '-u', 'lab', '-s', '-e', '127.0.0.1', '-p', port('udp'), '127.0.0.1'];
    const { output } = await run(uclient!, args, 30_000);
    expect(output).not.toContain('Total lost packets');
    expect(output).toContain('Cannot complete Allocation');
    expect(server.stats()!.allocationsCreated).toBe(before);
  });
});

describe.skipIf(!stunclient || !natdiscovery)('discovery of NAT behaviour by the clients of coturn', () => {
  let discovered: TurnServer;
  let at: string;

  beforeAll(async () => {
    const natDiscovery = { alternateAddress: '127.0.0.2', alternatePort: 0 };
    discovered = new TurnServer(turnServerOptions({ natDiscovery }), { verifier, logger: silentLogger });
    await discovered.start();
    at = String(discovered.addresses[0]!.port);
  });

  afterAll(() => discovered.stop());

  it('finds no NAT in mapping and filtering, with padding too', { timeout: 120_000 }, async () => {
    for (const flags of [
      ['-m', '-f'],
      ['-m', '-f', '-P'],
    ]) {
      // From a named address: on loopback the kernel would choose another source for each of the server's.
      const args = [...flags, '-L', '127.0.0.1', '-p', at, '127.0.0.1'];
      const { output, exitCode } = await run(natdiscovery!, args, 60_000);
      expect(exitCode, output).toBe(0);
      expect(output).toMatch(/Mapping/i);
      expect(output).toMatch(/Filtering/i);
    }
  });

  it('serves turnutils_stunclient in its mode of RFC 5780', { timeout: 60_000 }, async () => {
    const { output, exitCode } = await run(stunclient!, ['-f', '-p', at, '127.0.0.1'], 30_000);
    expect(output).toMatch(/Other addr:[ :]*127\.0\.0\.2:\d+\n[^]*Response origin:[ :]*127\.0\.0\.2:/);
    expect(exitCode, output).toBe(0);
  });
});
