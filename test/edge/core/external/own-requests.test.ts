import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { WicMessages } from '../../support/wic.ts';
import { CoreBench, FIRST, SECOND } from './core-bench.ts';

/** A SUBSCRIBE of the edge itself; `headers`: what its dialog has. */
function subscribe(uri: string, headers: Readonly<Record<string, string>> = {}): SipRequest {
  const request = new WicMessages('edge').build('SUBSCRIBE', uri, 'sip:alice@example.com', headers);
  request.headers.remove('Via');
  return request;
}

const IN_DIALOG = { To: '<sip:alice@example.com>;tag=t' };

describe('a request of the edge itself', () => {
  it('goes to the core, and to its other address when the first does not answer', async () => {
    const bench = await CoreBench.start(FIRST, SECOND);
    await bench.answerProbes(200, FIRST, SECOND);
    const finals: number[] = [];
    bench.transports.refuse(FIRST);
    bench.connection.sendRequest(subscribe('sip:alice@example.com'), ({ status }) => finals.push(status));
    await bench.settle();
    const sent = bench.hop(SECOND).request('SUBSCRIBE');
    expect(sent.uri).toBe('sip:alice@example.com');
    await bench.from(createResponse(sent, 489), bench.hop(SECOND));
    expect(finals).toEqual([489]);
  });

  it.each([
    ['the Contact of the other side', 'sip:192.0.2.2', {}],
    ['a Route of the core', 'sip:scscf.example.net', { Route: '<sip:192.0.2.2;lr>' }],
  ])('goes along its dialog: to %s', async (_what, uri, routes) => {
    const bench = await CoreBench.start(FIRST);
    bench.transports.extra.add('192.0.2.2');
    await bench.answerProbes(200, FIRST);
    bench.connection.sendRequest(subscribe(uri, { ...IN_DIALOG, ...routes }), () => undefined);
    await bench.settle();
    const there = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
    expect(bench.hop(there).take()).toEqual(['SUBSCRIBE']);
    expect(bench.hop(FIRST).take()).toEqual([]);
  });

  it.each([
    ['Contact', 'sip:203.0.113.1', {}],
    ['Route', 'sip:alice@example.com', { Route: '<sip:203.0.113.1;lr>' }],
    ['Contact that is this edge', 'sip:192.0.2.100:5060', {}],
  ])('goes to the configured core where a %s leads elsewhere, and never there', async (_what, uri, routes) => {
    const bench = await CoreBench.start(FIRST);
    bench.transports.extra.add('192.0.2.100');
    await bench.answerProbes(200, FIRST);
    const finals: SipResponse[] = [];
    const request = subscribe(uri, { ...IN_DIALOG, ...routes });
    bench.connection.sendRequest(request, (response) => finals.push(response));
    await bench.settle();
    expect(bench.hop(FIRST).take()).toEqual(['SUBSCRIBE']);
    expect([finals, [...bench.transports.hops.keys()]]).toEqual([[], ['tcp 192.0.2.1 5060']]);
  });
});
