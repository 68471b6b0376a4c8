import { once } from 'node:events';
import { type UA } from 'jssip';
import { describe, expect, it } from 'vitest';
import { answerCalls, call, registered } from '../support/jssip-agent.ts';
import { agentsOfLabs } from './agents.ts';

const { openLab, register } = agentsOfLabs();

async function disconnected(agent: UA): Promise<{ error: boolean; code: number }> {
  const [event] = (await once(agent, 'disconnected')) as [{ error: boolean; code: number }];
  return event;
}

describe('flow-closed', () => {
  it('closes the WebSocket of one user with its code; the client comes back, the other notices nothing', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    await register(lab, 'bob');
    const gone = disconnected(agent);
    const back = registered(agent);
    const fault = lab.faults.add({ kind: 'flow-closed', code: 4000, user: 'alice' });
    expect(fault).toMatchObject({ fired: 1, active: false });
    expect(await gone).toMatchObject({ code: 4000 });
    await back;
    expect(lab.events('flow-closed')).toMatchObject([{ user: 'alice', cause: 'operator', code: 4000 }]);
    expect(lab.events('fault-fired')).toMatchObject([{ user: 'alice', detail: { code: 4000 } }]);
  });

  it('closes those of all with 1012 unless told otherwise', async () => {
    const lab = await openLab();
    const agents = [(await register(lab, 'alice')).agent, (await register(lab, 'bob')).agent];
    const gone = agents.map(disconnected);
    expect(lab.faults.add({ kind: 'flow-closed' }).fired).toBe(2);
    expect(await Promise.all(gone)).toMatchObject([{ code: 1012 }, { code: 1012 }]);
  });

  it('waits for a request of its method, which is lost with the WebSocket', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    answerCalls((await register(lab, 'bob')).agent);
    const fault = lab.faults.add({ kind: 'flow-closed', code: 1011, method: 'INVITE', times: 1 });
    expect(fault).toMatchObject({ fired: 0, active: true });
    const gone = disconnected(agent);
    const back = registered(agent);
    const failed = once(call(agent, lab.users.bob.uri), 'failed') as Promise<[{ originator: string }]>;
    expect(await gone).toMatchObject({ code: 1011 });
    expect((await failed)[0]).toMatchObject({ originator: 'local' });
    expect(lab.events('fault-fired')).toMatchObject([{ user: 'alice', method: 'INVITE' }]);
    const reached = lab.events('message').filter(({ method, to }) => method === 'INVITE' && to === 'core');
    expect(reached).toEqual([]);
    await back;
    await once(call(agent, lab.users.bob.uri), 'confirmed');
  });
});

describe('flow-cut', () => {
  it('ends the WebSocket without a close frame, which a client sees as 1006', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    const gone = disconnected(agent);
    const back = registered(agent);
    lab.faults.add({ kind: 'flow-cut', user: 'alice' });
    expect(await gone).toMatchObject({ error: true, code: 1006 });
    await back;
    expect(lab.events('flow-closed')).toMatchObject([{ user: 'alice', cause: 'operator', code: 1006 }]);
  });

  it('comes in the middle of a registration', async () => {
    const lab = await openLab();
    const fault = lab.faults.add({ kind: 'flow-cut', method: 'REGISTER', times: 1 });
    await register(lab, 'alice');
    expect(fault.fired).toBe(1);
    expect(lab.events('flow-opened')).toHaveLength(2);
  });
});
