import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { ProxyBench } from '../support/proxy-bench.ts';

const PLACES = 40;

function bench() {
  const it = new ProxyBench(edgeOptions({ limits: { transactionsPerFlow: PLACES } }));
  const [alice, bob, dave] = [it.register('alice'), it.register('bob'), it.register('dave')];
  it.routeTo(alice);
  const call = (from: typeof alice): string[] => {
    it.receive(from.wic.build('INVITE', alice.wic.aor, alice.wic.aor), from.hop);
    const invite = alice.hop.lastRequest('INVITE');
    if (alice.hop.take().includes('INVITE')) it.receive(createResponse(invite, 180, { toTag: 'a' }), alice.hop);
    return from.hop.take();
  };
  return { bench: it, alice, bob, dave, call };
}

describe('a client that many requests wait for', () => {
  it('is not filled by one sender, who hears 480 and not 503, and is there for everybody else', () => {
    const { bench: edge, alice, bob, dave, call } = bench();
    const answers = Array.from({ length: 30 }, () => call(dave).at(-1));
    expect(answers.filter((answer) => answer === '180')).toHaveLength(PLACES / 2);
    expect(new Set(answers.slice(PLACES / 2))).toEqual(new Set(['480']));
    expect(edge.events.named('limited')[0]).toMatchObject({ flowId: alice.hop.id, cause: 'transactions-per-flow' });
    for (let i = 0; i < PLACES / 4; i++) expect(call(bob).at(-1)).toBe('180');
    expect(call(bob).at(-1)).toBe('480');
  });

  it('tells a sender over several connections as one', () => {
    const { bench: edge, alice, dave, call } = bench();
    const again = { wic: dave.wic, hop: edge.addHop() };
    edge.handle = new ProxyBench().handle;
    edge.receive(dave.wic.buildRegister({ contact: '<sip:second@second.invalid>;expires=60' }), again.hop);
    again.hop.take();
    edge.routeTo(alice);
    for (let i = 0; i < PLACES / 2; i++) expect(call(dave).at(-1)).not.toBe('480');
    expect(call(again).at(-1)).toBe('480');
  });

  it('has its places again once the calls have ended', () => {
    const { bench: edge, alice, dave, call } = bench();
    for (let i = 0; i < PLACES / 2; i++) call(dave);
    expect(call(dave).at(-1)).toBe('480');
    edge.close(dave.hop);
    edge.clock.advance(64 * 500 + 1);
    const dave2 = { wic: dave.wic, hop: edge.addHop() };
    edge.handle = new ProxyBench().handle;
    edge.receive(dave.wic.buildRegister(), dave2.hop);
    dave2.hop.take();
    edge.routeTo(alice);
    expect(call(dave2).at(-1)).toBe('180');
  });

  it('takes a burst of as many senders as it has places, such as lamps that report all at once', () => {
    const { bench: edge, alice } = bench();
    const core = edge.addHop({ kind: 'core' });
    for (let i = 0; i <= PLACES; i++) {
      const notify = alice.wic.build('NOTIFY', alice.wic.contactUri, alice.wic.aor, {
        From: `<sip:lamp${i}@example.com>;tag=1`,
      });
      edge.receive(notify, core);
    }
    expect(alice.hop.take()).toHaveLength(PLACES);
    expect(core.take()).toEqual(['480']);
  });
});
