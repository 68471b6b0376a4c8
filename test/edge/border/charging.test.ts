import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipHeaders, type SipRequest } from '../../../src/sip/message.ts';
import { parseParams } from '../../../src/sip/params.ts';
import { CoreBench, type Device, uriOf } from '../support/core-bench.ts';

const BOB = 'sip:bob@example.com';

function vector(headers: SipHeaders): ReadonlyMap<string, string | undefined> | undefined {
  const values = headers.getAll('P-Charging-Vector');
  expect(values.length).toBeLessThan(2);
  const params = values.map((value) => parseParams(`;${value}`))[0];
  return params?.ok ? params.value : undefined;
}

function icidOf({ headers }: { readonly headers: SipHeaders }): string | undefined {
  return vector(headers)?.get('icid-value');
}

/** A request of the device within the dialog of this Call-ID, by this Route set. */
function within(bench: CoreBench, device: Device, method: string, dialog: Record<string, string>): SipRequest {
  bench.receive(device.wic.build(method, BOB, BOB, dialog), device.hop);
  return bench.core.lastRequest(method);
}

describe('what a dialog is charged under', () => {
  it('is the same in each request of a client that has begun it, and in its answers to the other side', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const invite = bench.sent(alice, 'INVITE', { Contact: `<${alice.wic.contactUri}>` }, BOB);
    const icid = icidOf(invite);
    expect(invite.headers.get('P-Charging-Vector')).toMatch(
      /^icid-value="[\da-f]{32}";icid-generated-at=192\.0\.2\.7;orig-ioi="example\.com"$/,
    );
    const answer = createResponse(invite, 200, { toTag: 'b' });
    answer.headers.append('P-Charging-Vector', `icid-value="${icid ?? ''}";term-ioi="elsewhere"`);
    bench.receive(answer, bench.core);
    const answered = alice.hop.lastResponse();
    expect(answered.headers.has('P-Charging-Vector')).toBe(false);
    const dialog = {
      To: answered.headers.get('To')!,
      From: answered.headers.get('From')!,
      'Call-ID': answered.headers.get('Call-ID')!,
      Route: answered.headers.getList('Record-Route').reverse().join(', '),
    };
    for (const method of ['INVITE', 'UPDATE', 'INFO', 'BYE']) {
      expect(within(bench, alice, method, dialog).headers.get('P-Charging-Vector')).toBe(
        invite.headers.get('P-Charging-Vector'),
      );
    }
    expect(icidOf(within(bench, alice, 'ACK', dialog))).toBeUndefined();
    // The core says nothing of it in its own requests: the edge knows it all the same.
    const route = answered.headers.getList('Record-Route').join(', ');
    bench.fromCore('UPDATE', alice.wic.contactUri, { ...dialog, To: dialog.From, From: dialog.To, Route: route });
    bench.receive(createResponse(alice.hop.lastRequest('UPDATE'), 200), alice.hop);
    expect(icidOf(bench.core.lastResponse())).toBe(icid);
  });

  it('is another for each call, and not to be told from its Call-ID', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const [a, b] = ['a', 'b'].map((callId) => icidOf(bench.sent(alice, 'INVITE', { 'Call-ID': callId }, BOB)));
    expect(a).not.toBe(b);
    const other = new CoreBench();
    expect(icidOf(other.sent(other.registered('alice'), 'INVITE', { 'Call-ID': 'a' }, BOB))).not.toBe(a);
  });

  it('is another for each request that stands alone, though its Call-ID is the same', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    for (const method of ['MESSAGE', 'PUBLISH', 'OPTIONS']) {
      const icids = [1, 2].map(() => icidOf(bench.sent(alice, method, { 'Call-ID': 'a' }, BOB)));
      expect(new Set(icids).size).toBe(2);
      expect(icids).not.toContain(undefined);
    }
  });

  it.each([
    ['icid-value="core;1";icid-generated-at=192.0.2.9;orig-ioi="home.net";transit-ioi="x.1"', 'core;1'],
    ['icid-value=1234bc9876e;icid-generated-at=[2001:db8::1];orig-ioi=home.net', '1234bc9876e'],
  ])('is what the core says of one that it has begun, in all that the called client says: %s', (given, icid) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const atCore = bench.fromCore('INVITE', alice.wic.contactUri, { 'P-Charging-Vector': given, 'Call-ID': 'c' });
    const invite = alice.hop.lastRequest('INVITE');
    expect(invite.headers.has('P-Charging-Vector')).toBe(false);
    expect(invite.headers.getAll('Record-Route').join()).not.toContain(icid);
    for (const status of [180, 200]) {
      const response = createResponse(invite, status, { toTag: 'a' });
      response.headers.append('P-Charging-Vector', 'icid-value=made-up');
      response.headers.append('Contact', `<${alice.wic.contactUri}>`);
      bench.receive(response, alice.hop);
      const params = vector(bench.core.lastResponse().headers);
      const asked = parseParams(`;${given}`);
      expect(asked.ok && [...asked.value].slice(0, 3)).toEqual([...params!].slice(0, 3));
      expect([...params!].slice(3)).toEqual([['term-ioi', 'example.com']]);
    }
    const answer = bench.core.lastResponse();
    const dialog = {
      To: atCore.headers.get('From')!,
      From: answer.headers.get('To')!,
      'Call-ID': 'c',
      Route: answer.headers.getList('Record-Route').join(', '),
    };
    for (const method of ['INVITE', 'INFO', 'BYE']) {
      const request = within(bench, alice, method, dialog);
      expect([...vector(request.headers)!]).toEqual([
        ['icid-value', icid],
        ['orig-ioi', 'example.com'],
      ]);
    }
    const route = invite.headers.getList('Record-Route').join(', ');
    bench.fromCore('INFO', alice.wic.contactUri, {
      ...{ From: atCore.headers.get('From')!, To: answer.headers.get('To')!, 'Call-ID': 'c', Route: route },
    });
    bench.receive(createResponse(alice.hop.lastRequest('INFO'), 200), alice.hop);
    expect([...vector(bench.core.lastResponse().headers)!]).toEqual([
      ['icid-value', icid],
      ['term-ioi', 'example.com'],
    ]);
  });

  it.each(['', 'nonsense', 'icid-value="open', 'orig-ioi=home.net'])(
    'is made by the edge where the core says nothing that can be read: %j',
    (given) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice');
      bench.fromCore('INVITE', alice.wic.contactUri, { 'P-Charging-Vector': given, 'Call-ID': 'c' });
      const invite = alice.hop.lastRequest('INVITE');
      bench.receive(createResponse(invite, 180, { toTag: 'a' }), alice.hop);
      const ringing = bench.core.lastResponse();
      expect([...vector(ringing.headers)!.keys()]).toEqual(['icid-value', 'term-ioi']);
      const dialog = {
        To: invite.headers.get('From')!,
        From: ringing.headers.get('To')!,
        'Call-ID': 'c',
        Route: ringing.headers.getList('Record-Route').join(', '),
      };
      expect(icidOf(within(bench, alice, 'BYE', dialog))).toBe(icidOf(ringing));
    },
  );

  it('is not said in a 100', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    bench.fromCore('INVITE', alice.wic.contactUri, { 'P-Charging-Vector': 'icid-value=1' });
    expect(bench.core.lastResponse().status).toBe(100);
    expect(icidOf(bench.core.lastResponse())).toBeUndefined();
  });
});

describe('the Path of a registration', () => {
  it('is the same at each refresh over its flow, and another over the next one', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const paths = [1, 2].map(() => uriOf(bench.registerAt(alice).headers.get('Path')!));
    expect(paths[0]).toBe(paths[1]);
    alice.hop = bench.addHop();
    expect(uriOf(bench.registerAt(alice).headers.get('Path')!)).not.toBe(paths[0]);
  });
});
