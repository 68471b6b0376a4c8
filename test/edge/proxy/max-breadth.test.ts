import { describe, expect, it } from 'vitest';
import { incomingBreadth, splitBreadth } from '../../../src/edge/proxy/max-breadth.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { SipHeaders, type SipRequest } from '../../../src/sip/message.ts';
import { ProxyBench } from '../support/proxy-bench.ts';

const BOB = 'sip:bob@example.com';

describe('Max-Breadth (RFC 5393 §5.3.3)', () => {
  it.each([
    [undefined, 60],
    ['1', 1],
    ['0', 0],
    ['60', 60],
    ['61', 60],
    ['9'.repeat(400), 60],
    ['-1', 60],
    ['many', 60],
  ])('of %j counts as %i', (text, breadth) => {
    const headers = new SipHeaders();
    if (text !== undefined) headers.append('Max-Breadth', text);
    expect(incomingBreadth(headers)).toBe(breadth);
  });

  it.each([
    [60, 1, [60]],
    [60, 7, [9, 9, 9, 9, 8, 8, 8]],
    [2, 3, [1, 1]],
    [0, 3, []],
    [5, 0, []],
  ])('%i over %i targets is shared as %j, no less than all of it', (breadth, targets, shares) => {
    expect(splitBreadth(breadth, targets)).toEqual(shares);
  });
});

function forked(breadth: string | undefined) {
  const bench = new ProxyBench();
  const alice = bench.register('alice');
  const devices = ['bob', 'bob', 'bob'].map((user) => bench.register(user));
  bench.routeTo(...devices);
  const headers: Record<string, string> = breadth === undefined ? {} : { 'Max-Breadth': breadth };
  const invite = alice.wic.build('INVITE', BOB, BOB, { Contact: `<${alice.wic.contactUri}>`, ...headers });
  bench.receive(invite, alice.hop);
  const answer = (index: number, status: number): void => {
    const { hop } = devices[index]!;
    bench.receive(createResponse(hop.lastRequest('INVITE'), status, { toTag: `d${index}` }), hop);
  };
  const rung = () =>
    devices.map(({ hop }) => (hop.lastRequest('INVITE') as SipRequest | undefined)?.headers.getAll('Max-Breadth'));
  return { bench, alice, devices, invite, answer, rung };
}

describe('an INVITE for three devices', () => {
  it('rings all of them at once, with a share of Max-Breadth each', () => {
    expect(forked(undefined).rung()).toEqual([['20'], ['20'], ['20']]);
    expect(forked('5').rung()).toEqual([['2'], ['2'], ['1']]);
  });

  it('with Max-Breadth 1 rings one after the other', () => {
    const { alice, answer, rung } = forked('1');
    expect(rung()).toEqual([['1'], undefined, undefined]);
    answer(0, 486);
    expect(rung()).toEqual([['1'], ['1'], undefined]);
    answer(1, 480);
    answer(2, 480);
    expect(alice.hop.take()).toEqual(['100', '486']);
  });

  it.each([
    [200, ['100', '200']],
    [603, ['100', '603']],
  ])('with Max-Breadth 1 rings no further after a %i', (status, heard) => {
    const { alice, answer, rung } = forked('1');
    answer(0, status);
    expect(rung()).toEqual([['1'], undefined, undefined]);
    expect(alice.hop.take()).toEqual(heard);
  });

  it('with Max-Breadth 1 rings no further once it is cancelled', () => {
    const { bench, alice, answer, invite, rung } = forked('1');
    answer(0, 180);
    const headers = invite.headers.clone();
    headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
    bench.receive({ ...invite, method: 'CANCEL', headers }, alice.hop);
    answer(0, 487);
    expect(rung()).toEqual([['1'], undefined, undefined]);
    expect(alice.hop.take()).toEqual(['100', '180', '200', '487']);
  });

  it('with Max-Breadth 0 is answered 440', () => {
    const { alice, rung } = forked('0');
    expect(rung()).toEqual([undefined, undefined, undefined]);
    expect(alice.hop.take()).toEqual(['100', '440']);
  });
});

it('a request within a dialog, and its ACK, carry one Max-Breadth each', () => {
  const { bench, alice, devices, answer } = forked('7');
  answer(0, 200);
  const accepted = alice.hop.lastResponse();
  const within = {
    To: accepted.headers.get('To') ?? '',
    From: accepted.headers.get('From') ?? '',
    'Call-ID': accepted.headers.get('Call-ID') ?? '',
    Route: accepted.headers.getList('Record-Route').reverse().join(', '),
  };
  for (const method of ['ACK', 'BYE']) {
    bench.receive(alice.wic.build(method, devices[0]!.wic.contactUri, BOB, within), alice.hop);
    expect(devices[0]!.hop.lastRequest(method).headers.getAll('Max-Breadth')).toEqual(['60']);
  }
});
