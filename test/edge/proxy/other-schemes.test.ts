import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { CoreBench } from '../support/core-bench.ts';
import { ProxyBench } from '../support/proxy-bench.ts';

const SERVICE_ROUTE = '<sip:orig@scscf.example.net:6060;lr>';
const OTHER_SCHEMES = [
  'tel:+4930123456',
  'tel:+49-30-(123)-456;isub=1',
  'tel:7042;phone-context=ims.example',
  'tel:*31#;phone-context=+49',
  'urn:service:counseling.children',
  'im:bob@example.com',
  'pres:bob@example.com',
];

describe('a request for a URI of another scheme', () => {
  it.each(OTHER_SCHEMES)('goes to the core by the Service-Route as it is: %s', (uri) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', { 'Service-Route': SERVICE_ROUTE });
    for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'OPTIONS']) {
      const sent = bench.sent(alice, method, { Contact: `<${alice.wic.contactUri}>` }, uri);
      expect([sent.uri, sent.headers.get('Route')]).toEqual([uri, SERVICE_ROUTE]);
      expect(sent.headers.get('P-Asserted-Identity')).toBe('<sip:alice@example.com>');
    }
  });

  it('is answered like a request for a SIP URI, and its answer acknowledged', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', { 'Service-Route': SERVICE_ROUTE });
    const sent = bench.sent(alice, 'INVITE', { Contact: `<${alice.wic.contactUri}>` }, 'tel:+4930123456');
    bench.receive(createResponse(sent, 486, { toTag: 'b' }), bench.core);
    expect(alice.hop.take()).toEqual(['100', '486']);
    expect(bench.core.lastRequest('ACK').uri).toBe('tel:+4930123456');
  });

  it.each(['tel:', 'tel:+1>', 'tel:"1"', 'tel:+1%zz', 'tel:\u00e9', 'urn:<x>'])(
    'is refused where it is none: %s',
    (uri) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice');
      bench.receive(alice.wic.build('INVITE', uri, 'sip:bob@example.com'), alice.hop);
      expect(alice.hop.take()).toEqual(['400']);
      expect(bench.core.take()).toEqual([]);
    },
  );

  it('is refused with 416 if it is a REGISTER, as no registrar is called so', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    bench.receive({ ...alice.wic.buildRegister(), uri: 'tel:+4930123456' }, alice.hop);
    expect(alice.hop.take()).toEqual(['416']);
  });

  it('is refused with 416 before the embedded core, which knows SIP alone', () => {
    const bench = new ProxyBench();
    const { wic, hop } = bench.register('alice');
    for (const uri of OTHER_SCHEMES) bench.receive(wic.build('INVITE', uri, 'sip:bob@example.com'), hop);
    expect(hop.take()).toEqual(OTHER_SCHEMES.map(() => '416'));
  });

  it('reaches a client from the core by its Path, and its answer goes back', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const path = bench.registerAt(alice).headers.get('Path') ?? '';
    alice.hop.take();
    bench.core.take();
    bench.fromCore('INVITE', 'tel:+4930123456', { Route: path });
    expect(alice.hop.lastRequest('INVITE').uri).toBe('tel:+4930123456');
    bench.receive(createResponse(alice.hop.lastRequest('INVITE'), 200, { toTag: 'a' }), alice.hop);
    expect(bench.core.lastResponse().headers.get('P-Asserted-Identity')).toBe('<sip:alice@example.com>');
    expect(bench.core.take()).toEqual(['100', '200']);
  });

  it('without a Path is answered 404 by the external core’s side', () => {
    const bench = new CoreBench();
    bench.registered('alice');
    bench.fromCore('MESSAGE', 'tel:+4930123456');
    expect(bench.core.take()).toEqual(['404']);
  });
});
