import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { type EdgeOptions } from '../../src/edge/edge-options.ts';
import { createResponse } from '../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../src/sip/message.ts';
import { CoreBench, externalOptions, FIRST } from '../edge/core/external/core-bench.ts';
import { type Got, LoopbackCore } from '../edge/core/external/loopback-core.ts';
import { edgeOptions } from '../edge/support/edge-options.ts';
import { type EdgeServer, startEdge } from '../edge/support/edge-server.ts';
import { Wic, WicMessages } from '../edge/support/wic.ts';
import { formatText } from '../sip/message-text.ts';

const SCALE = Number(process.env.EPCSCF_ATTACK_SECONDS ?? '20') / 20;
const PATIENCE = { timeout: 20_000, interval: 20 };
const TIMEOUT_MS = 60_000 + 20_000 * SCALE;
const CORE = '127.0.0.2';
const STRANGER = '127.0.0.9';
const BOB = 'sip:bob@example.com';

function many(count: number): number {
  return Math.ceil(count * SCALE);
}

/** An edge before `core`; T1 is short, so that what waits for a timer ends within the test. */
async function startBefore(core: LoopbackCore, transport: string, connections = 40): Promise<EdgeServer> {
  const options = externalOptions([`sip:${core.address}:${core.port};transport=${transport}`]);
  const outside = { ...options, connections, probe: { intervalSec: 1, timeoutSec: 1, maxBackoffSec: 1 } };
  const base = edgeOptions({ transaction: { t1Ms: 50, t2Ms: 100, t4Ms: 100 } });
  const server = await startEdge({ ...base, core: outside } satisfies EdgeOptions);
  await server.edge.start();
  await vi.waitUntil(() => server.edge.isCoreThere, PATIENCE);
  return server;
}

/** Where the core finds the edge, from the Path of a registration. */
function placeOf(path: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /@([\d.]+):(\d+);/.exec(path) ?? [];
  return { host, port: Number(port) };
}

function granted({ message }: Got<SipRequest>): SipResponse {
  const response = createResponse(message, 200);
  for (const contact of message.headers.getAll('Contact')) response.headers.append('Contact', contact);
  return response;
}

/** The registered client, and the Path it is reached by. */
async function register(server: EdgeServer, core: LoopbackCore, user = 'alice'): Promise<{ wic: Wic; path: string }> {
  const wic = new Wic(user, await server.connect());
  wic.send(wic.buildRegister());
  const got = await core.request('REGISTER');
  got.answer(granted(got));
  await wic.socket.response(200, 'REGISTER');
  return { wic, path: got.message.headers.get('Path')! };
}

/** Everything that was thrown at the edge has come to rest: no transaction is left, and no timer more than before. */
async function atRest({ edge, errors }: EdgeServer, timersBefore: number): Promise<void> {
  await vi.waitUntil(() => edge.snapshot().transactions === 0 && edge.snapshot().timers <= timersBefore + 1, PATIENCE);
  expect(errors).toEqual([]);
}

async function tcpTo(path: string, localAddress: string): Promise<Socket> {
  const socket = connect({ ...placeOf(path), localAddress }).on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  return socket;
}

/** Also when it is reset. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else
      socket.once('close', () => {
        resolve();
      });
  });
}

describe('strangers at the port for the core', () => {
  it(
    'are heard by nobody, whatever they send, and clients register meanwhile',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'udp');
      const { wic, path } = await register(server, core);
      const before = server.edge.snapshot().timers;
      const udp = createSocket('udp4').bind(0, STRANGER);
      await once(udp, 'listening');
      const forged = new WicMessages('bob').build('MESSAGE', wic.contactUri, wic.aor, { Route: path });
      const { host, port } = placeOf(path);
      for (let i = 0; i < many(3000); i += 1) udp.send(formatText(forged), port, host);
      const sockets = await Promise.all(Array.from({ length: 50 }, () => tcpTo(path, STRANGER)));
      await Promise.all(sockets.map(gone));
      await register(server, core, 'bob');
      expect(wic.socket.unread).toEqual([]);
      udp.close();
      await atRest(server, before + 10);
      expect(server.lines.filter(({ message }) => message.startsWith('refused')).length).toBeLessThan(200);
    },
    TIMEOUT_MS,
  );
});

describe('a machine of the core that has gone mad', () => {
  it.each([
    ['an endless head', `OPTIONS sip:x SIP/2.0\r\nX: ${'x'.repeat(70_000)}\r\n`.repeat(4)],
    ['a body of a size that nobody has', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 4294967296\r\n\r\n'],
    ['a negative size', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n'],
    ['two sizes', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\nl: 5\r\n\r\n'],
    ['no size', 'OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\n\r\n'],
    ['no SIP', '\u0000\u0001\u0002'.repeat(100)],
  ])(
    'and sends %s over TCP loses that connection and no other',
    async (_what, text) => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const { path } = await register(server, core);
      const socket = await tcpTo(path, CORE);
      const closed = gone(socket);
      socket.write(text);
      await closed;
      await register(server, core, 'bob');
      expect(server.errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'and takes all connections there are, some with the beginning of a message, leaves the edge those of its own',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const { path } = await register(server, core);
      const sockets = await Promise.all(Array.from({ length: 200 }, () => tcpTo(path, CORE)));
      for (const socket of sockets) socket.write('INVITE sip:');
      await vi.waitUntil(() => sockets.filter(({ closed }) => !closed).length <= 30, PATIENCE);
      await core.closeConnections();
      await register(server, core, 'bob');
      for (const socket of sockets) socket.destroy();
    },
    TIMEOUT_MS,
  );

  it(
    'and answers what nobody has asked, ever again, and with lists beyond measure, changes nothing',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const wic = new Wic('alice', await server.connect());
      const before = server.edge.snapshot().timers;
      wic.send(wic.buildRegister({ headers: { 'TURN-Cred-Req': '' } }));
      const got = await core.request('REGISTER');
      const other = { ...got.message, headers: got.message.headers.clone() };
      other.headers.set('Via', 'SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKnobody');
      for (let i = 0; i < many(500); i += 1) got.answer(createResponse(other, i % 2 === 0 ? 200 : 183));
      const response = granted(got);
      const list = Array.from({ length: 300 }, (_, i) => `<sip:${i}@x>`).join(', ');
      response.headers.append('P-Associated-URI', `<${wic.aor}>`);
      response.headers.append('Service-Route', `<sip:${CORE}:${core.port};transport=tcp;lr>`);
      for (const name of ['P-Associated-URI', 'Service-Route', 'Path', 'Contact'])
        for (let i = 0; i < 3; i += 1) response.headers.append(name, list);
      for (let i = 0; i < 40; i += 1) response.headers.append('Via', 'SIP/2.0/UDP x;branch=z9hG4bK1');
      response.headers.append('TURN-Password', 'of-the-core');
      response.headers.append('turn-cred-rsp', 'name="x";pwd="of-the-core"');
      for (let i = 0; i < 3; i += 1) got.answer(response);
      const answered = await wic.socket.response(200, 'REGISTER');
      expect(answered.headers.getAll('Via')).toHaveLength(1);
      expect(wic.socket.frames.join('\n')).not.toContain('of-the-core');
      expect(answered.headers.has('TURN-Password')).toBe(true);
      wic.send(wic.build('MESSAGE', BOB, BOB));
      const message = (await core.request('MESSAGE')).message;
      expect(message.headers.getList('Route').length).toBeLessThanOrEqual(16);
      expect(message.headers.getAll('P-Asserted-Identity')).toEqual([`<${wic.aor}>`]);
      await atRest(server, before + 4);
    },
    TIMEOUT_MS,
  );

  it(
    'and floods one client, which does not answer, costs no other client anything',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const deaf = await register(server, core, 'deaf');
      deaf.wic.socket.webSocket.pause();
      const alice = await register(server, core);
      const before = server.edge.snapshot().timers;
      const socket = await tcpTo(deaf.path, CORE);
      const body = 'x'.repeat(10_000);
      const flood = (): string => {
        const notify = new WicMessages('bob').build(
          'NOTIFY',
          deaf.wic.contactUri,
          deaf.wic.aor,
          { Route: deaf.path, Via: `SIP/2.0/TCP ${CORE}:${core.port};branch=z9hG4bK${Math.random()}` },
          body,
        );
        return formatText(notify);
      };
      for (let i = 0; i < many(500); i += 1) if (!socket.write(flood())) await once(socket, 'drain');
      expect(server.edge.snapshot().transactions).toBeLessThan(300);
      alice.wic.send(alice.wic.build('MESSAGE', BOB, BOB));
      const got = await core.request('MESSAGE');
      got.answer(createResponse(got.message, 202));
      await alice.wic.socket.response(202, 'MESSAGE');
      socket.destroy();
      deaf.wic.socket.webSocket.terminate();
      await atRest(server, before);
    },
    TIMEOUT_MS,
  );

  it(
    'and rings without end has its call ended by the caller, and nothing stays',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const { wic } = await register(server, core);
      const before = server.edge.snapshot().timers;
      const invite = wic.invite(BOB);
      const got = await core.request('INVITE');
      for (let i = 0; i < many(1000); i += 1)
        got.answer(createResponse(got.message, 180 + (i % 4), { toTag: `t${i}` }));
      await wic.socket.response(180, 'INVITE');
      expect(server.edge.snapshot().timers).toBeLessThan(before + 6);
      const cancel = wic.build('CANCEL', BOB, BOB, {
        Via: invite.headers.get('Via')!,
        'Call-ID': invite.headers.get('Call-ID')!,
        From: invite.headers.get('From')!,
        To: invite.headers.get('To')!,
        CSeq: invite.headers.get('CSeq')!.replace('INVITE', 'CANCEL'),
      });
      wic.send(cancel);
      await wic.socket.response(200, 'CANCEL');
      await core.request('CANCEL');
      await wic.socket.response(487, 'INVITE');
      wic.socket.webSocket.terminate();
      await atRest(server, before);
    },
    TIMEOUT_MS,
  );
});

describe('a client before a core outside', () => {
  it.each([
    ['P-Asserted-Identity', `P-Asserted-Identity :<${BOB}>`],
    ['P-Asserted-Identity', `p-ASSERTED-identity\t:\r\n <${BOB}>`],
    ['P-Asserted-Identity', `P-Asserted-Identity: <sip:x@y>\r\nP-Asserted-Identity: <${BOB}>`],
    ['P-Preferred-Identity', `P-Preferred-Identity: <${BOB}>`],
    ['P-Charging-Vector', 'P-Charging-Vector:\r\n\ticid-value=mine'],
    ['TURN-Cred-Rsp', 'TURN-Cred-Rsp: name="u";pwd="mine"'],
    ['TURN-Password', 'turn-password : mine'],
    ['History-Info', `History-Info: <${BOB}>;index=1`],
    ['P-Access-Network-Info', 'P-Access-Network-Info: 3GPP-E-UTRAN-FDD;mine;network-provided'],
    ['Record-Route', 'Record-Route: <sip:mine.example;lr>'],
  ])('gets no %s of its own past the edge, however it is written', async (name, line) => {
    await using core = new LoopbackCore(CORE);
    await core.start();
    await using server = await startBefore(core, 'tcp');
    const { wic } = await register(server, core);
    const text = formatText(wic.build('INVITE', BOB, BOB, { Contact: `<${wic.contactUri}>` }));
    wic.socket.send(text.replace('\r\nMax-Forwards', `\r\n${line}\r\nMax-Forwards`));
    const { message } = await core.request('INVITE');
    const values = message.headers.getAll(name).join();
    expect(values).not.toMatch(/mine|bob|x@y/);
    expect(message.headers.getAll('P-Asserted-Identity')).toEqual([`<${wic.aor}>`]);
  });

  it.each(['REGISTER', 'REGISTER, challenged', 'INVITE', 'INVITE, ringing', 'INVITE, cancelled', 'MESSAGE'])(
    'that is gone in the middle of %s leaves nothing behind, also where the core answers late',
    async (stage) => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const before = server.edge.snapshot().timers;
      const { wic } = await register(server, core);
      const [method = ''] = stage.split(',');
      const request =
        method === 'REGISTER' ? wic.buildRegister() : wic.build(method, BOB, BOB, { Contact: `<${wic.contactUri}>` });
      wic.send(request);
      const got = await core.request(method);
      if (stage.includes('challenged')) got.answer(createResponse(got.message, 100));
      if (stage.includes(',') && method === 'INVITE') {
        got.answer(createResponse(got.message, 180, { toTag: 'b' }));
        await wic.socket.response(180, 'INVITE');
      }
      if (stage.includes('cancelled')) {
        const headers = request.headers.clone();
        headers.set('CSeq', headers.get('CSeq')!.replace('INVITE', 'CANCEL'));
        wic.send({ ...request, method: 'CANCEL', headers });
      }
      wic.socket.webSocket.terminate();
      await vi.waitUntil(() => server.edge.snapshot().flows.length === 0, PATIENCE);
      const late = method === 'REGISTER' ? granted(got) : createResponse(got.message, 200, { toTag: 'b' });
      got.answer(method === 'INVITE' ? createResponse(got.message, 487, { toTag: 'b' }) : late);
      await vi.waitUntil(() => server.edge.snapshot().transactions === 0, { timeout: 40_000, interval: 50 });
      expect(server.edge.snapshot().registrations).toEqual([]);
      // The registration that lapsed is remembered to its end.
      expect(server.edge.snapshot().timers).toBeLessThanOrEqual(before + 2);
      expect(server.errors).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('a core that is silent, or comes and goes', () => {
  it(
    'has a bounded number of REGISTERs wait for it, the others get 503, and all is forgotten in the end',
    async () => {
      const bench = await CoreBench.start(FIRST);
      bench.connect();
      await bench.answerProbes(200, FIRST);
      const before = bench.clock.timers.size;
      const answers: string[] = [];
      for (let i = 0; i < many(1500); i += 1) {
        const hop = bench.addHop();
        await bench.from(new WicMessages(`user${i}`).buildRegister(), hop);
        answers.push(...hop.take());
      }
      expect(bench.layer.size).toBeLessThanOrEqual(2000);
      expect(new Set(answers)).toEqual(new Set(['503']));
      await bench.pass(40_000);
      expect(bench.layer.size).toBeLessThanOrEqual(1);
      expect(bench.clock.timers.size).toBeLessThanOrEqual(before + 2);
    },
    TIMEOUT_MS,
  );

  it(
    'a thousand times leaves no timer and no place behind',
    async () => {
      const bench = await CoreBench.start(FIRST);
      bench.connect();
      await bench.answerProbes(200, FIRST);
      const before = bench.clock.timers.size;
      for (let i = 0; i < 1000; i += 1) {
        bench.clock.advance(30_000);
        await bench.settle();
        await bench.answerProbes(503, FIRST);
        bench.clock.advance(1000);
        await bench.settle();
        await bench.answerProbes(200, FIRST);
      }
      expect(bench.events.named('core-down').length).toBeGreaterThanOrEqual(1000);
      expect(bench.clock.timers.size).toBeLessThanOrEqual(before + 1);
      expect(bench.connection.cores).toHaveLength(1);
      expect(bench.layer.size).toBeLessThanOrEqual(1);
    },
    TIMEOUT_MS,
  );

  it(
    'by TCP loses its connections over and over, and no descriptor stays',
    async () => {
      await using core = new LoopbackCore(CORE);
      await core.start();
      await using server = await startBefore(core, 'tcp');
      const { timers } = server.edge.snapshot();
      const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      const open = sockets();
      for (let i = 0; i < many(100); i += 1) await core.closeConnections();
      await vi.waitUntil(() => sockets() <= open + 2, PATIENCE);
      await register(server, core);
      await atRest(server, timers + 4);
    },
    TIMEOUT_MS,
  );
});
