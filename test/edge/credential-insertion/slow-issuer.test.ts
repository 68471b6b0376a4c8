import { describe, expect, it } from 'vitest';
import { type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { parseTurnCredential } from '../../sip/received-credential.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge } from '../support/edge-server.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { type RegisterOptions, Wic, WicMessages } from '../support/wic.ts';

const HOME = 'sip:example.com';
const ASK = { headers: { 'TURN-Cred-Req': '' } };

/** A client on one connection of an edge whose issuer answers when it is told to. */
class Bench extends ProxyBench {
  readonly wic = new WicMessages('alice');
  readonly hop: FakeHop = this.addHop();
  readonly #idle = this.pending();

  constructor(options = edgeOptions()) {
    super(options);
    this.issuer.isSlow = true;
  }

  ask(options: RegisterOptions = ASK): SipRequest {
    const request = this.wic.buildRegister(options);
    this.receive(request, this.hop);
    return request;
  }

  options(headers: Record<string, string> = { 'TURN-Cred-Req': '' }): SipRequest {
    const request = this.wic.build('OPTIONS', HOME, HOME, headers);
    this.receive(request, this.hop);
    return request;
  }

  get responses(): SipResponse[] {
    return this.hop.sent.filter((message): message is SipResponse => message.kind === 'response');
  }

  /** CSeq numbers of what was answered, in order. */
  get answered(): number[] {
    return this.responses.map(({ headers }) => Number.parseInt(headers.get('CSeq') ?? '', 10));
  }

  pending(): { timers: number; transactions: number } {
    return { timers: this.clock.timers.size, transactions: this.layer.size };
  }

  get idle(): { timers: number; transactions: number } {
    return this.#idle;
  }
}

describe('a REGISTER whose credential is made later', () => {
  it('is registered at once, and answered with the credential when that is there', () => {
    const bench = new Bench();
    bench.ask();
    expect(bench.responses).toEqual([]);
    expect(bench.registrations.count(bench.hop)).toBe(1);
    bench.clock.advance(3000);
    bench.issuer.answer();
    const [response] = bench.responses;
    expect(response!.status).toBe(200);
    expect(parseTurnCredential(response!.headers)).toMatchObject({ kind: 'credential', name: 'u1', ttlSec: 3597 });
    expect(bench.events.named('credential-issued')).toMatchObject([{ name: 'u1', via: 'REGISTER' }]);
    expect(bench.responses).toHaveLength(1);
  });

  it.each(['denied', 'insecure', 'unsupported', 'unavailable', 'quota'] as const)(
    'is 200 with error=%s when the issuer says so later',
    (failure) => {
      const bench = new Bench();
      bench.issuer.failure = failure;
      bench.ask();
      bench.issuer.answer();
      const [response] = bench.responses;
      expect(response!.status).toBe(200);
      const answer = parseTurnCredential(response!.headers);
      expect(answer).toMatchObject({ kind: 'error', error: failure });
      // What may work again in a while says when to ask.
      const passes = failure === 'unavailable' || failure === 'quota';
      expect(answer && 'retryAfterSec' in answer).toBe(passes);
    },
  );

  it('is 200 with error=unavailable after five seconds, and a credential that comes then is dropped', () => {
    const bench = new Bench();
    bench.ask();
    bench.clock.advance(4999);
    expect(bench.responses).toEqual([]);
    bench.clock.advance(1);
    expect(bench.responses.map(({ status }) => status)).toEqual([200]);
    expect(parseTurnCredential(bench.responses[0]!.headers)).toMatchObject({ kind: 'error', error: 'unavailable' });
    bench.issuer.answer();
    bench.issuer.answer();
    expect(bench.responses).toHaveLength(1);
    expect(bench.events.named('credential-issued')).toEqual([]);
    expect(bench.events.named('credential-refused')).toMatchObject([{ cause: 'unavailable', via: 'REGISTER' }]);
  });

  it('is retransmitted in vain: one issue, one answer', () => {
    const bench = new Bench();
    const request = bench.ask();
    for (let i = 0; i < 5; i++) bench.receive(request, bench.hop);
    expect(bench.issuer.requests).toHaveLength(1);
    bench.issuer.answer();
    expect(bench.responses).toHaveLength(1);
  });

  it('without a wish for one waits for nothing', () => {
    const bench = new Bench();
    bench.ask({});
    expect(bench.responses.map(({ status }) => status)).toEqual([200]);
  });

  it('leaves nothing behind when the client goes away, and what comes then reaches nobody', () => {
    const bench = new Bench();
    bench.ask();
    bench.options();
    bench.close(bench.hop);
    const before = bench.pending();
    expect(before.transactions).toBe(0);
    bench.issuer.answer();
    bench.clock.advance(5000);
    expect(bench.hop.sent).toEqual([]);
    expect(bench.events.named('credential-issued')).toEqual([]);
    expect(bench.events.named('credential-refused')).toEqual([]);
    // What is left is how long the lapsed registration is remembered.
    expect(before.timers).toBeLessThanOrEqual(bench.idle.timers + 1);
  });
});

describe('answers on one connection', () => {
  it('to REGISTERs leave in their order: none overtakes one that waits for its credential', () => {
    const bench = new Bench();
    bench.ask();
    bench.ask({ expires: 0 });
    bench.ask();
    expect(bench.answered).toEqual([]);
    bench.issuer.answer(1);
    expect(bench.answered).toEqual([]);
    bench.issuer.answer(0);
    expect(bench.answered).toEqual([1, 2, 3]);
    bench.ask({});
    expect(bench.answered).toEqual([1, 2, 3, 4]);
  });

  it('to OPTIONS with a wish keep it too, and all of them end by the deadline of the first that is silent', () => {
    const bench = new Bench();
    bench.ask();
    bench.options();
    bench.issuer.answer(1);
    expect(bench.answered).toEqual([]);
    bench.clock.advance(5000);
    expect(bench.answered).toEqual([1, 2]);
    expect(bench.responses.map(({ headers }) => parseTurnCredential(headers)?.kind)).toEqual(['error', 'credential']);
  });

  it('to other requests do not wait', () => {
    const bench = new Bench();
    bench.ask();
    bench.receive(bench.wic.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com'), bench.hop);
    expect(bench.answered).toEqual([2]);
  });

  it('are no business of another connection', () => {
    const bench = new Bench();
    bench.ask();
    const other = { wic: new WicMessages('bob'), hop: bench.addHop() };
    bench.receive(other.wic.buildRegister(), other.hop);
    expect(other.hop.take()).toEqual(['200']);
    bench.close(bench.hop);
    bench.receive(other.wic.buildRegister(ASK), other.hop);
    bench.issuer.answer(1);
    expect(other.hop.take()).toEqual(['200']);
  });
});

describe('OPTIONS whose credential is made later', () => {
  it.each([
    ['a credential', undefined, 200],
    ['a failure', 'denied', 200],
    ['a quota', 'quota', 503],
  ] as const)('is answered when there is %s', (_what, failure, status) => {
    const bench = new Bench();
    bench.ask({});
    bench.issuer.failure = failure;
    bench.options();
    expect(bench.responses).toHaveLength(1);
    bench.issuer.answer();
    expect(bench.responses[1]!.status).toBe(status);
    expect(parseTurnCredential(bench.responses[1]!.headers)).toMatchObject(
      failure === undefined ? { kind: 'credential' } : { kind: 'error', error: failure },
    );
  });

  it('is 200 with error=unavailable after five seconds', () => {
    const bench = new Bench();
    bench.ask({});
    bench.options();
    bench.clock.advance(5000);
    expect(bench.responses[1]!.status).toBe(200);
    expect(parseTurnCredential(bench.responses[1]!.headers)).toMatchObject({ error: 'unavailable' });
  });
});

describe('a flood while an issuer is silent', () => {
  it('is bounded by the transactions of a connection and the rate of a user, and is over by the deadline', () => {
    const bench = new Bench(
      edgeOptions({ credential: { burst: 1000, intervalSec: 1 }, limits: { transactionsPerFlow: 20 } }),
    );
    for (let i = 0; i < 50; i++) bench.ask();
    expect(bench.issuer.requests).toHaveLength(20);
    expect(bench.layer.size).toBe(20);
    bench.clock.advance(5000);
    expect(bench.responses.filter(({ status }) => status === 200)).toHaveLength(20);
    bench.clock.advance(60_000);
    expect(bench.layer.size).toBe(0);
  });
});

describe('an edge over WebSockets whose issuer is slow', () => {
  it('answers when the issuer has, and closes and stops without waiting for it', async () => {
    await using server = await startEdge(edgeOptions());
    server.issuer.isSlow = true;
    const alice = new Wic('alice', await server.connect());
    const registered = alice.register(ASK);
    await expect.poll(() => server.issuer.requests.length).toBe(1);
    expect(alice.socket.frames).toHaveLength(1);
    server.issuer.answer();
    expect(parseTurnCredential((await registered).headers)).toMatchObject({ name: 'u1' });
    const timers = server.edge.snapshot().timers;
    alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': '' }));
    await expect.poll(() => server.issuer.requests.length).toBe(2);
    await alice.socket.close();
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
    expect(server.edge.snapshot().timers).toBeLessThanOrEqual(timers);
    server.issuer.answer();
    expect(server.errors).toEqual([]);
  });
});
