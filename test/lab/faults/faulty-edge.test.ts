import { describe, expect, it } from 'vitest';
import { type EdgeWrap } from '../../../src/edge/edge-wrap.ts';
import { FaultyOutbound } from '../../../src/lab/faults/faulty-outbound.ts';
import { FaultyRequests } from '../../../src/lab/faults/faulty-requests.ts';
import { type DeliveryVerdict, type RequestVerdict, type SipJudge } from '../../../src/lab/faults/sip-verdicts.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { createAck } from '../../../src/sip/hop-requests.ts';
import { type SipMessage, type SipRequest } from '../../../src/sip/message.ts';
import { edgeOptions } from '../../edge/support/edge-options.ts';
import { startEdge } from '../../edge/support/edge-server.ts';
import { type FakeHop } from '../../edge/support/fake-hop.ts';
import { ProxyBench } from '../../edge/support/proxy-bench.ts';
import { Wic, type WicMessages } from '../../edge/support/wic.ts';

const BOB = 'sip:bob@example.com';

/** Lets everything pass until a test says otherwise, and keeps what it heard: `alice INVITE`, `alice 200 INVITE`. */
class TestJudge implements SipJudge {
  readonly requests: string[] = [];
  readonly deliveries: string[] = [];
  onRequest: (request: SipRequest) => RequestVerdict | undefined = () => undefined;
  onDelivery: (message: SipMessage) => DeliveryVerdict | undefined = () => undefined;

  request(request: SipRequest): RequestVerdict | undefined {
    this.requests.push(request.method);
    return this.onRequest(request);
  }

  delivery(message: SipMessage): DeliveryVerdict | undefined {
    this.deliveries.push(message.kind === 'request' ? message.method : String(message.status));
    return this.onDelivery(message);
  }

  readonly wrap: EdgeWrap;
  outbound: FaultyOutbound | undefined;

  constructor(maxDelayed: number) {
    this.wrap = {
      requests: (handler) => new FaultyRequests(handler, this),
      outbound: (direct, ports) => (this.outbound = new FaultyOutbound(direct, this, maxDelayed, ports)),
    };
  }

  forget(): void {
    this.requests.length = 0;
    this.deliveries.length = 0;
  }
}

interface Party {
  readonly wic: WicMessages;
  readonly hop: FakeHop;
}

function scene(options = edgeOptions()): { bench: ProxyBench; judge: TestJudge; alice: Party; bob: Party } {
  const judge = new TestJudge(options.limits.transactions);
  const bench = new ProxyBench(options, judge.wrap);
  const alice = bench.register('alice');
  const bob = bench.register('bob');
  bench.routeTo(bob);
  judge.forget();
  return { bench, judge, alice, bob };
}

const answer503: TestJudge['onRequest'] = (request) => ({ kind: 'answer', response: createResponse(request, 503) });

describe('a judge of requests', () => {
  it('hears of each request of a WIC once, and of no ACK and nothing malformed', () => {
    const { bench, judge, alice, bob } = scene();
    const invite = alice.wic.build('INVITE', BOB, BOB, { Contact: `<${alice.wic.contactUri}>` });
    bench.receive(invite, alice.hop);
    bench.receive(invite, alice.hop);
    const malformed = alice.wic.build('MESSAGE', BOB, BOB, { CSeq: 'x' });
    bench.receive(malformed, alice.hop);
    const busy = createResponse(bob.hop.lastRequest('INVITE'), 486, { toTag: 'b' });
    bench.receive(busy, bob.hop);
    bench.receive(createAck(invite, alice.hop.lastResponse()), alice.hop);
    expect(judge.requests).toEqual(['INVITE']);
  });

  it('hears of nothing that a core sends', () => {
    const { bench, judge, alice } = scene();
    const core = bench.addHop({ kind: 'core' });
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), core);
    expect(judge.requests).toEqual([]);
  });

  it('can answer in place of the edge: no transaction stays, and the ACK of an INVITE goes no further', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onRequest = answer503;
    const { size } = bench.layer;
    const invite = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(invite, alice.hop);
    const response = alice.hop.lastResponse();
    expect(alice.hop.take()).toEqual(['503']);
    judge.onRequest = () => undefined;
    bench.receive(createAck(invite, response), alice.hop);
    expect(bob.hop.take()).toEqual([]);
    expect(bench.layer.size).toBe(size);
  });

  it('has its answer traced like any other', () => {
    const { bench, judge, alice } = scene();
    judge.onRequest = answer503;
    const before = bench.events.named('message').length;
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    expect(bench.events.named('message').slice(before)).toMatchObject([
      { from: 'wic', to: 'edge', method: 'MESSAGE' },
      { from: 'edge', to: 'wic', method: 'MESSAGE', status: 503 },
    ]);
  });

  it('can answer a REGISTER of a stranger, who then is not registered', () => {
    const { bench, judge } = scene();
    judge.onRequest = answer503;
    const { hop } = bench.register('carol');
    expect(bench.registrations.of(hop)).toEqual([]);
  });

  it('can drop a request as if it had never come', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onRequest = () => ({ kind: 'drop' });
    const { size } = bench.layer;
    const message = alice.wic.build('MESSAGE', BOB, BOB);
    bench.receive(message, alice.hop);
    expect([alice.hop.take(), bob.hop.take(), bench.layer.size]).toEqual([[], [], size]);
    judge.onRequest = () => undefined;
    bench.receive(message, alice.hop);
    expect(bob.hop.take()).toEqual(['MESSAGE']);
  });

  it('can change header fields before the edge acts on them', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onRequest = ({ headers }) => {
      headers.set('Subject', 'changed');
      return undefined;
    };
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    expect(bob.hop.lastRequest('MESSAGE').headers.get('Subject')).toBe('changed');
  });
});

describe('a judge of deliveries', () => {
  it('hears of all that goes to a WIC, requests and responses, and of nothing that goes to a core', () => {
    const { bench, judge, alice, bob } = scene();
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    bench.receive(createResponse(bob.hop.lastRequest('INVITE'), 180, { toTag: 'b' }), bob.hop);
    expect(judge.deliveries).toEqual(['100', 'INVITE', '180']);
    judge.forget();
    const core = bench.addHop({ kind: 'core' });
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.forward([{ hop: core, uri: request.uri }]);
    };
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    expect(core.take()).toEqual(['MESSAGE']);
    expect(judge.deliveries).toEqual([]);
  });

  it('can lose a message: its sender waits for the answer until the transaction ends', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onDelivery = (message) => (message.kind === 'request' ? { kind: 'drop' } : undefined);
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    expect([alice.hop.take(), bob.hop.take()]).toEqual([['100'], []]);
    bench.clock.advance(32_000);
    expect(alice.hop.take()).toEqual(['408']);
  });

  it('can send a message twice', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onDelivery = () => ({ kind: 'twice' });
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    expect(bob.hop.sent[0]).toBe(bob.hop.sent[1]);
    expect(bob.hop.take()).toEqual(['MESSAGE', 'MESSAGE']);
  });

  it('can delay a message, which is traced when it leaves', () => {
    const { bench, judge, alice, bob } = scene();
    judge.onDelivery = () => ({ kind: 'delay', delayMs: 1500 });
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    const traced = (): number => bench.events.named('message').filter(({ flowId }) => flowId === bob.hop.id).length;
    const before = traced();
    bench.clock.advance(1499);
    expect(bob.hop.take()).toEqual([]);
    bench.clock.advance(1);
    expect(bob.hop.take()).toEqual(['MESSAGE']);
    expect(traced()).toBe(before + 1);
  });

  it('leaves nothing delayed behind when the flow closes', () => {
    const { bench, judge, alice } = scene();
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.respond(createResponse(request, 404));
    };
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    bench.clock.advance(40_000);
    const timers = bench.clock.timers.size;
    judge.onDelivery = () => ({ kind: 'delay', delayMs: 3_600_000 });
    judge.onRequest = answer503;
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    expect(bench.clock.timers.size).toBe(timers + 1);
    bench.close(alice.hop);
    judge.outbound!.flowClosed(alice.hop.id);
    expect(bench.clock.timers.size).toBeLessThanOrEqual(timers);
  });

  it('delays no more messages than there may be transactions, and loses the others', () => {
    const { bench, judge, alice } = scene(edgeOptions({ limits: { transactions: 20 } }));
    judge.onRequest = answer503;
    judge.onDelivery = () => ({ kind: 'delay', delayMs: 100 });
    for (let sent = 0; sent < 50; sent += 1) bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    bench.clock.advance(100);
    expect(alice.hop.take()).toHaveLength(20);
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    bench.clock.advance(100);
    expect(alice.hop.take()).toHaveLength(1);
  });
});

describe('an edge with a judge', () => {
  it('registers a WIC after what the judge did to the first attempt', async () => {
    const judge = new TestJudge(100);
    let refusals = 1;
    judge.onRequest = (request) => (refusals-- > 0 ? answer503(request) : undefined);
    judge.onDelivery = (message) =>
      message.kind === 'response' && message.status === 401 ? { kind: 'delay', delayMs: 20 } : undefined;
    await using server = await startEdge(edgeOptions(), { wrap: judge.wrap });
    const alice = new Wic('alice', await server.connect());
    alice.send(alice.buildRegister());
    await alice.socket.response(503, 'REGISTER');
    await alice.register();
    expect(judge.deliveries).toEqual(['503', '401', '200']);
    expect(server.errors).toEqual([]);
  });
});
