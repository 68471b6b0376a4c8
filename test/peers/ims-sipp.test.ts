import { once } from 'node:events';
import { type UA } from 'jssip';
import { Inviter, SessionState, UserAgent } from 'sip.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AgentHome } from './agent-home.ts';
import {
  answer,
  call,
  createAgent,
  failure,
  incomingSession,
  registered,
  renegotiate,
  type Session,
  stopAgents,
  waitUntil,
} from './jssip-agents.ts';
import { peer } from './peers.ts';
import { Agents, reaches, register } from './sipjs-agents.ts';
import { DOMAIN, type SippCore, type SippRun, startSippCore } from './sipp.ts';

const sipp = peer('sipp');
const CALLEE = `sip:sipp@${DOMAIN}`;

afterEach(stopAgents);

/** Which device each request of a method was sent to that SIPp has heard: the start of its To tag. */
function devicesIn(log: string, method: string): string[] {
  return [
    ...log.matchAll(new RegExp(`received \\[\\d+\\] bytes :\\s+${method} [^]*?\\nTo: [^\\n]*;tag=(\\w)`, 'g')),
  ].map(([, device = '']) => device);
}

describe.skipIf(!sipp)('JsSIP with SIPp behind the edge', () => {
  let core: SippCore;
  let users = 0;

  beforeAll(async () => {
    core = await startSippCore(sipp!);
  });

  afterEach(() => {
    core.end();
  });

  afterAll(() => core[Symbol.asyncDispose]());

  const home = (): AgentHome => ({ url: core.url, domain: DOMAIN, passwordOf: () => 'anything' });

  /** A call by SIP.js; `progress` resolves with its first provisional response but 100. */
  async function sipJsCall(agents: Agents): Promise<{ outgoing: Inviter; progress: Promise<void> }> {
    const alice = await agents.create(`alice${++users}`);
    await register(alice);
    const outgoing = new Inviter(alice.userAgent, UserAgent.makeURI(CALLEE)!);
    const progress = new Promise<void>((resolve) => {
      void outgoing.invite({
        requestDelegate: {
          onProgress: () => {
            resolve();
          },
        },
      });
    });
    return { outgoing, progress };
  }

  async function newAgent(): Promise<{ agent: UA; user: string }> {
    const user = `alice${++users}`;
    const agent = createAgent(home(), user);
    await registered(agent);
    return { agent, user };
  }

  async function expectSuccess(done: Promise<SippRun>): Promise<SippRun> {
    const run = await done;
    expect(run, run.log).toMatchObject({ exitCode: 0 });
    return run;
  }

  async function hangUp(session: Session): Promise<void> {
    const ended = once(session, 'ended');
    session.terminate();
    await ended;
  }

  describe('calling', () => {
    it('is answered and hangs up', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee');
      const session = call(agent, CALLEE);
      await once(session, 'confirmed');
      await hangUp(session);
      await expectSuccess(done);
    });

    it('has its INVITE repeated by the edge until it is heard, and acknowledges a 200 again whose ACK was lost', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee-lost');
      const session = call(agent, CALLEE);
      await once(session, 'confirmed');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await hangUp(session);
      const { repeated } = await expectSuccess(done);
      expect(repeated.get('0_INVITE')).toBeGreaterThan(0);
    });

    it('takes one of two devices that answer, and hangs up on the other', async () => {
      await using agents = new Agents(home());
      const { done } = await core.call('callee-forked');
      const { outgoing } = await sipJsCall(agents);
      await reaches(outgoing, SessionState.Established);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await outgoing.bye();
      const { log } = await expectSuccess(done);
      expect(devicesIn(log, 'ACK')).toEqual(['a', 'b']);
      expect(devicesIn(log, 'BYE')).toEqual(['b', 'a']);
    });

    it('hears of the second of two devices that answer, though JsSIP takes it for the first', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee-forked');
      const session = call(agent, CALLEE);
      await once(session, 'confirmed');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await hangUp(session);
      const { log } = await expectSuccess(done);
      expect(devicesIn(log, 'ACK')).toEqual(['a', 'a']);
    });

    it('cancels before anything was heard, which the edge does as soon as it is allowed', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee-cancelled-early');
      const session = call(agent, CALLEE);
      const failed = failure(session);
      await once(session, 'sending');
      setTimeout(() => {
        session.terminate();
      }, 50);
      expect(await failed).toMatchObject({ cause: 'Canceled' });
      await expectSuccess(done);
    });

    it('cancels a call that is answered at the same time, and hangs up on it', async () => {
      await using agents = new Agents(home());
      const { done } = await core.call('callee-crossed');
      const { outgoing, progress } = await sipJsCall(agents);
      await progress;
      await outgoing.cancel();
      await expectSuccess(done);
      expect(outgoing.state).toBe(SessionState.Terminated);
    });

    it('cancels a call that is answered at the same time, of which JsSIP takes no notice until the other side gives up', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee-unheard');
      const session = call(agent, CALLEE);
      const failed = failure(session);
      const answered = new Promise<void>((resolve) => {
        core.server.on('message', ({ method, status, to }) => {
          if (method === 'INVITE' && status === 200 && to === 'wic') resolve();
        });
      });
      await once(session, 'progress');
      session.terminate();
      expect(await failed).toMatchObject({ cause: 'Canceled' });
      await answered;
      await expectSuccess(done);
    });

    it('offers anew at the same time as the other side, and again after 491', async () => {
      const { agent } = await newAgent();
      const { done } = await core.call('callee-glare');
      const session = call(agent, CALLEE);
      await once(session, 'confirmed');
      await renegotiate(session);
      await hangUp(session);
      await expectSuccess(done);
    });
  });

  describe('called', () => {
    it.each([
      ['caller', 'answers, and is hung up on'],
      ['caller-repeated', 'hears an INVITE once that came twice, and repeats its 200 until the ACK is there'],
      ['caller-cancels-late', 'goes on when a CANCEL comes after its answer, until it is hung up on'],
    ])('%s: %s', async (scenario) => {
      const { agent, user } = await newAgent();
      let calls = 0;
      (agent as NodeJS.EventEmitter).on('newRTCSession', () => (calls += 1));
      const invited = incomingSession(agent);
      const { done } = await core.call(scenario, core.bindingOf(user));
      const { session } = await invited;
      await new Promise((resolve) => setTimeout(resolve, 300));
      const ended = once(session, 'ended') as Promise<[{ originator: string; cause: string }]>;
      answer(session);
      await expectSuccess(done);
      expect((await ended)[0]).toMatchObject({ originator: 'remote', cause: 'Terminated' });
      expect(calls).toBe(1);
    });

    it('rings until the call is cancelled', async () => {
      const { agent, user } = await newAgent();
      const invited = incomingSession(agent);
      const { done } = await core.call('caller-cancels', core.bindingOf(user));
      expect(await failure((await invited).session)).toMatchObject({ originator: 'remote', cause: 'Canceled' });
      await expectSuccess(done);
    });
  });

  // RFC 3261 §17.1.1.2: over UDP a refused INVITE is remembered for 32 s.
  it('leaves no transaction behind', { timeout: 60_000 }, async () => {
    await waitUntil(() => core.server.snapshot().stats.edge?.transactions === 0, 55_000);
  });
});
