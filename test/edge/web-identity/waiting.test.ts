import { beforeEach, describe, expect, it } from 'vitest';
import { type WebAnswer, type WebRequest } from '../../../src/edge/web-identity/web-fetch.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { WicMessages } from '../support/wic.ts';
import { Waf, webIdentity } from './waf.ts';

/** A question to the authorization server that waits for its answer. */
interface Question {
  readonly request: WebRequest;
  answer(answer: Partial<WebAnswer>): Promise<void>;
  fail(): Promise<void>;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('a request whose token has to be checked elsewhere', () => {
  let bench: ProxyBench;
  let waf: Waf;
  let questions: Question[];
  let wic: WicMessages;
  let hop: FakeHop;

  beforeEach(async () => {
    questions = [];
    bench = new ProxyBench(edgeOptions({ webIdentity: webIdentity() }));
    waf = new Waf('example.com', () => Math.floor(bench.clock.now().unixMs / 1000));
    await waf.addKey('k1');
    bench.webFetch = (request) =>
      new Promise((resolve, reject) => {
        questions.push({
          request,
          answer: async (answer) => {
            resolve({ status: 200, body: '', ...answer });
            await settled();
          },
          fail: async () => {
            reject(new Error('away'));
            await settled();
          },
        });
      });
    wic = new WicMessages('alice');
    hop = bench.addHop();
  });

  const keySet = async (): Promise<string> => JSON.stringify(await waf.keySet());
  const bearer = async (user = 'alice', lifetimeSec = 600) => ({
    Authorization: `Bearer ${await waf.token(user, { lifetimeSec })}`,
  });

  it('waits, and what the client repeats meanwhile asks nobody again', async () => {
    const register = wic.buildRegister({ headers: await bearer() });
    bench.receive(register, hop);
    bench.receive(register, hop);
    expect([hop.take(), questions.length]).toEqual([[], 1]);
    await questions[0]!.answer({ body: await keySet() });
    expect(hop.take()).toEqual(['200']);
    expect(bench.registrations.size).toBe(1);
  });

  it('is followed by what the client has sent meanwhile, in the order in which it came', async () => {
    const headers = await bearer();
    bench.receive(wic.buildRegister({ headers }), hop);
    bench.receive(wic.buildRegister({ headers, expires: 300 }), hop);
    bench.receive(wic.buildRegister(), hop);
    await questions[0]!.answer({ body: await keySet() });
    expect(hop.sent.map((message) => message.headers.get('CSeq'))).toEqual(['1 REGISTER', '2 REGISTER', '3 REGISTER']);
    // The third shows no token, which was in order before the first had bound the flow.
    expect(hop.take()).toEqual(['200', '200', '401']);
    expect(questions).toHaveLength(1);
  });

  it('is answered 503 with Retry-After if nobody answers within five seconds, and a late answer changes nothing', async () => {
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    bench.clock.advance(4999);
    expect(hop.take()).toEqual([]);
    bench.clock.advance(1);
    expect([hop.lastResponse().status, hop.lastResponse().headers.get('Retry-After')]).toEqual([503, '5']);
    hop.take();
    await questions[0]!.answer({ body: await keySet() });
    expect([hop.take(), bench.registrations.size]).toEqual([[], 0]);
    expect(bench.events.named('authentication-failed').map(({ cause }) => cause)).toEqual(['issuer-unavailable']);
    expect(bench.clock.timers.size).toBeLessThanOrEqual(1);
  });

  it.each<[string, Partial<WebAnswer>]>([
    ['an error', { status: 500 }],
    ['no JSON', { body: '{' }],
    ['no key set', { body: '{"keys":1}' }],
  ])('is answered 503 if the issuer answers with %s', async (_what, answer) => {
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    await questions[0]!.answer(answer);
    expect(hop.take()).toEqual(['503']);
  });

  it('is answered 503 if the issuer is away, which is then left alone for a while', async () => {
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    await questions[0]!.fail();
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    expect([hop.take(), questions.length]).toEqual([['503', '503'], 1]);
    bench.clock.advance(10_000);
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    await questions[1]!.answer({ body: await keySet() });
    expect(hop.take()).toEqual(['200']);
  });

  it('is forgotten with its connection', async () => {
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    bench.close(hop);
    await questions[0]!.answer({ body: await keySet() });
    bench.clock.advance(40_000);
    expect([hop.take(), bench.registrations.size, bench.layer.size, bench.clock.timers.size]).toEqual([[], 0, 0, 0]);
  });

  it('is called off by CANCEL before it has gone anywhere', async () => {
    const first = await bearer('alice', 1000);
    bench.receive(wic.buildRegister({ headers: first }), hop);
    await questions[0]!.answer({ body: await keySet() });
    bench.clock.advance(400_000);
    const invite = wic.build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com', await bearer());
    bench.receive(invite, hop);
    hop.take();
    expect(questions).toHaveLength(2);
    const cancel = { ...invite, method: 'CANCEL', headers: invite.headers.clone() };
    cancel.headers.set('CSeq', invite.headers.get('CSeq')!.replace('INVITE', 'CANCEL'));
    cancel.headers.remove('Authorization');
    bench.receive(cancel, hop);
    expect(hop.take()).toEqual(['200', '487']);
    await questions[1]!.answer({ body: await keySet() });
    expect(hop.take()).toEqual([]);
  });

  it('needs keys no older than an hour, and uses those of before while the issuer is away', async () => {
    const other = { wic: new WicMessages('bob'), hop: bench.addHop() };
    bench.receive(wic.buildRegister({ headers: await bearer() }), hop);
    await questions[0]!.answer({ body: await keySet() });
    bench.clock.advance(301_000);
    bench.receive(other.wic.buildRegister({ headers: await bearer('bob') }), other.hop);
    await questions[1]!.fail();
    expect(other.hop.take()).toEqual(['200']);
    bench.clock.advance(3_600_000);
    bench.receive(other.wic.buildRegister({ headers: await bearer('bob') }), other.hop);
    await questions[2]!.fail();
    expect(other.hop.take()).toEqual(['503']);
  });
});

describe('a registration by a token', () => {
  let bench: ProxyBench;
  let waf: Waf;
  let wic: WicMessages;
  let hop: FakeHop;
  const lifetimeSec = 500;

  beforeEach(async () => {
    bench = new ProxyBench(edgeOptions({ webIdentity: webIdentity() }));
    waf = new Waf('example.com', () => Math.floor(bench.clock.now().unixMs / 1000));
    await waf.addKey('k1');
    bench.webFetch = async () => ({ status: 200, body: JSON.stringify(await waf.keySet()) });
    // This core grants 600 seconds, whatever it is asked for.
    const { handle } = bench;
    bench.handle = (request, essentials, origin, outcome) => {
      const asked = request.headers.get('Contact')!.replace(/;expires=(?!0)\d+/, ';expires=600');
      const copy = { ...request, headers: request.headers.clone() };
      copy.headers.set('Contact', asked);
      handle(copy, essentials, origin, outcome);
    };
    wic = new WicMessages('alice');
    hop = bench.addHop();
  });

  async function show(method: string, token: string): Promise<string[]> {
    const headers = { Authorization: `Bearer ${token}` };
    const request =
      method === 'REGISTER'
        ? wic.buildRegister({ headers })
        : wic.build(method, 'sip:example.com', 'sip:example.com', headers);
    bench.receive(request, hop);
    await new Promise((resolve) => setImmediate(resolve));
    return hop.take();
  }

  const causes = (): string[] => bench.events.named('unregistered').map(({ cause }) => cause);

  it('ends with its token, though the core has granted more, and is ended at the core', async () => {
    expect(await show('REGISTER', await waf.token('alice', { lifetimeSec }))).toEqual(['200']);
    bench.clock.advance(lifetimeSec * 1000 - 2000);
    expect(causes()).toEqual([]);
    bench.clock.advance(2000);
    expect(causes()).toEqual(['token-expired']);
    expect(bench.deregistered).toMatchObject([
      { address: 'sip:alice@example.com', webLogin: { impi: 'alice@example.com' } },
    ]);
    expect(bench.events.named('registration-ended')).toMatchObject([{ impi: 'alice@example.com', webIdentity: true }]);
  });

  it('goes on with a newer token of the same client, whatever request it came in', async () => {
    const token = await waf.token('alice', { lifetimeSec });
    expect(await show('REGISTER', token)).toEqual(['200']);
    expect(await show('OPTIONS', await waf.token('alice', { lifetimeSec: lifetimeSec + 50 }))).toEqual(['200']);
    bench.clock.advance(lifetimeSec * 1000);
    expect([causes(), await show('OPTIONS', token)]).toEqual([[], ['401']]);
    bench.clock.advance(50_000);
    expect(causes()).toEqual(['token-expired']);
  });

  it('outlives the loss of its WebSocket for the grace that is configured, and no longer', async () => {
    expect(await show('REGISTER', await waf.token('alice', { lifetimeSec }))).toEqual(['200']);
    bench.close(hop);
    bench.clock.advance(29_999);
    expect(bench.events.named('registration-ended')).toEqual([]);
    bench.clock.advance(1);
    expect(bench.events.named('registration-ended')).toHaveLength(1);
    expect(bench.deregistered).toHaveLength(1);
  });

  it('asks the issuer of its credential for no more than the token has left', async () => {
    const headers = { Authorization: `Bearer ${await waf.token('alice', { lifetimeSec })}`, 'TURN-Cred-Req': 'turn' };
    bench.receive(wic.buildRegister({ headers }), hop);
    await new Promise((resolve) => setImmediate(resolve));
    const endSec = Math.floor(bench.clock.now().unixMs / 1000) + lifetimeSec;
    expect(bench.issuer.requests).toMatchObject([{ notAfterSec: endSec }]);
  });

  it('keeps what the core is asked for within its token', async () => {
    let asked: (string | undefined)[] = [];
    const { handle } = bench;
    bench.handle = (request, essentials, origin, outcome) => {
      asked = [request.headers.get('Expires'), /expires=(\d+)/.exec(request.headers.get('Contact')!)?.[1]];
      handle(request, essentials, origin, outcome);
    };
    expect(await show('REGISTER', await waf.token('alice', { lifetimeSec }))).toEqual(['200']);
    expect(asked).toEqual(['500', '500']);
  });
});
