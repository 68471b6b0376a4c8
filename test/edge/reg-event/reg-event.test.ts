import { describe, expect, it } from 'vitest';
import { type EdgeOptions, type ExternalCoreOptions } from '../../../src/edge/edge-options.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { newBranch, newTag } from '../../../src/sip/token.ts';
import { externalOptions } from '../core/external/core-bench.ts';
import { LoopbackCore } from '../core/external/loopback-core.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { calleeDialog, callerDialog, Wic } from '../support/wic.ts';
import { contactOf, documentOf, FakeScscf, type Subscriber } from './support/fake-scscf.ts';

/** A client without a registration is sent away a second before that. */
const UNREGISTERED_SEC = 2;

async function startBefore(scscf: FakeScscf, more: Partial<ExternalCoreOptions> = {}): Promise<EdgeServer> {
  const core = { ...externalOptions([scscf.uri]), regEvent: 'auto', ...more } as const;
  const options = edgeOptions({ limits: { unregisteredSec: UNREGISTERED_SEC } });
  const server = await startEdge({ ...options, core } satisfies EdgeOptions);
  await server.edge.start();
  return server;
}

/** A client that is registered, and what its S-CSCF has of it; the edge knows by a document that it is listed. */
async function registered(scscf: FakeScscf, server: EdgeServer) {
  const wic = new Wic('alice', await server.connect());
  const register = await scscf.register(wic);
  const subscriber = await scscf.grant();
  const contact = contactOf(wic, register);
  expect((await subscriber.notify(documentOf(wic, [contact]))).status).toBe(200);
  return { wic, subscriber, contact };
}

function idsOf(server: EdgeServer): string[] {
  return server.edge.snapshot().registrations.map(({ contactUri }) => contactUri);
}

const ENDED = { state: 'terminated', event: 'deactivated' } as const;

describe.each(['udp', 'tcp'] as const)('an edge before an S-CSCF that is reached by %s', (transport) => {
  it('subscribes to the default identity with the first registration, once, and ends that with the last', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', transport);
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    const identities = ['sip:boss@example.com', wic.aor];
    const register = await scscf.register(wic, { identities });
    const subscriber = await scscf.subscribe();
    const { uri, headers } = subscriber.request;
    expect(uri).toBe('sip:boss@example.com');
    const names = ['To', 'Event', 'Accept', 'Expires'];
    expect(Object.fromEntries(names.map((name) => [name, headers.get(name)]))).toEqual({
      To: '<sip:boss@example.com>',
      Event: 'reg',
      Accept: 'application/reginfo+xml',
      Expires: '600000',
    });
    expect(register.headers.get('Path')).toContain(headers.get('P-Asserted-Identity')!.slice(1, -1));
    expect(headers.get('P-Charging-Vector')).toMatch(/icid-value=/);
    subscriber.grant();
    await scscf.register(wic, { identities });
    const second = new Wic('alice', await server.connect());
    await scscf.register(second, { identities });
    await scscf.register(second, { identities, expires: 0 });
    await scscf.register(wic, { identities, expires: 0 });
    const last = await scscf.core.request('SUBSCRIBE');
    expect(last.message.headers.get('Expires')).toBe('0');
    expect(last.message.headers.get('Call-ID')).toBe(headers.get('Call-ID'));
    expect(last.message.headers.get('To')).toBe(`<sip:boss@example.com>;tag=${subscriber.tag}`);
    expect(scscf.core.unread).toEqual([]);
    expect(server.events.named('reg-event-ended')).toEqual([{ aor: wic.aor, cause: 'unneeded' }]);
  });

  it('ends a registration that the core ends, takes back its credential, and closes the WebSocket once calls had time to end', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', transport);
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const last = documentOf(wic, [{ ...contact, ...ENDED }], { version: 1, isFull: false, state: 'terminated' });
    const answer = await subscriber.notify(last, { subscriptionState: 'terminated;reason=noresource' });
    expect(answer.status).toBe(200);
    expect(idsOf(server)).toEqual([]);
    expect(server.issuer.released).toHaveLength(1);
    expect(server.events.named('unregistered')).toMatchObject([{ aor: wic.aor, cause: 'core-terminated' }]);
    expect(server.events.named('reg-event-obeyed')).toMatchObject([{ aor: wic.aor, cause: 'terminated' }]);
    wic.send(wic.build('OPTIONS', 'sip:example.com', 'sip:example.com', { 'TURN-Cred-Req': '' }));
    await wic.socket.response(403, 'OPTIONS');
    expect(await wic.socket.closed).toBe(1008);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'deregistered' }]);
    expect(scscf.core.unread).toEqual([]);
  });
});

describe('a NOTIFY of the core', () => {
  it('ends one contact of two, and leaves the other with its connection', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const second = new Wic('alice', await server.connect());
    const other = contactOf(second, await scscf.register(second));
    await subscriber.notify(documentOf(wic, [contact, { ...other, ...ENDED }], { version: 1 }));
    expect(idsOf(server)).toEqual([wic.contactUri]);
    expect(server.issuer.released).toHaveLength(1);
    await second.socket.closed;
    expect(server.edge.connections).toBe(1);
  });

  it('that ends a registration in a call lets the core and the client hang up before the WebSocket is closed', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    wic.invite('sip:bob@example.com');
    const { message, answer } = await scscf.core.request('INVITE');
    const ok = createResponse(message, 200);
    ok.headers.append('Contact', `<${scscf.uri}>`);
    answer(ok);
    const dialog = callerDialog(await wic.socket.response(200, 'INVITE'));
    wic.inDialog('ACK', dialog);
    await scscf.core.request('ACK');
    await subscriber.notify(documentOf(wic, [{ ...contact, ...ENDED }], { version: 1, state: 'terminated' }));
    wic.inDialog('BYE', dialog);
    const bye = await scscf.core.request('BYE');
    bye.answer(createResponse(bye.message, 200));
    await wic.socket.response(200, 'BYE');
    const { address, port } = server.edge.coreAddresses[0]!;
    const callee = calleeDialog(message, ok);
    const late = wic.build('BYE', callee.remoteTarget, wic.aor, {
      Via: `SIP/2.0/UDP ${scscf.core.address}:${scscf.core.port};branch=${newBranch()};rport`,
      'Call-ID': callee.callId,
      From: callee.local,
      To: callee.remote,
      Route: callee.routes.join(', '),
    });
    await scscf.core.send('udp', { host: address, port }, late);
    wic.reply(await wic.socket.request('BYE'), 481);
    await scscf.core.response(481, 'BYE');
    expect(await wic.socket.closed).toBe(1008);
  });

  it('that shortens a registration brings its end forward, and sends the client to register again shortly before', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const shortened = { ...contact, event: 'shortened', expiresSec: 1 } as const;
    await subscriber.notify(documentOf(wic, [shortened], { version: 1 }));
    expect(server.edge.snapshot().registrations).toMatchObject([{ expiresSec: 1 }]);
    expect(await wic.socket.closed).toBe(1012);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'shortened' }]);
    expect(server.events.named('reg-event-obeyed')).toMatchObject([{ cause: 'shortened' }]);
  });

  it('that rejects a user closes the WebSocket at once, and the user is refused for a while', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const rejected = { ...contact, state: 'terminated', event: 'rejected' } as const;
    await subscriber.notify(documentOf(wic, [rejected], { version: 1, state: 'terminated' }));
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'deregistered' }]);
    expect(await wic.socket.closed).toBe(1008);
    expect(server.events.named('unregistered')).toMatchObject([{ cause: 'core-rejected' }]);
    wic.socket = await server.connect();
    wic.send(wic.buildRegister());
    const answer = await wic.socket.response(403, 'REGISTER');
    expect(answer.reason).toMatch(/network has ended this registration/);
    const bob = new Wic('bob', await server.connect());
    await scscf.register(bob);
  });

  it('that leaves a contact out has the core asked once more, and ends it if it is left out again', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber } = await registered(scscf, server);
    await subscriber.notify(documentOf(wic, [], { version: 1 }));
    expect(idsOf(server)).toEqual([wic.contactUri]);
    await scscf.grant();
    await subscriber.notify(documentOf(wic, [], { version: 2 }));
    expect(idsOf(server)).toEqual([]);
    expect(server.events.named('reg-event-obeyed')).toMatchObject([{ cause: 'missing' }]);
  });

  it('that leaves out a contact which no document has listed says nothing of it', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    await scscf.register(wic);
    const subscriber = await scscf.grant();
    for (const version of [0, 1, 2]) await subscriber.notify(documentOf(wic, [], { version }));
    expect(idsOf(server)).toEqual([wic.contactUri]);
    expect(scscf.core.unread).toEqual([]);
  });

  it('of another REGISTER than the last one has the core asked once more, as it may be an old one', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const old = { ...contact, ...ENDED, callId: 'another' } as const;
    await subscriber.notify(documentOf(wic, [old], { version: 1, isFull: false }));
    await scscf.grant();
    await subscriber.notify(documentOf(wic, [old, contact], { version: 2 }));
    expect(idsOf(server)).toEqual([wic.contactUri]);
    await subscriber.notify(documentOf(wic, [old], { version: 3 }));
    await scscf.grant();
    await subscriber.notify(documentOf(wic, [old], { version: 4 }));
    expect(idsOf(server)).toEqual([]);
  });

  it('after a gap between partial documents has a whole one asked for, and an old one changes nothing', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    await subscriber.notify(documentOf(wic, [contact], { version: 3, isFull: false }));
    const again = await scscf.grant();
    expect(again.request.headers.get('Expires')).toBe('600000');
    const old = documentOf(wic, [{ ...contact, ...ENDED }], { version: 2, isFull: false });
    expect((await subscriber.notify(old)).status).toBe(200);
    expect(idsOf(server)).toEqual([wic.contactUri]);
    expect(scscf.core.unread).toEqual([]);
  });

  it('may come before the answer to SUBSCRIBE, and begins the dialog', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    const contact = contactOf(wic, await scscf.register(wic));
    const subscriber = await scscf.subscribe();
    expect((await subscriber.notify(documentOf(wic, [contact]))).status).toBe(200);
    subscriber.grant();
    await subscriber.notify(documentOf(wic, [{ ...contact, ...ENDED }], { version: 1 }));
    expect(idsOf(server)).toEqual([]);
  });

  it('lets a client speak as identities that come, and no longer as those that go', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const OFFICE = 'sip:alice-office@example.com';
    const notify = (state: 'active' | 'terminated', version: number): ReturnType<Subscriber['notify']> => {
      const office = { aor: OFFICE, state, contacts: [{ ...contact, state }] };
      const own = { aor: wic.aor, state: 'active', contacts: [contact] } as const;
      return subscriber.notify({ version, isFull: true, registrations: [own, office] });
    };
    const speak = (): void => {
      const headers = { From: `<${OFFICE}>;tag=${newTag()}`, 'P-Preferred-Identity': `<${OFFICE}>` };
      wic.send(wic.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com', headers));
    };
    speak();
    await wic.socket.response(403, 'MESSAGE');
    await notify('active', 1);
    speak();
    const { message } = await scscf.core.request('MESSAGE');
    expect(message.headers.get('P-Asserted-Identity')).toBe(`<${OFFICE}>`);
    await notify('terminated', 2);
    speak();
    await wic.socket.response(403, 'MESSAGE');
    expect(server.events.named('reg-event-obeyed')).toMatchObject([{ cause: 'identities' }, { cause: 'identities' }]);
  });

  it.each([
    ['of no dialog', 481, { callId: 'forged' }],
    ['of another notifier', 481, { fromTag: 'forged' }],
    ['of another event', 489, { event: 'presence' }],
    ['out of order', 500, { cseq: 1 }],
    ['of another type', 415, { contentType: 'application/json' }],
  ])('%s is answered %i and changes nothing', async (_what, status, options) => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const end = documentOf(wic, [{ ...contact, ...ENDED }], { version: 1 });
    expect((await subscriber.notify(end, options)).status).toBe(status);
    expect(idsOf(server)).toEqual([wic.contactUri]);
  });

  it('that cannot be read is answered 400, and a whole document is asked for', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const { wic, subscriber } = await registered(scscf, server);
    expect((await subscriber.notify('<reginfo')).status).toBe(400);
    await scscf.grant();
    expect(idsOf(server)).toEqual([wic.contactUri]);
  });

  it('from a machine that is none of the core is not answered', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using stranger = new LoopbackCore('127.0.0.9');
    await stranger.start();
    await using server = await startBefore(scscf);
    const { wic, subscriber, contact } = await registered(scscf, server);
    const end = documentOf(wic, [{ ...contact, ...ENDED }], { version: 1 });
    void subscriber.notify(end, { by: stranger }).catch(() => undefined);
    // Whatever is to come of it has come when the next one is answered.
    await subscriber.notify(documentOf(wic, [contact], { version: 1, isFull: false }));
    expect([idsOf(server), stranger.texts]).toEqual([[wic.contactUri], []]);
  });
});

describe('a core without reg-event', () => {
  it('is left alone once it has said so, and serves its users as before', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const alice = new Wic('alice', await server.connect());
    await scscf.register(alice);
    (await scscf.subscribe()).respond(489);
    const bob = new Wic('bob', await server.connect());
    await scscf.register(bob);
    expect(idsOf(server)).toEqual([alice.contactUri, bob.contactUri]);
    expect(scscf.core.unread).toEqual([]);
    expect(server.events.named('reg-event-ended')).toEqual([{ aor: alice.aor, cause: 'refused', status: 489 }]);
    expect(server.lines.filter(({ message }) => message.includes('reg-event'))).toMatchObject([
      { fields: { status: 489 } },
    ]);
  });

  it('that passes a SUBSCRIBE on has no client answer it', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    const register = await scscf.register(wic);
    const { request } = await scscf.subscribe();
    const headers = request.headers.clone();
    headers.prepend('Via', `SIP/2.0/UDP ${scscf.core.address}:${scscf.core.port};branch=${newBranch()};rport`);
    headers.set('Route', register.headers.get('Path')!);
    const { address, port } = server.edge.coreAddresses[0]!;
    await scscf.core.send('udp', { host: address, port }, { ...request, uri: wic.contactUri, headers });
    await scscf.core.response(489, 'SUBSCRIBE');
    expect(wic.socket.unread).toEqual([]);
  });

  it('is asked nothing where that is switched off', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf, { regEvent: 'off' });
    const wic = new Wic('alice', await server.connect());
    await scscf.register(wic);
    await scscf.register(wic);
    expect(scscf.core.unread).toEqual([]);
  });
});

describe('an edge that is started again', () => {
  it('knows no subscription of before, and subscribes with the next registration', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'udp');
    await using server = await startBefore(scscf, { flowTokenKey: Buffer.alloc(32, 1) });
    const { wic, subscriber, contact } = await registered(scscf, server);
    await server.restart();
    await server.edge.start();
    wic.socket = await server.connect();
    await scscf.register(wic);
    const last = await scscf.subscribe();
    expect(last.request.headers.get('Expires')).toBe('0');
    const next = await scscf.grant();
    const end = documentOf(wic, [{ ...contact, ...ENDED }], { version: 1 });
    expect((await subscriber.notify(end, { target: next })).status).toBe(481);
    expect(idsOf(server)).toEqual([wic.contactUri]);
  });
});
