import { describe, expect, it } from 'vitest';
import {
  cleanAnswerForClient,
  cleanForClient,
  cleanRequest,
  cleanResponse,
} from '../../../src/edge/border/client-messages.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { CoreBench } from '../support/core-bench.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { WicMessages } from '../support/wic.ts';

type Fields = Readonly<Record<string, string>>;

function requestWith(headers: Fields, method = 'INVITE'): SipRequest {
  return new WicMessages('alice').build(method, 'sip:bob@example.com', 'sip:bob@example.com', headers);
}

describe('a request of a client', () => {
  it.each([
    ['P-Early-Media', 'supported', 'supported'],
    ['P-Early-Media', 'sendrecv, Supported', 'supported'],
    ['P-Early-Media', 'sendrecv', undefined],
    ['Priority', 'psap-callback', undefined],
    ['Priority', ' PSAP-Callback', undefined],
    ['Priority', 'emergency', 'emergency'],
    ['Geolocation', '<cid:a@d>;loc-src=host.example', '<cid:a@d>'],
    ['Geolocation', '<cid:a@d> ;Loc-Src="x";y=1,  <http://d/a,b>;loc-src=z', '<cid:a@d> ;y=1, <http://d/a,b>'],
    ['Geolocation', 'cid:a@d;loc-src=host', 'cid:a@d'],
    ['Geolocation', '<cid:a@d>,  <cid:b@d>;y=1', '<cid:a@d>,  <cid:b@d>;y=1'],
    ['Reason', 'Q.850;cause=16', 'Q.850;cause=16'],
    ['Additional-Identity', '<sip:bank@example.com>', undefined],
    ['Proxy-Authorization', 'Bearer access_token="x"', undefined],
    ['Contact', '<sip:a@d;cpc=police>', '<sip:a@d>'],
    ['From', '<tel:+1555;cpc=police>;tag=1', '<tel:+1555>;tag=1'],
    ['To', '<tel:+1555;cpc=police>', '<tel:+1555;cpc=police>'],
  ])('with %s %j has %j of it when it goes on', (name, value, left) => {
    const request = requestWith({ [name]: value });
    cleanRequest(request);
    expect(request.headers.get(name)).toBe(left);
  });

  it('that says nothing of the kind goes on byte for byte', () => {
    const fields = {
      Contact: '<sip:oli@d>  ,<sip:b@d>',
      Priority: 'urgent',
      Authorization: 'Digest  username="a",x=1',
    };
    for (const method of ['INVITE', 'REGISTER', 'BYE']) {
      const request = requestWith(fields, method);
      const before = formatSipMessage(request).toString();
      cleanRequest(request);
      expect(formatSipMessage(request).toString()).toBe(before);
    }
  });
});

describe('a response of a client', () => {
  const answered = (asked: Fields, given: Fields): ReturnType<typeof createResponse> => {
    const request = requestWith({ From: '<sip:a@d>;tag=1', To: '<sip:b@d>', ...asked });
    const response = createResponse(request, 200, { toTag: 't' });
    for (const [name, value] of Object.entries(given)) response.headers.set(name, value);
    cleanResponse(response, request);
    return response;
  };

  it.each([
    ['Reason', 'Q.850;cause=16', undefined],
    ['P-Refused-URI-List', '<sip:a@d>', undefined],
    ['P-Early-Media', 'supported', undefined],
    ['Geolocation', '<cid:a@d>;loc-src=host.example', '<cid:a@d>'],
    ['Contact', '<sip:a@d;verstat=TN-Validation-Passed>', '<sip:a@d>'],
    ['From', '<sip:bank@d>;tag=1', '<sip:a@d>;tag=1'],
    ['To', '<sip:b@d;cpc=police>;tag=t', '<sip:b@d>;tag=t'],
  ])('with %s %j has %j of it when it goes on', (name, value, left) => {
    expect(answered({}, { [name]: value }).headers.get(name)).toBe(left);
  });

  it('keeps what stands in the request', () => {
    expect(answered({ To: '<sip:b@d;iotl=x>' }, {}).headers.get('To')).toBe('<sip:b@d;iotl=x>;tag=t');
  });
});

describe('what a client is sent', () => {
  it('does not say by whom somebody was located', () => {
    const { headers } = requestWith({ Geolocation: '<cid:a@d>;loc-src=host.example' });
    cleanForClient(headers);
    expect(headers.get('Geolocation')).toBe('<cid:a@d>');
  });

  it('of its own From says what it wrote itself', () => {
    const from = '<sip:a@d:5060;cpc=police>;tag=1';
    const request = requestWith({ From: from });
    for (const [echoed, shown] of [
      ['<sip:a@d>;tag=1', from],
      ['<sip:other@d>;tag=1', '<sip:other@d>;tag=1'],
    ] as const) {
      const response = createResponse(request, 180);
      response.headers.set('From', echoed);
      cleanAnswerForClient(response, request);
      expect(response.headers.get('From')).toBe(shown);
    }
  });
});

/** What one client cannot say to another in the name of a network. */
const ASSERTIONS: Fields = {
  'P-Asserted-Identity': '<sip:bank@example.com>',
  'P-Preferred-Identity': '<sip:bank@example.com>',
  'Remote-Party-ID': '<sip:bank@example.com>;party=calling',
  'P-Charging-Vector': 'icid-value=1',
  'P-Visited-Network-ID': '"mine"',
  'P-Access-Network-Info': '3GPP-NR;network-provided',
  'P-Called-Party-ID': '<sip:bank@example.com>',
  Diversion: '<sip:bank@example.com>;reason=unconditional',
  'History-Info': '<sip:bank@example.com>;index=1',
  'Additional-Identity': '<sip:bank@example.com>',
  'Feature-Caps': '*;+x',
  'Resource-Priority': 'wps.0',
  'P-Early-Media': 'sendrecv',
  Authorization: 'Bearer x',
  'Proxy-Authorization': 'Bearer access_token="x"',
};

describe('with the core inside', () => {
  it('nothing that a client asserts reaches the one that it calls, nor from there back', () => {
    const bench = new ProxyBench();
    const [alice, bob] = [bench.register('alice'), bench.register('bob')];
    bench.routeTo(bob);
    const from = `<${alice.wic.aor};cpc=police>;tag=1`;
    bench.receive(alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor, { ...ASSERTIONS, From: from }), alice.hop);
    const invite = bob.hop.lastRequest('INVITE');
    expect(Object.keys(ASSERTIONS).filter((name) => invite.headers.has(name))).toEqual([]);
    expect(invite.headers.get('From')).toBe(`<${alice.wic.aor}>;tag=1`);
    const response = createResponse(invite, 180, { toTag: 'b' });
    for (const [name, value] of Object.entries(ASSERTIONS)) response.headers.append(name, value);
    bench.receive(response, bob.hop);
    const ringing = alice.hop.lastResponse();
    expect(ringing.status).toBe(180);
    expect(Object.keys(ASSERTIONS).filter((name) => ringing.headers.has(name))).toEqual([]);
    expect(ringing.headers.get('From')).toBe(from);
  });
});

describe('the Route set of a dialog with the core inside', () => {
  it('has no entry of a client that calls, and those of the request whatever a called one makes of them', () => {
    const evil = '<sip:evil.example.org;lr>';
    const bench = new ProxyBench();
    const [alice, bob] = [bench.register('alice'), bench.register('bob')];
    bench.routeTo(bob);
    bench.receive(alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor, { 'Record-Route': evil }), alice.hop);
    const invite = bob.hop.lastRequest('INVITE');
    expect(invite.headers.getAll('Record-Route').join()).not.toContain('evil');
    const response = createResponse(invite, 180, { toTag: 'b' });
    response.headers.set('Record-Route', evil);
    bench.receive(response, bob.hop);
    expect(alice.hop.lastResponse().headers.getAll('Record-Route')).toEqual(invite.headers.getAll('Record-Route'));
  });
});

describe('with a core outside', () => {
  it('From says the same, and keeps its tag, in each request of a dialog and in its ACK', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const from = `"Alice" <${alice.wic.aor}:5060;cpc=police;oli=27>;tag=1`;
    const to = '<sip:bob@example.com>;tag=2';
    const seen = (['INVITE', 'ACK', 'BYE', 'MESSAGE'] as const).map((method) => {
      const inDialog = method === 'INVITE' || method === 'MESSAGE' ? {} : { To: to };
      return bench.sent(alice, method, { From: from, 'Call-ID': 'c', ...inDialog }).headers.get('From');
    });
    expect(new Set(seen)).toEqual(new Set([`"Alice" <${alice.wic.aor}>;tag=1`]));
  });

  it('what a client registers has nothing of it either, and stands all the same', () => {
    const bench = new CoreBench();
    const device = { wic: new WicMessages('alice'), hop: bench.addHop() };
    const contact = device.wic.contact.replace(';transport=ws', ';transport=ws;cpc=police');
    const asked = bench.registerAt(
      device,
      {},
      { To: `<${device.wic.aor};cpc=police>`, Contact: `${contact};expires=600` },
    );
    expect(asked.headers.get('To')).toBe(`<${device.wic.aor}>`);
    expect(asked.headers.get('Contact')).toBe(`${device.wic.contact};expires=600`);
    expect(bench.registrations.of(device.hop)).toHaveLength(1);
  });

  it.each(['Bearer x', 'Bearer access_token="x"'])('a token goes there in no request: %s', (token) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const headers = { Authorization: token, 'Proxy-Authorization': token };
    const asked = [
      bench.registerAt(alice, {}, headers),
      ...['INVITE', 'MESSAGE', 'ACK'].map((method) => bench.sent(alice, method, headers)),
    ];
    for (const request of asked) expect(formatSipMessage(request).toString()).not.toMatch(/bearer/i);
  });
});
