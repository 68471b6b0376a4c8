import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { CoreBench, type Device, uriOf } from '../support/core-bench.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const SCSCF = '<sip:scscf.example.net:6060;lr>';
const SERVICE_ROUTE = { 'Service-Route': '<sip:orig@scscf.example.net:6060;lr>' };
const BOB = 'sip:bob@example.com';
const BOB_CONTACT = 'sip:bob@192.0.2.50';

/** The Path of a registration, as the core would put it into the Route of a request. */
function pathOf(request: SipRequest): string {
  return request.headers.get('Path') ?? '';
}

/** alice's call to somebody behind the core has been answered. */
function inCall(bench: CoreBench, alice: Device): { readonly answered: SipResponse; readonly atCore: SipRequest } {
  const atCore = bench.sent(alice, 'INVITE', { Contact: `<${alice.wic.contactUri};ob>` }, BOB);
  const answer = createResponse(atCore, 200, { toTag: 'b' });
  answer.headers.append('Contact', `<${BOB_CONTACT}>`);
  answer.headers.set('Record-Route', [SCSCF, ...atCore.headers.getList('Record-Route')].join(', '));
  bench.receive(answer, bench.core);
  const answered = alice.hop.lastResponse();
  alice.hop.take();
  bench.core.take();
  return { answered, atCore };
}

/** A request in the dialog, by either side's Route set. */
function within(
  method: string,
  wic: WicMessages,
  { answered }: { answered: SipResponse },
  routes: string[],
  uri: string,
): SipRequest {
  return wic.build(method, uri, BOB, {
    To: answered.headers.get('To') ?? '',
    From: answered.headers.get('From') ?? '',
    'Call-ID': answered.headers.get('Call-ID') ?? '',
    Route: routes.join(', '),
  });
}

function reconnect(bench: CoreBench, device: Device): void {
  bench.close(device.hop);
  device.hop = bench.addHop();
  bench.registerAt(device, SERVICE_ROUTE);
  device.hop.take();
  bench.core.take();
}

describe('a dialog with somebody behind the core', () => {
  it('has an entry for each side of the edge, of which only the one to the client has a token', () => {
    const bench = new CoreBench();
    const { atCore } = inCall(bench, bench.registered('alice', SERVICE_ROUTE));
    const [core, wic] = atCore.headers.getList('Record-Route');
    expect(core).toBe('<sip:192.0.2.7:5060;transport=udp;lr>');
    expect(wic).toMatch(/^<sip:[\w-]{64}@example\.com;transport=ws;lr>$/);
  });

  it.each([false, true])(
    'goes on in both directions, by the Route set of the dialog; reconnected: %s',
    (reconnected) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice', SERVICE_ROUTE);
      const call = inCall(bench, alice);
      if (reconnected) reconnect(bench, alice);
      const routes = call.answered.headers.getList('Record-Route').reverse();
      for (const method of ['ACK', 'INFO']) {
        const asserted = within(method, alice.wic, call, routes, BOB_CONTACT);
        asserted.headers.append('P-Asserted-Identity', `<${BOB}>`);
        asserted.headers.append('TURN-Cred-Req', '');
        bench.receive(asserted, alice.hop);
        const { headers, uri } = bench.core.lastRequest(method);
        expect([uri, headers.getList('Route')]).toEqual([BOB_CONTACT, [SCSCF]]);
        expect([headers.has('P-Asserted-Identity'), headers.has('TURN-Cred-Req')]).toEqual([false, false]);
      }
      const back = call.atCore.headers.getList('Record-Route');
      bench.receive(within('BYE', new WicMessages('bob'), call, back, 'sip:whatever@other.invalid'), bench.core);
      expect(alice.hop.take()).toEqual(['BYE']);
    },
  );

  it('may begin at the subscriber with a NOTIFY that overtakes the answer, so each NOTIFY has the route in it too', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', SERVICE_ROUTE);
    const subscribe = bench.sent(
      alice,
      'SUBSCRIBE',
      { Contact: `<${alice.wic.contactUri};ob>`, Event: 'presence' },
      BOB,
    );
    const routes = subscribe.headers.getList('Record-Route');
    const call = { answered: createResponse(subscribe, 200, { toTag: 'b' }) };
    bench.receive(within('NOTIFY', new WicMessages('bob'), call, routes, alice.wic.contactUri), bench.core);
    const recorded = alice.hop.lastRequest('NOTIFY').headers.getList('Record-Route');
    const unsubscribe = within('SUBSCRIBE', alice.wic, call, recorded, BOB_CONTACT);
    bench.receive(unsubscribe, alice.hop);
    expect(bench.core.lastRequest('SUBSCRIBE').headers.get('CSeq')).toBe(unsubscribe.headers.get('CSeq'));
    expect(bench.core.lastRequest('SUBSCRIBE').headers.has('Route')).toBe(false);
  });

  it.each(['its Path', 'another call'])('is not made up by a client that shows the token of %s', (source) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', SERVICE_ROUTE);
    const { answered } = inCall(bench, alice);
    const path = bench.registerAt(alice, SERVICE_ROUTE).headers.getList('Path');
    const routes = source === 'its Path' ? path : answered.headers.getList('Record-Route').reverse();
    bench.core.take();
    const headers = { To: `<${BOB}>;tag=made-up`, Route: [...routes, '<sip:gateway.example.net;lr>'].join(', ') };
    const sent = bench.sent(alice, 'INVITE', headers, BOB);
    expect(sent.headers.getList('Route')).toEqual([SERVICE_ROUTE['Service-Route']]);
    expect(sent.headers.get('P-Asserted-Identity')).toBe('<sip:alice@example.com>');
  });

  it('is nobody else’s: a client that brings the Route set of another is no part of it', () => {
    const bench = new CoreBench();
    const call = inCall(bench, bench.registered('alice', SERVICE_ROUTE));
    const mallory = bench.registered('mallory', { 'Service-Route': '<sip:mallory.example.net;lr>' });
    const routes = call.answered.headers.getList('Record-Route').reverse();
    const forged = mallory.wic.build('INFO', BOB_CONTACT, BOB, { To: `<${BOB}>;tag=b`, Route: routes.join(', ') });
    bench.receive(forged, mallory.hop);
    expect(mallory.hop.take()).toEqual(['403']);
    const [, ...others] = routes;
    const shortened = { To: `<${BOB}>;tag=b`, Route: others.join(', ') };
    bench.receive(mallory.wic.build('INFO', BOB_CONTACT, BOB, shortened), mallory.hop);
    expect(bench.core.lastRequest('INFO').headers.getList('Route')).toEqual(['<sip:mallory.example.net;lr>']);
  });
});

describe('a request of the core with the Path of a registration', () => {
  function registeredWithPath(): { readonly bench: CoreBench; readonly alice: Device; readonly path: string } {
    const bench = new CoreBench();
    const alice = { wic: new WicMessages('alice'), hop: bench.addHop() };
    const path = pathOf(bench.registerAt(alice));
    alice.hop.take();
    return { bench, alice, path };
  }

  it('reaches the client, and again after it has reconnected', () => {
    const { bench, alice, path } = registeredWithPath();
    bench.fromCore('MESSAGE', alice.wic.contactUri, { Route: path });
    expect(alice.hop.take()).toEqual(['MESSAGE']);
    reconnect(bench, alice);
    bench.fromCore('MESSAGE', alice.wic.contactUri, { Route: path });
    const request = alice.hop.lastRequest('MESSAGE');
    expect(request.headers.has('Route')).toBe(false);
  });

  it('reaches the newest connection of a client whose old one is not known to be gone', () => {
    const { bench, alice, path } = registeredWithPath();
    const old = alice.hop;
    alice.hop = bench.addHop();
    bench.registerAt(alice);
    alice.hop.take();
    bench.fromCore('MESSAGE', alice.wic.contactUri, { Route: path });
    expect([old.take(), alice.hop.take()]).toEqual([[], ['MESSAGE']]);
  });

  it('is answered 430 when the client is gone, at once', () => {
    const { bench, alice, path } = registeredWithPath();
    bench.close(alice.hop);
    bench.core.take();
    bench.fromCore('INVITE', alice.wic.contactUri, { Route: path });
    expect(bench.core.take()).toEqual(['100', '430']);
  });

  it('is answered 403 when the token was tampered with', () => {
    const { bench, alice, path } = registeredWithPath();
    bench.core.take();
    const at = path.indexOf('@') - 1;
    const forged = `${path.slice(0, at)}${path[at] === 'A' ? 'B' : 'A'}${path.slice(at + 1)}`;
    bench.fromCore('INVITE', alice.wic.contactUri, { Route: forged });
    expect(bench.core.take()).toEqual(['403']);
    expect(alice.hop.take()).toEqual([]);
  });

  it('tells nothing of user or device', () => {
    const { alice, path } = registeredWithPath();
    const token = uriOf(path).slice('sip:'.length).split('@')[0] ?? '';
    const bytes = Buffer.from(token, 'base64url').toString('latin1');
    for (const secret of ['alice', alice.hop.id, alice.wic.instance.slice(-12)]) {
      expect(bytes.includes(secret) || token.includes(secret)).toBe(false);
    }
  });
});

describe('digest between a client and the core', () => {
  it('passes both ways, in a challenge of the core and in the answer', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', SERVICE_ROUTE);
    const challenge = 'Digest realm="example.net", nonce="n", qop="auth"';
    const refused = createResponse(bench.sent(alice, 'INVITE'), 407, { toTag: 'x' });
    refused.headers.append('Proxy-Authenticate', challenge);
    bench.receive(refused, bench.core);
    expect(alice.hop.lastResponse().headers.get('Proxy-Authenticate')).toBe(challenge);
    const proof = 'Digest username="alice", realm="example.net", nonce="n", uri="x", response="1"';
    const lie = `${proof}, integrity-protected="yes"`;
    expect(bench.sent(alice, 'INVITE', { 'Proxy-Authorization': lie }).headers.get('Proxy-Authorization')).toBe(proof);
  });
});

describe('a registration that the core has granted', () => {
  it('stands, however much the core says of other devices in its 200', () => {
    const bench = new CoreBench();
    const alice = { wic: new WicMessages('alice'), hop: bench.addHop() };
    bench.receive(alice.wic.buildRegister(), alice.hop);
    const request = bench.core.lastRequest('REGISTER');
    const response = createResponse(request, 200);
    for (let i = 0; i < 200; i++) response.headers.append('Contact', `<sip:${i}@h.invalid>;expires=60`);
    response.headers.append(
      'P-Associated-URI',
      Array.from({ length: 400 }, (_, i) => `<sip:long-name-${i}@example.com>`).join(),
    );
    response.headers.append('Contact', request.headers.get('Contact')!);
    bench.receive(response, bench.core);
    expect(alice.hop.take()).toEqual(['200']);
    expect(bench.registrations.size).toBe(1);
  });
});

describe('a registration that the core has ended', () => {
  it.each([
    [403, false],
    [404, false],
    [401, true],
    [503, true],
  ])('by a %i stands: %s', (status, stands) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    bench.receive(alice.wic.buildRegister(), alice.hop);
    bench.receive(createResponse(bench.core.lastRequest('REGISTER'), status), bench.core);
    expect(bench.registrations.size).toBe(stands ? 1 : 0);
  });

  const PROOF = 'Digest username="alice", realm="example.com", nonce="n", uri="sip:example.com", response="00"';
  const SECOND = '<sip:second@h.invalid>';
  it.each([
    [403, 'a wrong proof', { Authorization: PROOF }, true],
    [403, 'credentials that prove nothing yet', { Authorization: PROOF.replace('"00"', '""') }, false],
    [403, 'a second Contact', { Contact: SECOND }, true],
    [404, 'a wrong proof', { Authorization: PROOF }, false],
    [400, 'a second Contact', { Contact: SECOND }, true],
  ] as [number, string, Record<string, string>, boolean][])(
    'by a %i to a REGISTER with %s stands: %s',
    (status, _what, { Contact, ...headers }, stands) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice');
      const register = alice.wic.buildRegister({ headers });
      if (Contact !== undefined) register.headers.append('Contact', Contact);
      bench.receive(register, alice.hop);
      bench.receive(createResponse(bench.core.lastRequest('REGISTER'), status), bench.core);
      expect(bench.registrations.size).toBe(stands ? 1 : 0);
    },
  );

  it('is none that somebody else was refused', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const mallory = new FakeHop();
    bench.receive(alice.wic.buildRegister(), mallory);
    bench.receive(createResponse(bench.core.lastRequest('REGISTER'), 403), bench.core);
    expect(bench.registrations.of(alice.hop)).toHaveLength(1);
  });
});

describe('a client that answers nothing', () => {
  it('has as many requests wait for it as it may send, and the others of the core go on', () => {
    const bench = new CoreBench();
    const [deaf, alice] = [bench.registered('deaf'), bench.registered('alice')];
    const path = pathOf(bench.registerAt(deaf));
    deaf.hop.take();
    bench.core.take();
    const notify = (from: string): void => {
      bench.fromCore('NOTIFY', deaf.wic.contactUri, { Route: path, From: `<${from}>;tag=1` });
    };
    for (let i = 0; i < 200; i += 1) notify(`sip:lamp${i % 100}@example.com`);
    for (let i = 0; i < 100; i += 1) notify('sip:lamp0@example.com');
    expect(deaf.hop.take()).toHaveLength(100);
    expect(bench.core.lastResponse().headers.has('Retry-After')).toBe(true);
    const refused = bench.core.take();
    expect([refused.length, new Set(refused)]).toEqual([200, new Set(['480'])]);
    expect(bench.layer.size).toBe(200);
    bench.fromCore('MESSAGE', alice.wic.contactUri, { To: '<sip:alice@example.com>' });
    expect(alice.hop.take()).toEqual(['MESSAGE']);
    bench.clock.advance(64 * 500 + 1);
    expect(bench.layer.size).toBeLessThan(3);
  });
});
