import { describe, expect, it } from 'vitest';
import { nextHopOf } from '../../../../src/edge/core/external/next-hop.ts';
import { NO_BODY, SipHeaders, type SipRequest } from '../../../../src/sip/message.ts';

function request(uri: string, route?: string): SipRequest {
  const headers = new SipHeaders();
  headers.append('To', '<sip:bob@example.com>;tag=b');
  if (route !== undefined) headers.append('Route', route);
  return { kind: 'request', method: 'BYE', uri, headers, body: NO_BODY };
}

describe('a request without Route', () => {
  it.each([
    ['sip:bob@192.0.2.9', true, 'target'],
    ['sip:bob@192.0.2.9', false, 'none'],
    ['tel:+4930123456', true, 'none'],
    ['urn:service:sos', false, 'none'],
  ])('for %s, of a proven dialog: %s, leads to: %s', (uri, inDialog, kind) => {
    expect(nextHopOf(request(uri), inDialog).kind).toBe(kind);
  });
});

describe('a request with Route', () => {
  it.each(['tel:+4930123456', 'urn:service:sos', 'im:bob@example.com'])('for %s keeps its Request-URI', (uri) => {
    const next = nextHopOf(request(uri, '<sip:scscf.example.net:6060;lr>'), false);
    expect(next).toMatchObject({ kind: 'route', requestUri: uri, uri: { host: 'scscf.example.net', port: 6060 } });
  });

  it('to a strict router takes a telephone number to the end of the Route', () => {
    const next = nextHopOf(request('tel:+49-30-123', '<sip:old.example.net>, <sip:b.example;lr>'), false);
    const routes = ['<sip:b.example;lr>', '<tel:+49-30-123>'];
    expect(next).toMatchObject({ kind: 'route', requestUri: 'sip:old.example.net', routes });
  });
});
