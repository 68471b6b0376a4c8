import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { CoreBench as ExternalBench, FIRST, SECOND, UDP } from '../core/external/core-bench.ts';
import { CoreBench } from '../support/core-bench.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { WicMessages } from '../support/wic.ts';

const SOS = 'urn:service:sos';
const OTHER: typeof FIRST = { transport: 'tcp', address: '192.0.2.4', port: 5070 };

function localBench(limits: Parameters<typeof edgeOptions>[0] = {}): ProxyBench {
  return new ProxyBench({ ...edgeOptions(limits), emergency: { numbers: ['112'], uris: [] } });
}

describe('an emergency call where no E-CSCF is known', () => {
  it.each([
    ['INVITE', SOS],
    ['INVITE', 'urn:service:sos.police'],
    ['MESSAGE', 'tel:112'],
    ['INVITE', 'sip:112@example.com;user=phone'],
    ['OPTIONS', SOS],
  ])('is answered 380 before the core hears of it: %s %s', (method, uri) => {
    const bench = localBench();
    const { wic, hop } = bench.register('alice');
    bench.handle = () => {
      throw new Error('the core was asked');
    };
    bench.receive(wic.build(method, uri, uri, { Contact: `<${wic.contactUri}>` }), hop);
    expect(hop.lastResponse().body.toString()).toContain('<type>emergency</type>');
    expect(hop.take()).toEqual(['380']);
    expect(bench.layer.size).toBe(0);
  });

  it('is answered so too for whoever is not registered, or is registered as somebody else', () => {
    const bench = localBench();
    const stranger = { wic: new WicMessages('carol'), hop: bench.addHop() };
    bench.receive(stranger.wic.build('INVITE', SOS, SOS), stranger.hop);
    const { hop } = bench.register('alice');
    bench.receive(stranger.wic.build('INVITE', SOS, SOS), hop);
    expect([stranger.hop.take(), hop.take()]).toEqual([['380'], ['380']]);
  });

  it('is not refused for what else the user has asked for', () => {
    const bench = localBench({ limits: { requestsPerSecPerIdentity: 1, requestBurstPerIdentity: 2 } });
    const { wic, hop } = bench.register('alice');
    for (let i = 0; i < 4; i += 1)
      bench.receive(wic.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com'), hop);
    expect(hop.take().at(-1)).toBe('503');
    bench.receive(wic.build('INVITE', 'tel:112', 'tel:112'), hop);
    expect(hop.take()).toEqual(['380']);
  });

  it('is answered by the P-CSCF of the caller, as the Path of its registration proves', () => {
    const bench = new CoreBench();
    const alice = { wic: new WicMessages('alice'), hop: bench.addHop() };
    bench.receive(alice.wic.buildRegister(), alice.hop);
    const register = bench.core.lastRequest('REGISTER');
    const granted = createResponse(register, 200);
    granted.headers.append('Contact', register.headers.get('Contact') ?? '');
    granted.headers.append('Path', register.headers.get('Path') ?? '');
    bench.receive(granted, bench.core);
    bench.receive(alice.wic.build('INVITE', SOS, SOS), alice.hop);
    expect(alice.hop.lastResponse().status).toBe(380);
    expect(alice.hop.lastResponse().headers.get('P-Asserted-Identity')).toBe(register.headers.get('Path'));
  });

  it('is none within a dialog, nor a REGISTER', () => {
    const bench = localBench();
    const { wic, hop } = bench.register('alice');
    bench.receive(wic.build('INFO', 'sip:112@example.com', 'x', { To: '<sip:112@example.com>;tag=b' }), hop);
    bench.receive({ ...wic.buildRegister(), uri: SOS }, hop);
    expect(hop.take()).toEqual(['200', '416']);
  });
});

async function served(
  places = { 'sip:ecscf.example.net:5070;transport=tcp': [OTHER] } as Record<string, (typeof FIRST)[]>,
) {
  const bench = await ExternalBench.startWith([FIRST], places);
  const { wic, hop } = bench.register('alice');
  bench.connect();
  await bench.answerProbes(200, FIRST);
  const call = (uri: string, headers: Record<string, string> = {}) =>
    bench.from(wic.build('INVITE', uri, uri, { Contact: `<${wic.contactUri}>`, ...headers }), hop);
  return { bench, wic, hop, call };
}

describe('an emergency call where an E-CSCF is known', () => {
  it.each([
    [SOS, SOS],
    ['URN:service:sos.fire', 'URN:service:sos.fire'],
    ['tel:1-1-2', SOS],
    ['sip:112@example.com;user=phone', SOS],
  ])('goes there by Route, for the service: %s', async (uri, service) => {
    const { bench, hop, call } = await served();
    await call(uri, { Route: '<sip:198.51.100.1;lr>' });
    const sent = bench.hop(OTHER).request('INVITE');
    expect(sent.uri).toBe(service);
    expect(sent.headers.getList('Route')).toEqual(['<sip:ecscf.example.net:5070;transport=tcp;lr>']);
    expect(bench.hop(FIRST).take()).toEqual([]);
    await bench.from(createResponse(sent, 180, { toTag: 'psap' }), bench.hop(OTHER));
    expect(hop.take()).toEqual(['100', '180']);
  });

  it('goes to the next when one cannot be reached, with the Route of that one', async () => {
    const { bench, call } = await served({ 'sip:e1.example.net': [OTHER], 'sip:e2.example.net;lr': [SECOND] });
    bench.transports.refuse(OTHER);
    await call(SOS);
    expect(bench.hop(SECOND).request('INVITE').headers.getList('Route')).toEqual(['<sip:e2.example.net;lr>']);
  });

  it('is answered 380 when none can be reached: the caller is to try elsewhere', async () => {
    const { bench, hop, call } = await served();
    bench.transports.refuse(OTHER);
    await call(SOS);
    expect(hop.lastResponse().body.toString()).toContain('<type>emergency</type>');
    expect(hop.take()).toEqual(['100', '380']);
  });

  it('goes there whatever From says, from a connection with a registration, and is 380 from another', async () => {
    const { bench, hop } = await served();
    const other = new WicMessages('carol').build('INVITE', SOS, SOS);
    await bench.from(other, hop);
    expect(bench.hop(OTHER).take()).toEqual(['INVITE']);
    const stranger = bench.addHop();
    await bench.from(new WicMessages('dave').build('INVITE', SOS, SOS), stranger);
    expect(stranger.lastResponse().body.toString()).toContain('<action>emergency-registration</action>');
    expect(stranger.take()).toEqual(['380']);
    expect(bench.hop(OTHER).take()).toEqual([]);
  });

  it('has its places told as places of the core, and no other request goes there unasked', async () => {
    const { bench, call } = await served({ 'sip:e.example.net': [UDP] });
    expect(bench.places.at(-1)).toEqual(expect.arrayContaining([FIRST, UDP]));
    await call('sip:bob@example.com');
    expect(bench.hop(UDP).take()).toEqual([]);
    expect(bench.hop(FIRST).take()).toEqual(['INVITE']);
  });
});
