import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MemoryState } from '../../../src/config/state/memory-state.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../../../src/base/limited-log.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { Secret } from '../../../src/base/secret.ts';
import { HepMirror } from '../../../src/edge/trace/hep-mirror.ts';
import { parseTurnCredential } from '../../sip/received-credential.ts';
import { createServer } from '../../../src/server/server.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge } from '../support/edge-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { Wic, WicMessages } from '../support/wic.ts';
import { HepCollector } from './hep-collector.ts';

const PATIENT = { timeout: 10_000 };
const LOCALHOST = '127.0.0.1';

function hep(port: number) {
  return { collector: { host: LOCALHOST, port }, captureId: 77, captureKey: new Secret('homer-key') };
}

/** A UDP port of loopback on which nobody listens. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, LOCALHOST);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

describe('a HEP collector', () => {
  it('gets every message of a registration and an OPTIONS, with both ends, in order, and no secret', async () => {
    await using collector = await HepCollector.open();
    await using server = await startEdge({ ...edgeOptions(), trace: { hep: hep(collector.port) } });
    const socket = await server.connect();
    const alice = new Wic('alice', socket);
    const { headers } = await alice.register({ headers: { 'TURN-Cred-Req': 'turn' } });
    const options = alice.build('OPTIONS', 'sip:example.com', 'sip:example.com', { 'TURN-Cred-Req': '' });
    alice.send(options);
    const answer = await socket.response(200, 'OPTIONS');
    await expect.poll(() => collector.packets.length, PATIENT).toBe(6);

    const byTime = collector.messages.sort((a, b) => a.atUs - b.atUs);
    expect(byTime.map(({ payload }) => payload.slice(0, 11))).toEqual([
      'REGISTER si',
      'SIP/2.0 401',
      'REGISTER si',
      'SIP/2.0 200',
      'OPTIONS sip',
      'SIP/2.0 200',
    ]);
    expect(new Set(byTime.map(({ atUs }) => atUs)).size).toBe(6);
    expect(Math.abs(byTime[0]!.atUs / 1000 - Date.now())).toBeLessThan(60_000);
    const { localPort } = (socket.webSocket as unknown as { _socket: { localPort: number } })._socket;
    const [edge, wic] = [`${LOCALHOST} ${server.port}`, `${LOCALHOST} ${localPort}`];
    for (const [i, message] of byTime.entries()) {
      const [source, destination] = i % 2 === 0 ? [wic, edge] : [edge, wic];
      const fixed = { family: 2, protocol: 6, payloadType: 1, captureId: 77, key: 'homer-key' };
      expect(message).toMatchObject({ ...fixed, source, destination });
      expect(message.correlationId).toBe(i < 4 ? alice.registerCallId : options.headers.get('Call-ID'));
    }
    for (const { payload } of byTime) {
      for (const secret of [headers, answer.headers].map(parseTurnCredential)) {
        expect(payload).not.toContain((secret as { password: string }).password);
      }
    }
    expect(byTime[2]!.payload).toMatch(/\r\nAuthorization: Digest .* response="\[masked\]"/);
    expect(byTime[3]!.payload).toContain('\r\nTURN-Password: [masked]\r\n');
    expect(server.edge.snapshot().hep).toEqual({ sent: 6, cut: 0, dropped: 0 });
  });

  it('gets what core and edge send one another, with the transport they use', async () => {
    await using collector = await HepCollector.open();
    const mirror = new HepMirror(hep(collector.port), context());
    const core = Object.assign(new FakeHop({ kind: 'core' }), {
      viaTransport: 'UDP',
      remoteAddress: '2001:db8::5',
      remotePort: 5060,
      localAddress: '2001:db8::1',
      localPort: 5070,
    });
    const message = new WicMessages('alice').build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com');
    await expect
      .poll(() => {
        mirror.copy(message, core, 'out');
        return collector.packets.length;
      }, PATIENT)
      .toBeGreaterThan(0);
    expect(collector.messages[0]).toMatchObject({
      family: 10,
      protocol: 17,
      source: '2001:0db8:0000:0000:0000:0000:0000:0001 5070',
      destination: '2001:0db8:0000:0000:0000:0000:0000:0005 5060',
    });
    mirror.close();
  });

  it('that nobody runs changes nothing for a client, and what it misses is counted', async () => {
    await using server = await startEdge({ ...edgeOptions(), trace: { hep: hep(await closedPort()) } });
    const alice = new Wic('alice', await server.connect());
    await alice.register();
    for (let i = 0; i < 20; i++) {
      alice.send(alice.build('OPTIONS', 'sip:example.com', 'sip:example.com'));
      await alice.socket.response(200, 'OPTIONS');
    }
    const counters = server.edge.snapshot().hep!;
    expect(counters.sent + counters.dropped).toBeGreaterThanOrEqual(40);
    await expect.poll(() => server.edge.snapshot().hep!.dropped, PATIENT).toBeGreaterThan(0);
    expect(server.errors).toEqual([]);
    expect(server.lines.filter(({ message }) => message.startsWith('HEP'))).not.toEqual([]);
  });

  it('whose name does not resolve is looked up again, no sooner than five seconds later', async () => {
    const clock = new FakeClock();
    let failures = 0;
    const warn = (): void => {
      failures++;
    };
    const limitedLog = new LimitedLog({ ...silentLogger, warn }, HOSTILE_LOG_LIMITS);
    // A name with an empty label fails without a question to anybody.
    const collector = { host: 'collector..invalid', port: 9060 };
    const mirror = new HepMirror({ collector, captureId: 1 }, { clock, limitedLog });
    const message = new WicMessages('alice').buildRegister();
    const copy = (): void => {
      mirror.copy(message, new FakeHop(), 'in');
    };
    await expect.poll(() => failures, PATIENT).toBe(1);
    clock.advance(4999);
    copy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(failures).toBe(1);
    clock.advance(1);
    copy();
    await expect.poll(() => failures, PATIENT).toBe(2);
    mirror.close();
    clock.advance(5000);
    copy();
    expect(mirror.counters).toEqual({ sent: 0, cut: 0, dropped: 3 });
  });

  it('that comes back gets messages again', async () => {
    const port = await closedPort();
    const clock = new FakeClock();
    const mirror = new HepMirror(hep(port), context(clock));
    const message = new WicMessages('alice').buildRegister();
    await expect
      .poll(() => {
        mirror.copy(message, new FakeHop(), 'in');
        return mirror.counters.sent > 0 && mirror.counters.dropped > 1;
      }, PATIENT)
      .toBe(true);
    await using collector = await HepCollector.open(port);
    clock.advance(5000);
    await expect
      .poll(() => {
        mirror.copy(message, new FakeHop(), 'in');
        return collector.names.includes('REGISTER');
      }, PATIENT)
      .toBe(true);
    mirror.close();
  });

  it('that is slower than a flood loses messages, and the edge holds no more than its bound', async () => {
    await using collector = await HepCollector.open();
    const mirror = new HepMirror(hep(collector.port), context());
    const message = new WicMessages('alice').buildRegister();
    await expect
      .poll(() => {
        mirror.copy(message, new FakeHop(), 'in');
        return mirror.counters.sent;
      }, PATIENT)
      .toBeGreaterThan(0);
    const before = mirror.counters.dropped;
    for (let i = 0; i < 3000; i++) mirror.copy(message, new FakeHop(), 'in');
    expect(mirror.counters.dropped - before).toBeGreaterThan(1900);
    mirror.close();
  });

  it('is set by edge.trace.hep, and its counters are in the snapshot of the server', async () => {
    await using collector = await HepCollector.open();
    const trace = { hep: { collector: `localhost:${collector.port}`, captureKey: 'k' } };
    const server = await createServer(
      {
        edge: { listen: { port: 0, addresses: [LOCALHOST] }, demoPage: false, trace },
        turn: { listeners: [{ transport: 'udp', address: LOCALHOST, port: 0 }] },
      },
      { logger: silentLogger, state: new MemoryState() },
    );
    await server.start();
    expect(server.snapshot().stats.edge?.hep).toEqual({ sent: 0, cut: 0, dropped: 0 });
    await server.stop();
  });
});

function context(clock = new FakeClock()) {
  return { clock, limitedLog: new LimitedLog(silentLogger, HOSTILE_LOG_LIMITS) };
}
