import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type EdgeOptions } from '../../../../src/edge/edge-options.ts';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../../src/sip/format-message.ts';
import { NO_BODY, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { newBranch } from '../../../../src/sip/token.ts';
import { edgeOptions } from '../../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../../support/edge-server.ts';
import { calleeDialog, callerDialog, type DialogPeer, Wic } from '../../support/wic.ts';
import { externalOptions } from './core-bench.ts';
import { type Got, LoopbackCore } from './loopback-core.ts';
import { bodyText } from '../../../../src/sip/body-text.ts';

const BOB = 'sip:bob@example.com';
const SDP = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=ünïcode ☎\r\n';
const OCTETS = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
const TIMEOUT = 60_000;

async function startBefore(transport: string, ...cores: LoopbackCore[]): Promise<EdgeServer> {
  const uris = cores.map(({ address, port }) => `sip:${address}:${port};transport=${transport}`);
  const core = { ...externalOptions(uris), probe: { intervalSec: 30, timeoutSec: 1, maxBackoffSec: 1 } };
  const server = await startEdge({ ...edgeOptions(), core } satisfies EdgeOptions);
  await server.edge.start();
  return server;
}

/** The core grants what a REGISTER asks for. */
function grant({ message, answer }: Got<SipRequest>): void {
  const response = createResponse(message, 200);
  response.headers.append('Contact', message.headers.get('Contact')!);
  for (const path of message.headers.getAll('Path')) response.headers.append('Path', path);
  answer(response);
}

async function register(server: EdgeServer, core: LoopbackCore): Promise<{ wic: Wic; path: string }> {
  const wic = new Wic('alice', await server.connect());
  wic.send(wic.buildRegister());
  const got = await core.request('REGISTER');
  grant(got);
  await wic.socket.response(200, 'REGISTER');
  return { wic, path: got.message.headers.get('Path')! };
}

/** A request of the core's side; `routes`: nearest first. */
function coreRequest(
  core: LoopbackCore,
  transport: string,
  method: string,
  peer: DialogPeer,
  body: string | Buffer = '',
): SipRequest {
  const wic = new Wic('bob', undefined as never);
  return wic.build(
    method,
    peer.remoteTarget,
    'sip:alice@example.com',
    {
      Via: `SIP/2.0/${transport.toUpperCase()} ${core.address}:${core.port};branch=${newBranch()}`,
      'Call-ID': peer.callId,
      From: peer.local,
      To: peer.remote,
      Route: peer.routes.join(', '),
      Contact: `<sip:${core.address}:${core.port};transport=${transport}>`,
    },
    body,
  );
}

describe.each(['udp', 'tcp'])('a core that is reached by %s', (transport) => {
  it(
    'challenges a REGISTER and grants it, and the client gets its credential',
    async () => {
      await using core = new LoopbackCore('127.0.0.2');
      await core.start();
      await using server = await startBefore(transport, core);
      const wic = new Wic('alice', await server.connect());
      const registered = wic.register({ headers: { 'TURN-Cred-Req': '' } });
      const first = await core.request('REGISTER');
      expect(first.message.headers.has('TURN-Cred-Req')).toBe(false);
      const challenge = createResponse(first.message, 401);
      challenge.headers.append(
        'WWW-Authenticate',
        'Digest realm="example.com", nonce="n0nce", algorithm=MD5, qop="auth"',
      );
      first.answer(challenge);
      const second = await core.request('REGISTER');
      expect(second.message.headers.get('Authorization')).toContain('nonce="n0nce"');
      expect(second.message.headers.get('Path')).toMatch(/^<sip:[\w-]+@127\.0\.0\.1:\d+;.*lr;ob>/);
      grant(second);
      expect((await registered).headers.get('TURN-Cred-Rsp')).toContain('name=');
      expect(server.errors).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'carries a call of a client both ways, the session descriptions byte for byte',
    async () => {
      await using core = new LoopbackCore('127.0.0.2');
      await core.start();
      await using server = await startBefore(transport, core);
      const { wic } = await register(server, core);
      wic.invite(BOB, SDP);
      const invite = await core.request('INVITE');
      expect(bodyText(invite.message)).toBe(SDP);
      expect(invite.message.headers.getList('Record-Route')).toHaveLength(2);
      const accepted = createResponse(invite.message, 200, { toTag: 'bob-tag' });
      accepted.headers.append('Contact', `<sip:bob@${core.address}:${core.port};transport=${transport}>`);
      accepted.body = Buffer.from(SDP);
      invite.answer(createResponse(invite.message, 180, { toTag: 'bob-tag' }));
      invite.answer(accepted);
      // RFC 6026: a 2xx is repeated until its ACK comes, and passes each time.
      invite.answer(accepted);
      await wic.socket.response(180);
      const heard = await wic.socket.response(200, 'INVITE');
      await wic.socket.response(200, 'INVITE');
      expect(bodyText(heard)).toBe(SDP);
      wic.inDialog('ACK', callerDialog(heard), {
        CSeq: `${Number.parseInt(invite.message.headers.get('CSeq')!, 10)} ACK`,
      });
      const ack = await core.request('ACK');
      expect(ack.message.headers.has('Route')).toBe(false);

      const bye = coreRequest(core, transport, 'BYE', calleeDialog(invite.message, accepted));
      invite.answer(bye);
      const incoming = await wic.socket.request('BYE');
      wic.reply(incoming, 200);
      await core.response(200, 'BYE');
      expect(server.errors).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'calls a client by its Path, repeats itself, and cancels over another connection',
    async () => {
      await using core = new LoopbackCore('127.0.0.2');
      await core.start();
      await using server = await startBefore(transport, core);
      const { wic, path } = await register(server, core);
      const [edge] = addressesIn(path);
      const peer: DialogPeer = {
        routes: [path],
        remoteTarget: wic.contactUri,
        callId: 'from-the-core',
        local: '<sip:bob@example.com>;tag=b',
        remote: '<sip:alice@example.com>',
      };
      const invite = coreRequest(core, transport, 'INVITE', peer, SDP);
      await core.send(transport, edge!, invite);
      await core.response(100, 'INVITE');
      const incoming = await wic.socket.request('INVITE');
      expect(bodyText(incoming)).toBe(SDP);
      wic.reply(incoming, 180);
      await core.response(180, 'INVITE');
      await core.send(transport, edge!, invite);
      await core.response(180, 'INVITE');
      const headers = invite.headers.clone();
      headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
      await core.send(transport, edge!, { ...invite, method: 'CANCEL', headers, body: NO_BODY });
      await core.response(200, 'CANCEL');
      await wic.socket.request('CANCEL');
      wic.reply(incoming, 487);
      const failed: SipResponse = await core.response(487, 'INVITE');
      const ack = { ...invite, method: 'ACK', headers: invite.headers.clone(), body: NO_BODY };
      ack.headers.set('CSeq', headers.get('CSeq')!.replace('CANCEL', 'ACK'));
      ack.headers.set('To', failed.headers.get('To')!);
      await core.send(transport, edge!, ack);
      expect(wic.socket.unread.filter((it) => it === 'INVITE')).toEqual([]);

      wic.socket.webSocket.terminate();
      await once(wic.socket.webSocket, 'close');
      await expect.poll(() => server.edge.snapshot().flows.length, { timeout: 10_000 }).toBe(0);
      await core.send(transport, edge!, coreRequest(core, transport, 'MESSAGE', { ...peer, callId: 'later' }));
      await core.response(430, 'MESSAGE');
      expect(server.errors).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'gets and sends bodies of octets byte for byte',
    async () => {
      await using core = new LoopbackCore('127.0.0.2');
      await core.start();
      await using server = await startBefore(transport, core);
      const { wic, path } = await register(server, core);
      const type = { 'Content-Type': 'application/vnd.3gpp.sms' };
      wic.send(wic.build('MESSAGE', BOB, BOB, type, OCTETS));
      const sent = await core.request('MESSAGE');
      expect(Buffer.from(sent.message.body)).toEqual(OCTETS);
      const accepted = createResponse(sent.message, 202);
      accepted.body = OCTETS;
      sent.answer(accepted);
      expect(Buffer.from((await wic.socket.response(202)).body)).toEqual(OCTETS);

      const peer = {
        routes: [path],
        remoteTarget: wic.contactUri,
        callId: 'sms',
        local: `<${BOB}>;tag=b`,
        remote: '<sip:alice@example.com>',
      };
      const [edge] = addressesIn(path);
      const delivery = coreRequest(core, transport, 'MESSAGE', peer, OCTETS);
      await core.send(transport, edge!, delivery);
      const got = await wic.socket.request('MESSAGE');
      expect(Buffer.from(got.body)).toEqual(OCTETS);
      wic.reply(got, 200, type, OCTETS);
      expect(Buffer.from((await core.response(200, 'MESSAGE')).body)).toEqual(OCTETS);
      expect(wic.socket.binaryFrames).toHaveLength(2);
      expect(server.errors).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'is told by 400 of a head that is not UTF-8',
    async () => {
      await using core = new LoopbackCore('127.0.0.2');
      await core.start();
      await using server = await startBefore(transport, core);
      const { wic, path } = await register(server, core);
      const peer = { routes: [path], remoteTarget: wic.contactUri, callId: 'c', local: `<${BOB}>;tag=b`, remote: BOB };
      const [edge] = addressesIn(path);
      const text = formatSipMessage(coreRequest(core, transport, 'MESSAGE', peer)).toString('latin1');
      await core.sendBytes(
        transport,
        edge!,
        Buffer.from(text.replace('Contact:', 'Subject: \xff\r\nContact:'), 'latin1'),
      );
      expect((await core.response(400, 'MESSAGE')).reason).toBe('Bad Request (not utf8)');
      expect(wic.socket.unread).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'that is killed in the midst of a request leaves it to the next, and is used again when it is back',
    async () => {
      await using first = new LoopbackCore('127.0.0.2');
      await using second = new LoopbackCore('127.0.0.3');
      await Promise.all([first.start(), second.start()]);
      await using server = await startBefore(transport, first, second);
      const { wic } = await register(server, first);
      wic.send(wic.buildRegister());
      await first.request('REGISTER');
      await first.kill();
      grant(await second.request('REGISTER'));
      await wic.socket.response(200, 'REGISTER');
      expect(server.events.named('core-down')).toHaveLength(1);
      expect(server.edge.snapshot().cores?.map(({ state }) => state)).toEqual(['down', 'up']);

      const back = new Promise((resolve) => server.events.on('core-up', resolve));
      await first.start();
      await back;
      wic.send(wic.buildRegister());
      grant(await first.request('REGISTER'));
      await wic.socket.response(200, 'REGISTER');
      expect(second.unread).toEqual([]);
      expect(server.errors).toEqual([]);
    },
    TIMEOUT,
  );
});

it(
  'a core whose connection has closed meanwhile gets its answer over a new one',
  async () => {
    await using core = new LoopbackCore('127.0.0.2');
    await core.start();
    await using server = await startBefore('tcp', core);
    const { wic, path } = await register(server, core);
    const peer = {
      routes: [path],
      remoteTarget: wic.contactUri,
      callId: 'c',
      local: `<${BOB}>;tag=b`,
      remote: '<sip:alice@example.com>',
    };
    const [edge] = addressesIn(path);
    await core.send('tcp', edge!, coreRequest(core, 'tcp', 'MESSAGE', peer, 'x'.repeat(64_000)));
    const incoming = await wic.socket.request('MESSAGE');
    expect(incoming.body).toHaveLength(64_000);
    await core.closeConnections();
    wic.reply(incoming, 200);
    await core.response(200, 'MESSAGE');
    expect(server.edge.snapshot().registrations).toHaveLength(1);
    expect(server.errors).toEqual([]);
  },
  TIMEOUT,
);

it(
  'a core of which nothing is left: the client hears 504 with Retry-After',
  async () => {
    await using core = new LoopbackCore('127.0.0.2');
    await core.start();
    await using server = await startBefore('tcp', core);
    const { wic } = await register(server, core);
    await core.kill();
    await expect.poll(() => server.edge.snapshot().cores?.[0]?.state, { timeout: 10_000 }).toBe('down');
    wic.send(wic.buildRegister());
    expect((await wic.socket.response(504, 'REGISTER')).headers.get('Retry-After')).toBe('5');
  },
  TIMEOUT,
);

function addressesIn(path: string): { host: string; port: number }[] {
  return [...path.matchAll(/@([\d.]+):(\d+)/g)].map(([, host, port]) => ({ host: host!, port: Number(port) }));
}
