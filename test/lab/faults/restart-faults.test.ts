import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startLab } from '../../../src/lab/start-lab.ts';
import { TurnClient } from '../../turn/support/turn-client.ts';
import { registered } from '../support/jssip-agent.ts';
import { agentsOfLabs } from './agents.ts';

const { openLab, register } = agentsOfLabs();

it('a server that restarts sends its clients away with 1012, and takes them again on the same ports', async () => {
  const lab = await openLab();
  const { agent } = await register(lab, 'alice');
  const credential = lab.credentialOf('alice');
  const { addresses } = lab;
  const server = lab.addresses.turn.find(({ transport }) => transport === 'tcp')!;
  const client = await TurnClient.connect({ transport: 'tcp', server, ...credential });
  await client.allocate();
  const gone = once(agent, 'disconnected') as Promise<[{ code: number }]>;
  const fault = lab.faults.add({ kind: 'server-restart', downMs: 200 });
  expect(fault).toMatchObject({ fired: 1, active: false });
  expect((await gone)[0].code).toBe(1012);
  await client.closed;
  await lab.waitFor('allocation-ended', ({ user, cause }) => user === 'alice' && cause === 'stopped');
  await registered(agent);
  expect(await lab.waitFor('server-restarted')).toMatchObject({ downMs: 200 });
  expect(lab.addresses).toEqual(addresses);
  expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true });
  expect(lab.events('fault-fired')).toMatchObject([{ kind: 'server-restart', detail: { downMs: 200 } }]);
});

it('a lab restarts when it is told to, and can be stopped meanwhile', async () => {
  const lab = await startLab();
  await lab.restart();
  expect(lab.events('server-restarted')).toMatchObject([{ downMs: 0 }]);
  expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
  lab.faults.add({ kind: 'server-restart' });
  const restarting = lab.restart({ downMs: 60_000 });
  await Promise.all([lab.stop(), expect(restarting).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' })]);
});
