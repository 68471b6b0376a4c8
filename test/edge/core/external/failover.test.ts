import { describe, expect, it } from 'vitest';
import { bodyText } from '../../../../src/sip/body-text.ts';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../../src/sip/format-message.ts';
import { NO_BODY, type SipRequest } from '../../../../src/sip/message.ts';
import { type FakeHop } from '../../support/fake-hop.ts';
import { type WicMessages } from '../../support/wic.ts';
import { CoreBench, FIRST, SECOND, UDP } from './core-bench.ts';

const BOB = 'sip:bob@example.com';

interface Scene {
  readonly bench: CoreBench;
  readonly wic: WicMessages;
  readonly hop: FakeHop;
}

/** alice is registered, and all places of the core are up. */
async function scene(...places: Parameters<typeof CoreBench.start>): Promise<Scene> {
  const bench = await CoreBench.start(...places);
  const { wic, hop } = bench.register('alice');
  bench.connect();
  await bench.answerProbes(200, ...places);
  return { bench, wic, hop };
}

function invite({ wic }: Scene, extra: Readonly<Record<string, string>> = {}, body = ''): SipRequest {
  return wic.build('INVITE', BOB, BOB, { Contact: `<${wic.contactUri}>`, ...extra }, body);
}

/** The core answers a call of alice, whose side of the dialog then has these fields: the Route is the entry of her own side, with its token. */
async function inCall(it: Scene): Promise<Record<string, string>> {
  const request = invite(it);
  await it.bench.from(request, it.hop);
  const sent = it.bench.hop(FIRST).request('INVITE');
  const answer = createResponse(sent, 200, { toTag: 'b' });
  await it.bench.from(answer, it.bench.hop(FIRST));
  const { headers } = it.hop.lastResponse();
  it.bench.hop(FIRST).take();
  return {
    'Call-ID': headers.get('Call-ID') ?? '',
    To: headers.get('To') ?? '',
    Route: headers.getList('Record-Route').at(-1) ?? '',
  };
}

describe('a request to the core', () => {
  it('goes to the first place, and to none other while that answers', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    const sent = it.bench.hop(FIRST).request('REGISTER');
    await it.bench.from(createResponse(sent, 401), it.bench.hop(FIRST));
    expect(it.hop.take()).toEqual(['401']);
    expect(it.bench.hop(SECOND).take()).toEqual([]);
  });

  it('that answers a challenge goes to the place that made it, whatever order DNS gives them in', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.from(createResponse(it.bench.hop(FIRST).request('REGISTER'), 401), it.bench.hop(FIRST));
    it.bench.names.set('core.example.com', [SECOND, FIRST]);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    expect(it.bench.hop(FIRST).take()).toEqual(['REGISTER', 'REGISTER']);
    expect(it.bench.hop(SECOND).take()).toEqual([]);
  });

  it('goes to the next at once when there is no connection to the first', async () => {
    const it = await scene(FIRST, SECOND);
    it.bench.transports.refuse(FIRST);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    expect(it.bench.hop(SECOND).take()).toEqual(['REGISTER']);
    expect(it.hop.take()).toEqual([]);
  });

  it('goes to the next when the connection it went over closes before an answer', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    it.bench.transports.close(FIRST);
    await it.bench.settle();
    const again = it.bench.hop(SECOND).request('REGISTER');
    await it.bench.from(createResponse(again, 200), it.bench.hop(SECOND));
    expect(it.hop.take()).toEqual(['200']);
  });

  it('goes to the next when the first answers 503, under a branch of its own', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(invite(it), it.hop);
    const sent = it.bench.hop(FIRST).request('INVITE');
    await it.bench.from(createResponse(sent, 503), it.bench.hop(FIRST));
    const again = it.bench.hop(SECOND).request('INVITE');
    expect(again.headers.get('Via')).not.toBe(sent.headers.get('Via'));
    expect(it.bench.hop(FIRST).take()).toEqual(['INVITE', 'ACK']);
    expect(it.hop.take()).toEqual(['100']);
  });

  it('stays where it has been answered provisionally, though the connection closes', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(invite(it), it.hop);
    const sent = it.bench.hop(FIRST).request('INVITE');
    await it.bench.from(createResponse(sent, 180, { toTag: 'b' }), it.bench.hop(FIRST));
    it.bench.transports.close(FIRST);
    await it.bench.settle();
    expect(it.bench.hop(SECOND).take()).toEqual([]);
    // The core answers over another connection.
    await it.bench.from(createResponse(sent, 200, { toTag: 'b' }), it.bench.hop(FIRST));
    expect(it.hop.take()).toEqual(['100', '180', '200']);
  });

  it('that is ringing is cancelled over another connection when its own has closed', async () => {
    const it = await scene(FIRST);
    const request = invite(it);
    await it.bench.from(request, it.hop);
    const sent = it.bench.hop(FIRST).request('INVITE');
    await it.bench.from(createResponse(sent, 180, { toTag: 'b' }), it.bench.hop(FIRST));
    it.bench.transports.close(FIRST);
    await it.bench.settle();
    const headers = request.headers.clone();
    headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
    await it.bench.from({ ...request, method: 'CANCEL', headers }, it.hop);
    expect(it.bench.hop(FIRST).take()).toEqual(['CANCEL']);
  });

  it('that is ringing ends in 504 when the core stays away', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it), it.hop);
    const sent = it.bench.hop(FIRST).request('INVITE');
    await it.bench.from(createResponse(sent, 180, { toTag: 'b' }), it.bench.hop(FIRST));
    it.bench.transports.kill(FIRST);
    await it.bench.pass(2000);
    expect(it.hop.take()).toEqual(['100', '180', '504']);
  });

  it('is answered 504 with Retry-After at once when all places are down', async () => {
    const it = await scene(FIRST);
    it.bench.transports.kill(FIRST);
    await it.bench.settle();
    expect(Object.values(it.bench.cores)).toEqual(['down']);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    expect(it.hop.lastResponse().headers.get('Retry-After')).toBe('5');
    expect(it.hop.take()).toEqual(['504']);
  });

  it('is answered 504 when the last place cannot be reached', async () => {
    const it = await scene(FIRST, SECOND);
    it.bench.transports.refuse(FIRST);
    it.bench.transports.refuse(SECOND);
    await it.bench.from(invite(it), it.hop);
    expect(it.hop.lastResponse().headers.get('Retry-After')).toBe('5');
    expect(it.hop.take()).toEqual(['100', '504']);
  });

  it('is answered 503 with the Retry-After of the core when all places answer that', async () => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    for (const place of [FIRST, SECOND]) {
      const response = createResponse(it.bench.hop(place).request('REGISTER'), 503);
      response.headers.append('Retry-After', '120 (maintenance)');
      await it.bench.from(response, it.bench.hop(place));
    }
    expect(it.hop.lastResponse().headers.get('Retry-After')).toBe('120');
    expect(it.hop.take()).toEqual(['503']);
  });

  it('is answered 500 where a 503 says nothing of the rest of the core', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it, { Route: `<sip:${FIRST.address};transport=tcp;lr>` }), it.hop);
    const place = { ...FIRST, transport: 'udp' } as const;
    await it.bench.from(createResponse(it.bench.hop(place).request('INVITE'), 503), it.bench.hop(place));
    expect(it.hop.take()).toEqual(['100', '500']);
  });

  it('comes back to the first place when that answers again', async () => {
    const it = await scene(FIRST, SECOND);
    it.bench.transports.kill(FIRST);
    await it.bench.settle();
    await it.bench.from(it.wic.buildRegister(), it.hop);
    expect(it.bench.hop(SECOND).take()).toEqual(['REGISTER']);
    it.bench.transports.refuse(FIRST, false);
    await it.bench.pass(1000);
    await it.bench.answerProbes(200, FIRST);
    await it.bench.from(invite(it), it.hop);
    expect(it.bench.hop(FIRST).take()).toEqual(['INVITE']);
  });
});

describe('a place that only a client has named', () => {
  it('is not asked for its health, nor is anything said of it, when it does not answer', async () => {
    const it = await scene(FIRST);
    const dialog = await inCall(it);
    it.bench.transports.extra.add(SECOND.address);
    it.bench.names.set(SECOND.address, [SECOND]);
    const routes = { ...dialog, Route: `${dialog.Route ?? ''}, <sip:${SECOND.address};transport=tcp;lr>` };
    await it.bench.from(it.wic.build('INFO', BOB, BOB, routes), it.hop);
    expect(it.bench.hop(SECOND).take()).toEqual(['INFO']);
    for (let sec = 0; sec < 40; sec += 2) {
      await it.bench.pass(2000);
      await it.bench.answerProbes(200, FIRST);
    }
    expect(it.bench.hop(SECOND).probes).toEqual([]);
    expect(Object.keys(it.bench.cores)).toHaveLength(1);
    expect(it.bench.events.named('core-down')).toEqual([]);
  });
});

describe('where the core is', () => {
  it('is told at the start, and again when its name stands for other places, in whatever order those come', async () => {
    const it = await scene(FIRST, SECOND);
    it.bench.names.set('core.example.com', [SECOND, FIRST]);
    await it.bench.pass(31_000);
    it.bench.names.set('core.example.com', [UDP]);
    await it.bench.pass(31_000);
    it.bench.names.set('core.example.com', []);
    await it.bench.pass(31_000);
    expect(it.bench.places).toEqual([[FIRST, SECOND], [UDP]]);
  });
});

describe('a REGISTER that one place of the core sends away', () => {
  it.each([302, 300, 480, 503])('with %i goes to the next, whose answer is told', async (status) => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.from(createResponse(it.bench.hop(FIRST).request('REGISTER'), status), it.bench.hop(FIRST));
    await it.bench.from(createResponse(it.bench.hop(SECOND).request('REGISTER'), 401), it.bench.hop(SECOND));
    expect(it.hop.take()).toEqual(['401']);
  });

  it.each([302, 480])('with %i ends in 504 when no other is left', async (status) => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    for (const place of [FIRST, SECOND]) {
      await it.bench.from(createResponse(it.bench.hop(place).request('REGISTER'), status), it.bench.hop(place));
    }
    expect(it.hop.lastResponse().headers.get('Retry-After')).toBe('5');
    expect(it.hop.take()).toEqual(['504']);
  });

  it.each([400, 401, 403, 404, 423, 500, 603])('does not go to the next for %i', async (status) => {
    const it = await scene(FIRST, SECOND);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.from(createResponse(it.bench.hop(FIRST).request('REGISTER'), status), it.bench.hop(FIRST));
    expect(it.bench.hop(SECOND).take()).toEqual([]);
    expect(it.hop.take()).toEqual([String(status)]);
  });

  it('is a REGISTER only: 480 and 302 to a call are for the caller', async () => {
    const it = await scene(FIRST, SECOND);
    for (const status of [302, 480]) {
      await it.bench.from(invite(it), it.hop);
      await it.bench.from(createResponse(it.bench.hop(FIRST).request('INVITE'), status), it.bench.hop(FIRST));
    }
    expect(it.hop.take()).toEqual(['100', '302', '100', '480']);
  });
});

describe('a request whose S-CSCF, the one of its Service-Route, cannot be reached', () => {
  const route = { Route: `<sip:${FIRST.address};transport=tcp;lr>` };

  async function withScscf(): Promise<Scene> {
    const it = await scene(UDP);
    it.bench.transports.extra.add(FIRST.address);
    it.bench.names.set(FIRST.address, [FIRST]);
    const registered = createResponse(it.wic.buildRegister(), 200);
    registered.headers.append('Service-Route', route.Route);
    it.bench.connection.border.responseToWic(registered, it.wic.buildRegister(), it.hop, it.bench.hop(UDP));
    return it;
  }

  function expectRestoration({ hop }: Scene): void {
    const response = hop.lastResponse();
    const { status, headers } = response;
    expect([status, headers.get('Content-Type'), headers.get('Content-Disposition')]).toEqual([
      504,
      'application/3gpp-ims+xml',
      '3gpp-alternative-service',
    ]);
    expect(bodyText(response)).toMatch(
      /<ims-3gpp version="1">\s*<alternative-service><type>restoration<\/type><reason>[^<]+<\/reason><action>initial-registration<\/action>/,
    );
    expect(headers.has('Retry-After')).toBe(false);
  }

  it.each(['INVITE', 'MESSAGE', 'SUBSCRIBE'])('is answered 504 with the body of a restoration: %s', async (method) => {
    const it = await withScscf();
    it.bench.transports.refuse(FIRST);
    await it.bench.from(it.wic.build(method, BOB, BOB, { Contact: `<${it.wic.contactUri}>`, ...route }), it.hop);
    expectRestoration(it);
  });

  it('is answered so too while it is known to be down', async () => {
    const it = await withScscf();
    it.bench.transports.refuse(FIRST);
    await it.bench.from(invite(it, route), it.hop);
    await it.bench.pass(1000);
    await it.bench.from(invite(it, route), it.hop);
    expectRestoration(it);
    expect(it.hop.take()).toEqual(['100', '504', '100', '504']);
  });

  it('is answered so too when nothing is heard of it', async () => {
    const it = await withScscf();
    await it.bench.from(invite(it, route), it.hop);
    for (let sec = 0; sec < 32; sec += 2) {
      await it.bench.pass(2000);
      await it.bench.answerProbes(200, FIRST);
    }
    expectRestoration(it);
  });

  it('is waited for where the S-CSCF has the call, and the callee does not answer', async () => {
    const it = await withScscf();
    await it.bench.from(invite(it, route), it.hop);
    await it.bench.from(createResponse(it.bench.hop(FIRST).request('INVITE'), 100), it.bench.hop(FIRST));
    await it.bench.pass(100_000);
    expect(it.hop.take()).toEqual(['100']);
  });

  it('is answered 504 without a body in a dialog, which no registration brings back', async () => {
    const it = await scene(FIRST);
    const dialog = await inCall(it);
    it.hop.take();
    it.bench.transports.refuse(FIRST);
    const routes = { ...dialog, Route: `${dialog.Route ?? ''}, <sip:${FIRST.address};transport=tcp;lr>` };
    it.bench.names.set(FIRST.address, [FIRST]);
    await it.bench.from(it.wic.build('BYE', BOB, BOB, routes), it.hop);
    expect([it.hop.lastResponse().status, it.hop.lastResponse().body]).toEqual([504, NO_BODY]);
  });
});

describe('a request that the core does not answer', () => {
  it('goes to the next place within seconds when the first does not answer OPTIONS either', async () => {
    const it = await scene(UDP, FIRST);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.pass(1750);
    expect(it.bench.hop(UDP).probes).toHaveLength(0);
    await it.bench.pass(250);
    expect(it.bench.hop(UDP).probes).toHaveLength(1);
    await it.bench.pass(3750);
    expect(it.bench.hop(FIRST).take()).toEqual([]);
    await it.bench.pass(250);
    expect(it.bench.hop(FIRST).take()).toEqual(['REGISTER']);
  });

  it('is answered 504 within seconds when there is no other place', async () => {
    const it = await scene(UDP);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.pass(6000);
    expect(it.hop.take()).toEqual(['504']);
  });

  it('is not sent twice when the core answers OPTIONS: what it is for may only be slow', async () => {
    const it = await scene(FIRST, SECOND);
    const message = it.wic.build('MESSAGE', BOB, BOB);
    await it.bench.from(message, it.hop);
    await it.bench.pass(2000);
    const sent = it.bench.hop(FIRST).request('MESSAGE');
    await it.bench.answerProbes(200, FIRST);
    await it.bench.pass(20_000);
    expect(it.bench.hop(SECOND).take()).toEqual([]);
    await it.bench.from(createResponse(sent, 200), it.bench.hop(FIRST));
    expect(it.hop.take()).toEqual(['200']);
  });

  it('is answered 504 while its client still waits, if it is a REGISTER', async () => {
    const it = await scene(FIRST);
    await it.bench.from(it.wic.buildRegister(), it.hop);
    for (let sec = 2; sec < 28; sec += 2) {
      await it.bench.pass(2000);
      await it.bench.answerProbes(200, FIRST);
    }
    expect(it.hop.take()).toEqual([]);
    await it.bench.pass(2000);
    expect(it.hop.take()).toEqual(['504']);
  });

  it('is answered 408 after 64 × T1 if it is an INVITE, when no other place is left', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it), it.hop);
    for (let sec = 0; sec < 30; sec += 2) {
      await it.bench.pass(2000);
      await it.bench.answerProbes(200, FIRST);
    }
    expect(it.hop.take()).toEqual(['100']);
    await it.bench.pass(2000);
    expect(it.hop.take()).toEqual(['408']);
  });

  it('leaves nothing behind', async () => {
    const it = await scene(UDP, FIRST);
    const before = it.bench.clock.timers.size;
    await it.bench.from(it.wic.buildRegister(), it.hop);
    await it.bench.from(invite(it), it.hop);
    await it.bench.pass(300_000);
    expect(it.bench.layer.size).toBeLessThanOrEqual(2);
    expect(it.bench.clock.timers.size).toBeLessThanOrEqual(before + 4);
  });
});

describe('a large request to a core that is reached by UDP', () => {
  it('goes by TCP to the same place', async () => {
    const it = await scene(UDP);
    await it.bench.from(invite(it, { 'Content-Type': 'application/sdp' }, 'x'.repeat(1000)), it.hop);
    expect(it.bench.hop({ ...UDP, transport: 'tcp' }).take()).toEqual(['INVITE']);
    expect(it.bench.hop(UDP).take()).toEqual([]);
  });

  it('goes by UDP all the same when TCP is refused, and the core is none the worse for it', async () => {
    const it = await scene(UDP);
    it.bench.transports.refuse({ ...UDP, transport: 'tcp' });
    await it.bench.from(invite(it, { 'Content-Type': 'application/sdp' }, 'x'.repeat(1000)), it.hop);
    expect(it.bench.hop(UDP).take()).toEqual(['INVITE']);
    expect(Object.values(it.bench.cores)).toEqual(['up']);
  });

  it('counts what the edge adds: no copy of more than 1,300 bytes leaves by UDP', async () => {
    const it = await scene(UDP);
    const sizes: number[] = [];
    for (let size = 100; size < 900; size += 10) {
      await it.bench.from(invite(it, {}, 'x'.repeat(size)), it.hop);
      sizes.push(...it.bench.hop(UDP).sent.map((message) => formatSipMessage(message).length));
      it.bench.hop(UDP).sent.length = 0;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1300);
    expect(Math.max(...sizes)).toBeGreaterThan(900);
  });
});

describe('a request with a Route', () => {
  it('goes where the Route leads, if that is the core', async () => {
    const it = await scene(FIRST);
    it.bench.names.set('scscf.example.com', [SECOND]);
    it.bench.transports.extra.add(SECOND.address);
    await it.bench.from(invite(it, { Route: '<sip:scscf.example.com;lr>, <sip:other.example;lr>' }), it.hop);
    const sent = it.bench.hop(SECOND).request('INVITE');
    expect(sent.uri).toBe(BOB);
    expect(sent.headers.get('Route')).toBe('<sip:scscf.example.com;lr>, <sip:other.example;lr>');
  });

  it('to a strict router has that in its Request-URI, and the target at the end of the Route', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it, { Route: `<sip:${FIRST.address}>, <sip:b.example;lr>` }), it.hop);
    const sent = it.bench.hop({ ...FIRST, transport: 'udp' }).request('INVITE');
    expect(sent.uri).toBe(`sip:${FIRST.address}`);
    expect(sent.headers.get('Route')).toBe(`<sip:b.example;lr>, <${BOB}>`);
  });

  it.each([
    { route: '<sip:198.51.100.7;lr>', why: 'another address' },
    { route: '<sip:srv.example.com;lr>', why: 'a port of the core that is no SIP port, by SRV records of anybody' },
    { route: '<sip:edge.example.net;lr>', why: 'the edge itself by another name' },
    { route: '<sip:mixed.example.com;lr>', why: 'a name of which one address is another' },
    { route: `<sip:${FIRST.address}:6379;transport=tcp;lr>`, why: 'a port of the core that is no SIP port' },
  ])('to $why is refused with 403', async ({ route }) => {
    const it = await scene(FIRST);
    it.bench.names.set('srv.example.com', [{ ...FIRST, port: 6379 }]);
    it.bench.transports.extra.add('192.0.2.100');
    it.bench.names.set('edge.example.net', [{ ...UDP, address: '192.0.2.100' }]);
    it.bench.names.set('mixed.example.com', [FIRST, { ...FIRST, address: '198.51.100.7' }]);
    await it.bench.from(invite(it, { Route: route }), it.hop);
    expect(it.hop.take()).toEqual(['100', '403']);
  });

  it('to a port that the core has named in a Route set goes there', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it), it.hop);
    const sent = it.bench.hop(FIRST).request('INVITE');
    const response = createResponse(sent, 180, { toTag: 'b' });
    response.headers.prepend('Record-Route', `<sip:${FIRST.address}:6060;lr>`);
    it.bench.connection.border.responseToWic(response, sent, it.hop, it.bench.hop(FIRST));
    await it.bench.from(invite(it, { Route: `<sip:${FIRST.address}:6060;lr>` }), it.hop);
    expect(it.bench.hop({ transport: 'udp', address: FIRST.address, port: 6060 }).take()).toEqual(['INVITE']);
  });

  it('to a place that a configured name stands for goes there, at whatever port', async () => {
    const place = { ...FIRST, transport: 'udp', port: 5090 } as const;
    const it = await scene(place);
    it.bench.names.set('elsewhere.example.com', [{ ...place, port: 5091 }]);
    await it.bench.from(invite(it, { Route: `<sip:${place.address}:5090;lr>` }), it.hop);
    expect(it.bench.hop(place).take()).toEqual(['INVITE']);
    for (const route of ['<sip:192.0.2.1:5091;lr>', '<sip:192.0.2.1:5090;maddr=elsewhere.example.com;lr>']) {
      it.hop.take();
      it.bench.names.set('192.0.2.1', [{ ...place, port: 5091 }]);
      await it.bench.from(invite(it, { Route: route }), it.hop);
      expect(it.hop.take()).toEqual(['100', '403']);
    }
  });

  it('to a port that a client names as its Contact, which comes back from the core, is refused with 403', async () => {
    const it = await scene(FIRST);
    const contact = { Contact: `<sip:x@${FIRST.address}:23199>` };
    await it.bench.from(it.wic.build('MESSAGE', it.wic.aor, it.wic.aor, contact), it.hop);
    const back = it.bench.hop(FIRST).request('MESSAGE');
    it.bench.connection.border.requestToWic(back.headers, it.hop, it.bench.hop(FIRST));
    it.hop.take();
    const route = `<sip:${FIRST.address}:23199;transport=tcp;lr>`;
    await it.bench.from(it.wic.build('INFO', BOB, BOB, { ...contact, Route: route }), it.hop);
    expect(it.hop.take()).toEqual(['403']);
  });

  it.each([
    { where: 'Contact', value: `<sip:x@${FIRST.address}:6379>` },
    { where: 'Record-Route', value: `<sip:${FIRST.address}:6379;lr>` },
  ])('to a port of the core that only another client has named, in $where, is refused with 403', async (named) => {
    const it = await scene(FIRST);
    const { border } = it.bench.connection;
    // As it comes back from the core, which has put itself before.
    const invited = it.wic.build('INVITE', BOB, BOB, { Contact: '<sip:x@a.invalid>', [named.where]: named.value });
    invited.headers.prepend('Record-Route', `<sip:${FIRST.address};lr>`);
    border.requestToWic(invited.headers, it.hop, it.bench.hop(FIRST));
    const again = it.wic.build('INFO', BOB, BOB, { To: `<${BOB}>;tag=b`, [named.where]: named.value });
    if (named.where === 'Contact') border.requestToWic(again.headers, it.hop, it.bench.hop(FIRST));
    const route = `<sip:${FIRST.address}:6379;lr>`;
    await it.bench.from(invite(it, { Route: route }), it.hop);
    expect(it.hop.take()).toEqual(['100', '403']);
  });

  it.each([
    { uri: `sip:bob@${FIRST.address};transport=tcp`, to: FIRST, why: 'at a configured place goes there' },
    {
      uri: `sip:bob@${SECOND.address};transport=tcp`,
      named: `<sip:b2bua@${SECOND.address}>`,
      to: SECOND,
      why: 'that a machine of the core has named as its own Contact goes there',
    },
    {
      uri: `sip:bob@${SECOND.address};transport=tcp`,
      to: FIRST,
      why: 'at a machine of the core that has named none goes to the core as such',
    },
    {
      uri: `sip:bob@${SECOND.address}:22`,
      named: `<sip:b2bua@${SECOND.address}>`,
      to: FIRST,
      why: 'at a port of the core that it never named goes to the core as such',
    },
    { uri: 'sip:bob@198.51.100.7', to: FIRST, why: 'behind the core goes to the core as such' },
  ])('is not needed in a dialog: a target $why', async ({ uri, named, to }) => {
    const it = await scene(FIRST);
    it.bench.transports.extra.add(SECOND.address);
    for (const place of [FIRST, SECOND]) it.bench.names.set(place.address, [place]);
    if (named !== undefined) {
      const { headers } = it.wic.build('INVITE', BOB, BOB, { Contact: named });
      it.bench.connection.border.requestToWic(headers, it.hop, it.bench.hop(SECOND));
    }
    for (const method of ['INVITE', 'BYE']) {
      const headers = { ...(await inCall(it)), Contact: `<${it.wic.contactUri}>` };
      await it.bench.from(it.wic.build(method, uri, BOB, headers), it.hop);
      expect([FIRST, SECOND].filter((place) => it.bench.hop(place).take().includes(method))).toEqual([to]);
    }
  });

  it('is what a made-up To tag lacks: the core is asked, and DNS of no name that the client wrote', async () => {
    const it = await scene(FIRST);
    it.bench.transports.extra.add(SECOND.address);
    it.bench.names.set('gateway.example.net', [SECOND]);
    it.bench.asked.length = 0;
    for (const method of ['INVITE', 'BYE', 'ACK', 'MESSAGE']) {
      const headers = { To: `<${BOB}>;tag=x`, Contact: `<${it.wic.contactUri}>` };
      await it.bench.from(it.wic.build(method, 'sip:+1900@gateway.example.net', BOB, headers), it.hop);
    }
    expect(it.bench.hop(FIRST).take()).toEqual(['INVITE', 'BYE', 'ACK', 'MESSAGE']);
    expect(it.bench.hop(SECOND).take()).toEqual([]);
    expect(new Set(it.bench.asked)).toEqual(new Set(['core.example.com']));
  });

  it('that cannot be read is refused with 400', async () => {
    const it = await scene(FIRST);
    await it.bench.from(invite(it, { Route: '<tel:+1;lr>' }), it.hop);
    expect(it.hop.take().at(-1)).toBe('400');
  });
});

describe('a request that waits for DNS', () => {
  it('is sent when its answer comes', async () => {
    const it = await scene(FIRST);
    let answer = (): void => undefined;
    it.bench.dns = new Promise((resolve) => {
      answer = resolve;
    });
    await it.bench.from(invite(it), it.hop);
    expect(it.hop.take()).toEqual(['100']);
    expect(it.bench.hop(FIRST).take()).toEqual([]);
    answer();
    await it.bench.settle();
    expect(it.bench.hop(FIRST).take()).toEqual(['INVITE']);
  });

  it('is answered 487 at once when it is cancelled, and goes nowhere', async () => {
    const it = await scene(FIRST);
    let answer = (): void => undefined;
    it.bench.dns = new Promise((resolve) => {
      answer = resolve;
    });
    const request = invite(it);
    await it.bench.from(request, it.hop);
    const headers = request.headers.clone();
    headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
    await it.bench.from({ ...request, method: 'CANCEL', headers }, it.hop);
    expect(it.hop.take()).toEqual(['100', '200', '487']);
    answer();
    await it.bench.settle();
    expect(it.bench.hop(FIRST).take()).toEqual([]);
  });
});

describe('a request of the edge itself', () => {
  it('goes to the next place like other requests, and its end is told once', async () => {
    const it = await scene(FIRST, SECOND);
    const told: number[] = [];
    const request = it.wic.buildRegister({ expires: 0 });
    request.headers.remove('Via');
    it.bench.transports.refuse(FIRST);
    it.bench.connection.sendRequest(request, ({ status }) => told.push(status));
    await it.bench.settle();
    const sent = it.bench.hop(SECOND).request('REGISTER');
    await it.bench.from(createResponse(sent, 200), it.bench.hop(SECOND));
    expect(told).toEqual([200]);
  });

  it('ends in 503 when nobody is there', async () => {
    const it = await scene(FIRST);
    const told: number[] = [];
    it.bench.transports.refuse(FIRST);
    it.bench.connection.sendRequest(it.wic.buildRegister(), ({ status }) => told.push(status));
    await it.bench.settle();
    expect(told).toEqual([503]);
  });
});
