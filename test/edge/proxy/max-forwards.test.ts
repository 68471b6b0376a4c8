import { describe, expect, it } from 'vitest';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge } from '../support/edge-server.ts';
import { CoreBench } from '../support/core-bench.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { Wic } from '../support/wic.ts';

const BOB = 'sip:bob@example.com';
const NO_MORE = { 'Max-Forwards': '0' };

describe('a request with Max-Forwards 0 (RFC 3261 §16.3 step 3)', () => {
  it('that is OPTIONS for the edge is answered, with what the edge can do', () => {
    const bench = new ProxyBench();
    const { wic, hop } = bench.register('alice');
    bench.receive(wic.build('OPTIONS', 'sip:example.com', 'sip:example.com', NO_MORE), hop);
    const { status, headers } = hop.lastResponse();
    expect(status).toBe(200);
    for (const name of ['Allow', 'Accept', 'Supported']) expect(headers.get(name)).toMatch(/./);
  });

  it('that is REGISTER is served by the embedded registrar', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    await alice.register({ headers: NO_MORE });
  });

  it.each(['REGISTER', 'OPTIONS', 'INVITE', 'MESSAGE'])('that is %s goes on to no core and to no client', (method) => {
    const outside = new CoreBench();
    const alice = outside.registered('alice');
    const inside = new ProxyBench();
    const [carol, bob] = [inside.register('carol'), inside.register('bob')];
    inside.routeTo(bob);
    const uri = method === 'REGISTER' ? 'sip:example.com' : BOB;
    for (const [bench, { wic, hop }] of [
      [outside, alice],
      [inside, carol],
    ] as const) {
      bench.receive(wic.build(method, uri, method === 'REGISTER' ? wic.aor : BOB, NO_MORE), hop);
      expect(hop.take().at(-1)).toBe('483');
    }
    expect([outside.core.take(), bob.hop.take()]).toEqual([[], []]);
  });

  it('of the core goes on to no client', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const Route = bench.registerAt(alice).headers.get('Path') ?? '';
    alice.hop.take();
    bench.fromCore('OPTIONS', alice.wic.contactUri, { Route, ...NO_MORE });
    expect([bench.core.take().at(-1), alice.hop.take()]).toEqual(['483', []]);
  });
});
