import { describe, expect, it } from 'vitest';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';
import { formatText } from '../sip/message-text.ts';

async function registered(server: EdgeServer, user: string): Promise<Wic> {
  const wic = new Wic(user, await server.connect());
  await wic.register();
  return wic;
}

const BOB = 'sip:bob@example.com';

describe('a request of a WIC', () => {
  it.each<{ what: string; uri?: string; headers?: Record<string, string>; status: number; reason?: RegExp }>([
    { what: 'for a user who is not registered', status: 480 },
    { what: 'for a user who does not exist', uri: 'sip:nobody@example.com', status: 404 },
    { what: 'for a user with a line break in the name', uri: 'sip:bob%0d%0a@example.com', status: 404 },
    { what: 'for another domain', uri: 'sip:bob@example.org', status: 403 },
    { what: 'for an unknown scheme', uri: 'tel:+15551234', status: 416 },
    { what: 'for a malformed URI', uri: 'sip:bob@@example.com;;', status: 400, reason: /request uri/ },
    { what: 'with no hop left', headers: { 'Max-Forwards': '0' }, status: 483 },
    { what: 'with a malformed Max-Forwards', headers: { 'Max-Forwards': '-1' }, status: 400, reason: /max forwards/ },
    {
      what: 'that requires more extensions of the proxy than anybody has',
      headers: { 'Proxy-Require': Array.from({ length: 33 }, () => 'turn-cred').join(', ') },
      status: 400,
    },
    {
      what: 'that requires an extension of the callee and an agreement',
      headers: { Require: 'a,b , sec-agree,c' },
      status: 420,
    },
    { what: 'that requires an extension of the proxy', headers: { 'Proxy-Require': 'sec-agree' }, status: 420 },
    { what: 'with a CSeq of another method', headers: { CSeq: '7 INVITE' }, status: 400, reason: /cseq/ },
    {
      what: 'without the magic cookie',
      headers: { Via: 'SIP/2.0/WSS a.invalid;branch=1' },
      status: 400,
      reason: /via/,
    },
    { what: 'in the name of another user', headers: { From: `<${BOB}>;tag=1` }, status: 403 },
    { what: 'routed elsewhere', headers: { Route: '<sip:proxy.example.org;lr>' }, status: 403 },
    {
      what: 'with a flow token that was made up',
      headers: { Route: `<sip:${'A'.repeat(64)}@example.com;lr>` },
      status: 403,
    },
    { what: 'with a malformed Route', headers: { Route: '<sip:' }, status: 400 },
  ])('$what is answered $status', async ({ uri = BOB, headers = {}, status, reason = /./ }) => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    alice.send(alice.build('MESSAGE', uri, BOB, headers));
    const response = await alice.socket.response(status);
    expect(response.reason).toMatch(reason);
    if (status === 420) expect(response.headers.get('Unsupported')).toBe('sec-agree');
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
  });

  it('is refused before its sender has registered, and an ACK is not even answered', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    alice.send(alice.build('ACK', BOB, BOB));
    alice.send(alice.build('INVITE', BOB, BOB));
    await alice.socket.response(403);
    expect(alice.socket.frames).toHaveLength(1);
  });

  it('that has come back to the edge unchanged is a loop: 482', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const message = alice.build('MESSAGE', bob.aor, bob.aor);
    alice.send(message);
    const forwarded = await bob.socket.request('MESSAGE');
    const looped = { ...message, headers: message.headers.clone() };
    looped.headers.remove('Via');
    looped.headers.append('Via', 'SIP/2.0/WSS looper.invalid;branch=z9hG4bKloop');
    for (const via of forwarded.headers.getAll('Via')) looped.headers.append('Via', via);
    alice.send(looped);
    await alice.socket.response(482);

    looped.uri = 'sip:bob@example.com;spiral=1';
    looped.headers.set('Via', 'SIP/2.0/WSS looper.invalid;branch=z9hG4bKspiral');
    for (const via of forwarded.headers.getAll('Via')) looped.headers.append('Via', via);
    alice.send(looped);
    await bob.socket.request('MESSAGE');
  });

  it('sent twice is forwarded once, and its answer repeated', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const invite = alice.invite(bob.aor);
    const incoming = await bob.socket.request('INVITE');
    alice.send(invite);
    await alice.socket.response(100);
    await alice.socket.response(100);
    bob.reply(incoming, 486);
    await alice.socket.response(486);
    alice.send(invite);
    await alice.socket.response(486);
    expect(bob.socket.unread).toEqual(['ACK']);
  });

  it('gets rport and received filled in only if it asks', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    alice.send(
      alice.build('OPTIONS', 'sip:example.com', 'sip:example.com', {
        Via: 'SIP/2.0/WSS a.invalid;rport;branch=z9hG4bK1',
      }),
    );
    expect((await alice.socket.response(200)).headers.get('Via')).toMatch(
      /^SIP\/2\.0\/WSS a\.invalid;rport=\d+;branch=z9hG4bK1;received=(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/,
    );
  });

  // A 503 would have a client send nothing more to this edge, or go to another (RFC 3261 §21.5.4).
  it.each<{
    limits: { transactions?: number; transactionsPerFlow?: number };
    sent: number;
    cause: string;
    status: number;
  }>([
    { limits: { transactionsPerFlow: 4 }, sent: 5, cause: 'transactions-per-flow', status: 500 },
    { limits: { transactions: 8 }, sent: 5, cause: 'transactions', status: 503 },
  ])('beyond $limits is answered $status with Retry-After', async ({ limits, sent, cause, status }) => {
    await using server = await startEdge(edgeOptions({ limits }));
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const carol = await registered(server, 'carol');
    const callees = [bob, carol];
    for (let i = 0; i < sent; i++) {
      const to = callees[i % 2]!.aor;
      alice.send(alice.build('MESSAGE', to, to));
    }
    expect((await alice.socket.response(status)).headers.get('Retry-After')).toBe('5');
    expect(server.events.named('limited')).toMatchObject([{ cause }]);
    for (const callee of callees) {
      for (let i = 0; i < 2; i++) callee.reply(await callee.socket.request('MESSAGE'), 200);
    }
    await alice.socket.response(200);
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await bob.socket.request('MESSAGE');
  });

  it.each([
    { what: 'of another version', mutate: (text: string) => text.replace('SIP/2.0\r\n', 'SIP/3.0\r\n'), status: 505 },
    {
      what: 'with a broken header',
      mutate: (text: string) => text.replace('Max-Forwards: 69', 'Max-Forwards 69'),
      status: 400,
    },
    {
      what: 'longer than it says',
      mutate: (text: string) => text.replace('Content-Length: 0', 'Content-Length: 9'),
      status: 400,
    },
    { what: 'without From', mutate: (text: string) => text.replace(/From: .*\r\n/, ''), status: 400 },
  ])('$what is answered $status', async ({ mutate, status }) => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server, 'alice');
    alice.socket.send(mutate(formatText(alice.build('MESSAGE', BOB, BOB))));
    await alice.socket.response(status);
  });
});

describe('a response', () => {
  it('to nothing, or from another flow than the request went to, is dropped', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob, carol] = [
      await registered(server, 'alice'),
      await registered(server, 'bob'),
      await registered(server, 'carol'),
    ];
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    const incoming = await bob.socket.request('MESSAGE');
    carol.reply(incoming, 200);
    carol.reply(carol.build('MESSAGE', bob.aor, bob.aor), 200);
    carol.send(carol.build('OPTIONS', 'sip:example.com', 'sip:example.com'));
    await carol.socket.response(200, 'OPTIONS');
    expect(alice.socket.unread).toEqual([]);
    bob.reply(incoming, 202);
    await alice.socket.response(202);
  });

  it('carries no credential that its sender made up, nor does a request', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [await registered(server, 'alice'), await registered(server, 'bob')];
    const fake = { 'TURN-Cred-Rsp': 'name="x";pwd="y";lifetime=1', 'TURN-Username': 'x', 'TURN-URI': 'turn:evil' };
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor, { ...fake, 'TURN-Cred-Req': '' }));
    const incoming = await bob.socket.request('MESSAGE');
    bob.reply(incoming, 200, fake);
    const response = await alice.socket.response(200, 'MESSAGE');
    for (const { headers } of [incoming, response]) {
      expect([...headers.entries()].map(([name]) => name).join()).not.toMatch(/turn/i);
    }
  });
});
