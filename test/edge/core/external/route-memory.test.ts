import { describe, expect, it } from 'vitest';
import { type CoreDestination } from '../../../../src/edge/core/core-destination.ts';
import { RouteMemory } from '../../../../src/edge/core/external/route-memory.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { parseSipUri, type SipUri } from '../../../../src/sip/uri.ts';
import { unwrap } from '../../../support/unwrap.ts';
import { FakeCoreHop } from './fake-core.ts';

const CORE: CoreDestination = { transport: 'udp', address: '192.0.2.1', port: 6050 };
const OWN = ['<sip:192.0.2.100:5060;lr>', '<sip:token@example.com;transport=ws;lr>'];

function uri(text: string): SipUri {
  return unwrap(parseSipUri(text));
}

function headersOf(fields: Readonly<Record<string, string>>): SipHeaders {
  const headers = new SipHeaders();
  for (const [name, value] of Object.entries(fields)) headers.append(name, value);
  return headers;
}

function request(method: string): SipRequest {
  return { kind: 'request', method, uri: 'sip:x', headers: new SipHeaders(), body: NO_BODY };
}

/** A memory of a core at `core.example.com:6040`, and what it hears of that core. */
function memory(): {
  readonly requested: (fields: Readonly<Record<string, string>>, from?: CoreDestination) => void;
  readonly answered: (method: string, status: number, fields: Readonly<Record<string, string>>) => void;
  readonly knows: (text: string) => boolean;
  readonly isEnd: (text: string) => boolean;
} {
  const routes = new RouteMemory([uri('sip:core.example.com:6040')]);
  return {
    requested: (fields, from = CORE) => {
      const via = `SIP/2.0/UDP pcscf.example.net:6051;branch=z9hG4bK1`;
      routes.learnFromRequest(headersOf({ Via: via, ...fields }), new FakeCoreHop('core', from));
    },
    answered: (method, status, fields) => {
      const response: SipResponse = { kind: 'response', status, reason: '', headers: headersOf(fields), body: NO_BODY };
      routes.learnFromResponse(response, request(method), new FakeCoreHop('core', CORE));
    },
    knows: (text) => routes.knows(uri(text)),
    isEnd: (text) => routes.isEnd(uri(text)),
  };
}

describe('a place that the core names', () => {
  it('is the entry of Record-Route next to this edge, of a request and of an answer', () => {
    const { requested, answered, knows } = memory();
    requested({ 'Record-Route': '<sip:a.example.net:6001;lr>, <sip:b.example.net:6002;lr>' });
    answered('INVITE', 180, { 'Record-Route': ['<sip:c:6003;lr>', '<sip:d:6004;lr>', ...OWN].join(', ') });
    const known = ['sip:a.example.net:6001', 'sip:b.example.net:6002', 'sip:c:6003', 'sip:d:6004'].filter(knows);
    expect(known).toEqual(['sip:a.example.net:6001', 'sip:d:6004']);
  });

  it('is the first entry of Service-Route in a 200 to REGISTER', () => {
    const { answered, knows } = memory();
    answered('REGISTER', 200, { 'Service-Route': '<sip:orig@scscf:6060;lr>, <sip:other:6061;lr>' });
    answered('REGISTER', 403, { 'Service-Route': '<sip:refused:6062;lr>' });
    answered('MESSAGE', 200, { 'Service-Route': '<sip:message:6063;lr>' });
    const asked = ['sip:scscf:6060', 'sip:other:6061', 'sip:refused:6062', 'sip:message:6063'];
    expect(asked.filter(knows)).toEqual(['sip:scscf:6060']);
  });

  it.each([
    ['its address', 'sip:x@192.0.2.1:6050', true],
    ['the sent-by of its Via', 'sip:x@pcscf.example.net:6051', true],
    ['another port of its address', 'sip:x@192.0.2.1:23199', false],
    ['another port of its name', 'sip:x@pcscf.example.net:23199', false],
    ['a client', 'sip:x@a.invalid:6050', false],
  ])('is a Contact without Record-Route that names %s: %s %s', (_what, contact, isKnown) => {
    const { requested, knows } = memory();
    requested({ Contact: `<${contact}>` });
    expect(knows(contact.replace('x@', ''))).toBe(isKnown);
  });

  it('is not the Contact of an answer, unless the answer came from there', () => {
    const { answered, knows } = memory();
    for (const port of [23199, 6050]) {
      answered('INVITE', 200, { 'Record-Route': OWN.join(', '), Contact: `<sip:b@192.0.2.1:${port}>` });
    }
    expect(['sip:192.0.2.1:23199', 'sip:192.0.2.1:6050'].filter(knows)).toEqual(['sip:192.0.2.1:6050']);
  });

  it('is an end of dialogs only by its own Contact, or if it is configured', () => {
    const { requested, answered, isEnd } = memory();
    requested({ 'Record-Route': '<sip:a.example.net:6001;lr>' });
    answered('REGISTER', 200, { 'Service-Route': '<sip:orig@scscf:6060;lr>' });
    requested({ Contact: '<sip:x@192.0.2.1:6050>' });
    const asked = [
      'sip:a.example.net:6001',
      'sip:scscf:6060',
      'sip:192.0.2.1:6050',
      'sip:core.example.com:6040',
      'sip:gw',
    ];
    expect(asked.filter(isEnd)).toEqual(['sip:192.0.2.1:6050', 'sip:core.example.com:6040']);
  });

  it('is an IPv6 address however it is written', () => {
    const { requested, knows } = memory();
    requested({ Contact: '<sip:x@[2001:DB8:0::1]:6050>' }, { ...CORE, address: '2001:db8::1' });
    expect(knows('sip:[2001:DB8:0::1]:6050')).toBe(true);
  });

  it('is another one with another maddr', () => {
    const { requested, knows } = memory();
    requested({ 'Record-Route': '<sip:a.example.net:6001;lr>' });
    requested({ 'Record-Route': '<sip:b.example.net:6001;maddr=192.0.2.1;lr>' });
    const asked = [
      'sip:a.example.net:6001;maddr=192.0.2.9',
      'sip:b.example.net:6001',
      'sip:b.example.net:6001;maddr=192.0.2.1',
    ];
    expect(asked.filter(knows)).toEqual(['sip:b.example.net:6001;maddr=192.0.2.1']);
  });

  it('is not any that a redirection or a transfer leads to', () => {
    const { requested, answered, knows } = memory();
    answered('INVITE', 302, { Contact: '<sip:b@192.0.2.1:23199>' });
    requested({ 'Refer-To': '<sip:b@192.0.2.1:23199>', Path: '<sip:192.0.2.1:23199;lr>' });
    expect(knows('sip:192.0.2.1:23199')).toBe(false);
  });
});

describe('what is named in thousands of calls', () => {
  it('pushes out neither the configured places nor what Service-Routes have named', () => {
    const { requested, answered, knows } = memory();
    answered('REGISTER', 200, { 'Service-Route': '<sip:scscf:6060;lr>' });
    for (let i = 0; i < 5000; i += 1) requested({ 'Record-Route': `<sip:h${i}:7000;lr>` });
    const asked = ['sip:core.example.com:6040', 'sip:scscf:6060', 'sip:h0:7000', 'sip:h4999:7000'];
    expect(asked.filter(knows)).toEqual(['sip:core.example.com:6040', 'sip:scscf:6060', 'sip:h4999:7000']);
  });
});
