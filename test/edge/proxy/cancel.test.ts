import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { parseNameAddr } from '../../../src/sip/name-addr.ts';
import { type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { CoreBench } from '../support/core-bench.ts';
import { ProxyBench } from '../support/proxy-bench.ts';

const BOB = 'sip:bob@example.com';
const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

/** alice calls bob, both of whose devices ring. */
function ringing() {
  const bench = new ProxyBench();
  const alice = bench.register('alice');
  const devices = [bench.register('bob'), bench.register('bob')] as const;
  bench.routeTo(...devices);
  const invite = alice.wic.build('INVITE', BOB, BOB, { Contact: `<${alice.wic.contactUri}>` });
  bench.receive(invite, alice.hop);
  const answer = (index: 0 | 1, status: number): void => {
    const { hop } = devices[index];
    bench.receive(createResponse(hop.lastRequest('INVITE'), status, { toTag: `d${index}` }), hop);
  };
  answer(0, 180);
  answer(1, 180);
  alice.hop.take();
  return { bench, alice, devices, invite, answer };
}

function cancelOf(invite: SipRequest, reasons: readonly string[] = []): SipRequest {
  const headers = invite.headers.clone();
  headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
  headers.remove('Contact');
  for (const reason of reasons) headers.append('Reason', reason);
  return { ...invite, method: 'CANCEL', headers };
}

const tagOf = (response: SipResponse): string | undefined => {
  const to = parseNameAddr(response.headers.get('To') ?? '');
  return to.ok ? to.value.params.get('tag') : undefined;
};

describe('the Reason of a CANCEL (RFC 3326)', () => {
  it.each([
    [[]],
    [[ELSEWHERE]],
    [['SIP ;cause=486 ;text="Busy, \\"very\\""', 'Q.850;cause=16;text="Terminated"']],
    [['Q.850;cause=16, SIP;cause=200;text="a, b"']],
  ])('of the caller, %j, goes on to each device as it is', (reasons) => {
    const { bench, alice, devices, invite } = ringing();
    bench.receive(cancelOf(invite, reasons), alice.hop);
    for (const { hop } of devices) {
      const { headers } = hop.lastRequest('CANCEL');
      expect(headers.getAll('Reason')).toEqual(reasons);
      expect(headers.has('Max-Breadth')).toBe(false);
    }
  });

  it('is kept until the device has been heard of, and is bounded', () => {
    const bench = new ProxyBench();
    const [alice, bob] = [bench.register('alice'), bench.register('bob')];
    bench.routeTo(bob);
    const invite = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(invite, alice.hop);
    const long = `SIP;cause=200;text="${'x'.repeat(2000)}"`;
    bench.receive(cancelOf(invite, [ELSEWHERE, long, long]), alice.hop);
    bench.receive(createResponse(bob.hop.lastRequest('INVITE'), 180, { toTag: 'b' }), bob.hop);
    expect(bob.hop.lastRequest('CANCEL').headers.getAll('Reason')).toEqual([ELSEWHERE]);
  });

  it.each([
    [200, ELSEWHERE],
    [603, 'SIP;cause=603;text="Decline"'],
    [600, 'SIP;cause=600;text="Busy Everywhere"'],
  ])('tells the other device of the %i of the first', (status, reason) => {
    const { devices, answer } = ringing();
    answer(0, status);
    expect(devices[1].hop.lastRequest('CANCEL').headers.getAll('Reason')).toEqual([reason]);
  });

  it('says after three minutes that it has rung for too long, and nothing where the caller is gone', () => {
    const late = ringing();
    late.bench.clock.advance(185_001);
    expect(late.devices[0].hop.lastRequest('CANCEL').headers.get('Reason')).toBe(
      'SIP;cause=408;text="Request Timeout"',
    );
    const left = ringing();
    left.bench.close(left.alice.hop);
    expect(left.devices[0].hop.lastRequest('CANCEL').headers.has('Reason')).toBe(false);
  });

  it('crosses the border of a core outside in both directions', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const out = alice.wic.build('INVITE', BOB, BOB, { Contact: `<${alice.wic.contactUri}>` });
    bench.receive(out, alice.hop);
    bench.receive(createResponse(bench.core.lastRequest('INVITE'), 180, { toTag: 'c' }), bench.core);
    bench.receive(cancelOf(out, [ELSEWHERE]), alice.hop);
    expect(bench.core.lastRequest('CANCEL').headers.get('Reason')).toBe(ELSEWHERE);
    const Route = bench.registerAt(alice).headers.get('Path') ?? '';
    const incoming = bench.fromCore('INVITE', alice.wic.contactUri, { Route });
    bench.receive(createResponse(alice.hop.lastRequest('INVITE'), 180, { toTag: 'a' }), alice.hop);
    bench.receive(cancelOf(incoming, [ELSEWHERE]), bench.core);
    expect(alice.hop.lastRequest('CANCEL').headers.get('Reason')).toBe(ELSEWHERE);
  });
});

describe('the 200 to a CANCEL has the To tag of the answers to its INVITE (RFC 3261 §9.2)', () => {
  it('of the callee that has been heard of last', () => {
    const { bench, alice, invite } = ringing();
    bench.receive(cancelOf(invite), alice.hop);
    expect([alice.hop.lastResponse().status, tagOf(alice.hop.lastResponse())]).toEqual([200, 'd1']);
  });

  it('of the edge, whose 487 follows, when no callee has been heard of', () => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    bench.handle = () => undefined;
    const invite = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(invite, alice.hop);
    bench.receive(cancelOf(invite), alice.hop);
    const [, ok, terminated] = alice.hop.sent as SipResponse[];
    expect([ok?.status, terminated?.status]).toEqual([200, 487]);
    expect(tagOf(ok!)).toBe(tagOf(terminated!));
  });
});

describe('of two devices of bob, one answers', () => {
  it.each([486, 500, 415])(
    '%i, and the other has lost its connection, before or after: the caller hears the answer',
    (status) => {
      const before = ringing();
      before.bench.close(before.devices[0].hop);
      before.answer(1, status);
      const after = ringing();
      after.answer(1, status);
      after.bench.close(after.devices[0].hop);
      expect([before, after].map(({ alice }) => alice.hop.take())).toEqual([[`${status}`], [`${status}`]]);
    },
  );

  it('486, and the other rings until its time is up: the caller hears 486', () => {
    const { bench, alice, answer } = ringing();
    answer(0, 486);
    bench.clock.advance(185_000 + 32_001);
    expect(alice.hop.take()).toEqual(['486']);
  });
});
