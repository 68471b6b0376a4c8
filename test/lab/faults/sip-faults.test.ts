import { once } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lab } from '../../../src/lab/start-lab.ts';
import { answerCalls, call, registered, registrationFailed } from '../support/jssip-agent.ts';
import { agentsOfLabs } from './agents.ts';

const { openLab, agentOf, register } = agentsOfLabs();

/** JsSIP waits 32 s for an answer; Timer F of RFC 3261 made short. */
const timers = createRequire(import.meta.url)('jssip/lib/Timers') as { TIMER_F: number };
const timerF = timers.TIMER_F;
afterEach(() => {
  timers.TIMER_F = timerF;
});

function kindsFired(lab: Pick<Lab, 'events'>): string[] {
  return lab.events('fault-fired').map(({ kind, user, method }) => `${kind} ${user ?? ''} ${method ?? ''}`);
}

describe('sip-answer', () => {
  it.each([
    [403, 'Rejected', 'Forbidden'],
    [430, 'Unavailable', 'Flow Failed'],
    [480, 'Unavailable', 'Temporarily Unavailable'],
    [486, 'Busy', 'Busy Here'],
    [503, 'SIP Failure Code', 'Service Unavailable'],
    [603, 'Rejected', 'Decline'],
  ])('makes a registration fail with %i', async (status, cause, reason) => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-answer', status, retryAfterSec: 7, method: 'REGISTER' });
    const agent = agentOf(lab, 'alice');
    agent.start();
    const failed = await registrationFailed(agent);
    expect(failed).toMatchObject({ cause, response: { status_code: status, reason_phrase: reason } });
    expect(failed.response?.getHeader('Retry-After')).toBe('7');
    expect(kindsFired(lab)).toEqual(['sip-answer alice REGISTER']);
    expect(lab.events('registered')).toEqual([]);
  });

  it('of 408 is a timeout to JsSIP', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-answer', status: 408 });
    const agent = agentOf(lab, 'alice');
    agent.start();
    expect(await registrationFailed(agent)).toMatchObject({ cause: 'Request Timeout' });
  });

  it('of 423 has the client ask for a longer registration', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-answer', status: 423, method: 'REGISTER', times: 1 });
    await register(lab, 'alice');
    expect(await lab.waitFor('registered')).toMatchObject({ user: 'alice', expiresSec: 180 });
  });

  it('hits one user and not another', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-answer', status: 403, user: 'alice' });
    await register(lab, 'bob');
    const alice = agentOf(lab, 'alice');
    alice.start();
    expect(await registrationFailed(alice)).toMatchObject({ cause: 'Rejected' });
    expect(lab.events('fault-fired').map(({ user }) => user)).toEqual(['alice']);
  });

  it('hits one method and not another, and lets an INVITE that it refused end', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-answer', status: 486, method: 'INVITE', times: 1 });
    const { agent } = await register(lab, 'alice');
    answerCalls((await register(lab, 'bob')).agent);
    const [busy] = (await once(call(agent, lab.users.bob.uri), 'failed')) as [{ cause: string; originator: string }];
    expect(busy).toMatchObject({ cause: 'Busy', originator: 'remote' });
    await once(call(agent, lab.users.bob.uri), 'confirmed');
    expect(kindsFired(lab)).toEqual(['sip-answer alice INVITE']);
  });

  it('is over after its times', async () => {
    const lab = await openLab();
    const fault = lab.faults.add({ kind: 'sip-answer', status: 503, times: 1 });
    const agent = agentOf(lab, 'alice');
    agent.start();
    await registrationFailed(agent);
    expect(fault).toMatchObject({ active: false, fired: 1 });
    agent.register();
    await registered(agent);
    expect(lab.events('fault-ended')).toMatchObject([{ faultId: fault.id, cause: 'times' }]);
  });

  it('is over after its time', async () => {
    const lab = await openLab();
    const fault = lab.faults.add({ kind: 'sip-answer', status: 503, forMs: 300 });
    const agent = agentOf(lab, 'alice');
    await lab.waitFor('fault-ended', ({ faultId, cause }) => faultId === fault.id && cause === 'time');
    agent.start();
    await registered(agent);
    expect(fault.fired).toBe(0);
  });
});

describe('sip-stale-nonce', () => {
  it('costs a client that heeds stale=true one more round trip, each time', async () => {
    const lab = await openLab();
    const fault = lab.faults.add({ kind: 'sip-stale-nonce', user: 'alice' });
    const { agent } = await register(lab, 'alice');
    const statuses = (): (number | undefined)[] => {
      return lab.events('message').flatMap(({ to, status }) => (to === 'wic' && status !== undefined ? [status] : []));
    };
    expect(statuses()).toEqual([401, 401, 200]);
    expect(fault.fired).toBe(1);
    agent.register();
    await lab.waitFor('registered', ({ refresh }) => refresh);
    expect(statuses()).toEqual([401, 401, 200, 401, 401, 200]);
    expect(fault.fired).toBe(2);
    expect(lab.events('authentication-failed')).toEqual([]);
  });
});

describe('sip-wrong-realm', () => {
  it('makes a client prove its password for a realm that is not the one of its user', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'sip-wrong-realm', realm: 'elsewhere.example', times: 1 });
    const agent = agentOf(lab, 'alice');
    agent.start();
    expect(await registrationFailed(agent)).toMatchObject({ cause: 'Authentication Error' });
    await lab.waitFor('authentication-failed', ({ user, cause }) => user === 'alice' && cause === 'wrong-realm');
    expect(lab.events('fault-fired')).toMatchObject([{ user: 'alice', detail: { realm: 'elsewhere.example' } }]);
  });
});

describe('an answer', () => {
  it('that is delayed comes when its time is over', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'answer-delayed', delayMs: 300, method: 'REGISTER', times: 1 });
    const startedMs = performance.now();
    await register(lab, 'alice');
    expect(performance.now() - startedMs).toBeGreaterThan(290);
    expect(kindsFired(lab)).toEqual(['answer-delayed alice REGISTER']);
  });

  it('that is doubled makes no second call of one', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    const bob = await register(lab, 'bob');
    answerCalls(bob.agent);
    lab.faults.add({ kind: 'answer-doubled', user: 'alice', method: 'INVITE' });
    const session = call(agent, lab.users.bob.uri);
    let accepted = 0;
    session.on('accepted', () => (accepted += 1));
    await once(session, 'confirmed');
    const ended = once(session, 'ended');
    session.terminate();
    await ended;
    expect(accepted).toBe(1);
    expect(kindsFired(lab)).toContain('answer-doubled alice INVITE');
    const answers = lab.events('message').filter(({ to, method, status }) => {
      return to === 'wic' && method === 'INVITE' && status === 200;
    });
    expect(answers.length).toBeGreaterThanOrEqual(2);
  });

  it('that is lost leaves a registration to time out', async () => {
    timers.TIMER_F = 300;
    const lab = await openLab();
    lab.faults.add({ kind: 'answer-lost', user: 'alice', method: 'REGISTER', times: 1 });
    const agent = agentOf(lab, 'alice');
    agent.start();
    expect(await registrationFailed(agent)).toMatchObject({ cause: 'Request Timeout', response: null });
    timers.TIMER_F = timerF;
    agent.register();
    await registered(agent);
  });

  it('that is lost once to a call comes again from the callee', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    answerCalls((await register(lab, 'bob')).agent);
    lab.faults.add({ kind: 'answer-lost', method: 'INVITE', times: 1 });
    await once(call(agent, lab.users.bob.uri), 'confirmed');
    expect(kindsFired(lab)).toEqual(['answer-lost alice INVITE']);
  });
});
