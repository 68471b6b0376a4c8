import { describe, expect, it } from 'vitest';
import { edgeLimits } from '../../../src/config/schema/edge-limits.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipMessage } from '../../../src/sip/message.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { Wic } from '../support/wic.ts';

async function registered(server: EdgeServer, user: string): Promise<Wic> {
  const wic = new Wic(user, await server.connect());
  await wic.register();
  return wic;
}

/** The clock stands: what is spent does not come back. */
const BURST = 20;
const options = edgeOptions({ limits: { messageBurst: BURST, messagesPerSec: 0.001 } });

describe('a client that answers', () => {
  it('all that it is asked stays connected, however much others ask', async () => {
    await using server = await startEdge(options, { clock: new FakeClock() });
    const alice = await registered(server, 'alice');
    for (let i = 0; i < 5; i++) {
      const bob = await registered(server, 'bob');
      for (let n = 0; n < 8; n++) {
        const invite = bob.invite(alice.aor);
        const incoming = await alice.socket.request('INVITE');
        for (const status of [100, 180, 486]) alice.reply(incoming, status);
        await bob.socket.response(486);
        bob.send(bob.build('ACK', alice.aor, alice.aor, { Via: invite.headers.get('Via') ?? '' }));
      }
    }
    // 120 answers, and as many tokens left as before.
    for (let i = 0; i < BURST - 2; i++) alice.socket.send('\r\n\r\n');
    await expect.poll(() => alice.socket.frames.filter((frame) => frame === '\r\n')).toHaveLength(BURST - 2);
    expect(server.events.named('limited')).toEqual([]);
  });

  it('nothing that it was asked pays for each, and is closed', async () => {
    await using server = await startEdge(options, { clock: new FakeClock() });
    const alice = await registered(server, 'alice');
    const stray = createResponse(alice.build('INVITE', alice.aor, alice.aor), 180, { toTag: 'x' });
    for (let i = 0; i < BURST; i++) alice.send(stray);
    expect(await alice.socket.closed).toBe(1008);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'message-rate' }]);
  });
});

describe('what a message costs its sender', () => {
  const asked = (bench: ProxyBench, message: SipMessage, hop: FakeHop): boolean =>
    bench.proxy.receive(formatSipMessage(message), hop);

  function ringing() {
    const bench = new ProxyBench();
    const [alice, bob] = [bench.register('alice'), bench.register('bob')];
    bench.routeTo(bob);
    const invite = alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor, { Contact: `<${alice.wic.contactUri}>` });
    expect(asked(bench, invite, alice.hop)).toBe(false);
    return { bench, alice, bob, invite, received: bob.hop.lastRequest('INVITE') };
  }

  it('is nothing for an answer, until one request has had more than its share of them', () => {
    const { bench, bob, received } = ringing();
    const answers = Array.from({ length: 40 }, () =>
      asked(bench, createResponse(received, 180, { toTag: 'b' }), bob.hop),
    );
    expect(answers.lastIndexOf(true)).toBe(31);
    expect(answers.indexOf(false)).toBe(32);
  });

  it('counts long answers for more', () => {
    const { bench, bob, received } = ringing();
    const long = createResponse(received, 183, { toTag: 'b' });
    long.body = Buffer.alloc(60_000, 'x');
    const answers = [0, 1, 2].map(() => asked(bench, long, bob.hop));
    expect(answers).toEqual([true, true, false]);
  });

  it('is nothing for the ACK of each final answer, repeated ones too, and is paid for every other ACK', () => {
    const { bench, alice, bob, invite, received } = ringing();
    const ok = createResponse(received, 200, { toTag: 'b' });
    ok.headers.append('Contact', `<${bob.wic.contactUri}>`);
    const ack = () =>
      alice.wic.build('ACK', bob.wic.contactUri, bob.wic.aor, {
        From: invite.headers.get('From') ?? '',
        To: ok.headers.get('To') ?? '',
        'Call-ID': invite.headers.get('Call-ID') ?? '',
        Route: received.headers.getList('Record-Route').reverse().join(', '),
      });
    expect(asked(bench, ack(), alice.hop)).toBe(false);
    for (let i = 0; i < 11; i++) {
      asked(bench, ok, bob.hop);
      expect(asked(bench, ack(), alice.hop)).toBe(true);
    }
    const more = Array.from({ length: 100 }, () => asked(bench, ack(), alice.hop));
    expect(more.filter(Boolean).length).toBeLessThan(50);
    expect(more.at(-1)).toBe(false);
  });

  it.each([
    ['an ACK', 'ACK'],
    ['a CANCEL of nothing', 'CANCEL'],
    ['an answer', 'response'],
  ])('is paid by its address too for %s that nobody waits for', (_what, kind) => {
    const limits = { messageBurstPerAddress: 10, messagesPerSecPerAddress: 0.001 };
    const bench = new ProxyBench(edgeOptions({ limits }));
    const { wic, hop } = bench.register('alice');
    const strangers = Array.from({ length: 12 }, () => bench.addHop());
    for (const stranger of strangers) {
      const request = wic.build(kind === 'response' ? 'MESSAGE' : kind, wic.aor, wic.aor);
      bench.receive(kind === 'response' ? createResponse(request, 200) : request, stranger);
    }
    expect(bench.events.named('limited')).toContainEqual(expect.objectContaining({ cause: 'address-message-rate' }));
    bench.receive(wic.build('MESSAGE', wic.aor, wic.aor), hop);
    expect(hop.take()).toEqual(['503']);
  });

  it('is nothing for the CANCEL of an INVITE', () => {
    const bench = new ProxyBench(
      edgeOptions({ limits: { messageBurstPerAddress: 3, messagesPerSecPerAddress: 0.001 } }),
    );
    const [alice, bob] = [bench.register('alice'), bench.register('bob')];
    bench.routeTo(bob);
    const invite = alice.wic.build('INVITE', bob.wic.aor, bob.wic.aor);
    bench.receive(invite, alice.hop);
    bench.receive(alice.wic.build('CANCEL', bob.wic.aor, bob.wic.aor, { Via: invite.headers.get('Via')! }), alice.hop);
    expect(alice.hop.take()).toContain('200');
  });

  it('is one token of the connection and of its address for each 4 KB begun', () => {
    const limits = { messageBurstPerAddress: 10, messagesPerSecPerAddress: 0.001 };
    const bench = new ProxyBench(edgeOptions({ limits }));
    const { wic, hop } = bench.register('alice');
    const message = wic.build('MESSAGE', wic.aor, wic.aor, {}, 'x'.repeat(20_000));
    bench.routeTo({ wic, hop });
    bench.receive(message, hop);
    expect(hop.take()).toEqual(['MESSAGE']);
    bench.receive(wic.build('MESSAGE', wic.aor, wic.aor, {}, 'x'.repeat(20_000)), hop);
    expect(hop.take()).toEqual(['503']);
    bench.receive(wic.build('MESSAGE', wic.aor, wic.aor), hop);
    expect(hop.take()).toEqual(['MESSAGE']);
  });
});

it('a console that subscribes to 150 lamps at once is served, and stays when all of them report, with the limits as they are by default', () => {
  const bench = new ProxyBench(edgeOptions({ limits: edgeLimits.parse({}) }));
  const { wic, hop } = bench.register('console');
  const core = bench.addHop({ kind: 'core' });
  bench.handle = (request, _essentials, _hop, outcome) => {
    outcome.forward([{ hop: core, uri: request.uri }]);
  };
  const lamps = Array.from({ length: 150 }, (_, i) => `sip:lamp${i}@example.com`);
  for (const lamp of lamps) {
    bench.receive(wic.build('SUBSCRIBE', lamp, lamp, { Contact: `<${wic.contactUri}>`, Event: 'dialog' }), hop);
  }
  expect([core.take().length, hop.take()]).toEqual([150, []]);
  for (const lamp of lamps) {
    bench.receive(wic.build('NOTIFY', wic.contactUri, wic.aor, { From: `<${lamp}>;tag=1` }), core);
  }
  const notified = hop.sent.filter((message) => message.kind === 'request');
  expect(notified).toHaveLength(150);
  const free = notified.map((request) => bench.proxy.receive(formatSipMessage(createResponse(request, 200)), hop));
  expect(new Set(free)).toEqual(new Set([true]));
});
