import { once } from 'node:events';
import { type UA } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { DOMAIN, homeOf, startIms } from './ims.ts';
import { addressOf, askOptions, connect, createAgent, registered, stopAgents } from './jssip-agents.ts';
import { peer } from './peers.ts';

const kamailio = peer('kamailio');
const CLIENTS = 20;
const TIMEOUT = 90_000;
const PROBE = { intervalSec: 1, timeoutSec: 2, maxBackoffSec: 1 };

afterEach(stopAgents);

interface Failure {
  readonly response: { readonly status_code: number; getHeader(name: string): string } | undefined;
}

/** A refresh that fails, which JsSIP does not try again. */
async function refusal(agent: UA): Promise<Failure['response']> {
  const failed = once(agent, 'registrationFailed') as Promise<[Failure]>;
  agent.register();
  return (await failed)[0].response;
}

describe.skipIf(!kamailio).each(['udp', 'tcp'] as const)('a core that forgets its bindings, by %s', (transport) => {
  it(
    'is killed and started again: all clients are told to come back and can be called, and a call goes on',
    { timeout: TIMEOUT },
    async () => {
      const edge = { core: { probe: PROBE, reregisterWindowSec: 1 } };
      await using ims = await startIms(kamailio!, { transport, edge });
      const closed: unknown[] = [];
      ims.server.on('flow-closed', ({ cause, code }) => closed.push([cause, code]));
      const down = new Promise((resolve) => ims.server.on('core-down', resolve));
      const agents = Array.from({ length: CLIENTS }, (_, i) => createAgent(homeOf(ims), `user${i}`));
      await Promise.all(agents.map(registered));
      const [caller, callee] = agents as [UA, UA];
      const { outgoing, incoming } = await connect(caller, callee);

      await ims.core.kill();
      await down;
      const response = await refusal(agents[2]!);
      expect(response?.status_code).toBe(504);
      expect(Number(response?.getHeader('Retry-After'))).toBeGreaterThan(0);

      const back = agents.map((agent) => once(agent, 'registered'));
      await ims.core.restart();
      await Promise.all(back);
      expect(closed).toEqual(agents.map(() => ['core-outage', 1012]));
      for (const agent of agents.slice(1)) {
        expect((await askOptions(caller, addressOf(agent))).status_code, addressOf(agent)).toBe(200);
      }

      const ended = once(incoming, 'ended');
      outgoing.terminate();
      await ended;
    },
  );

  it('is left alone where the configuration says that it forgets nothing', { timeout: TIMEOUT }, async () => {
    const edge = { core: { probe: PROBE, reregisterAfterOutage: false } };
    await using ims = await startIms(kamailio!, { transport, edge });
    const up = new Promise<void>((resolve) => {
      ims.server.on('core-up', ({ downMs }) => {
        if (downMs !== undefined) resolve();
      });
    });
    const down = new Promise((resolve) => ims.server.on('core-down', resolve));
    let isClosed = false;
    ims.server.on('flow-closed', () => (isClosed = true));
    const agent = createAgent(homeOf(ims), 'alice');
    await registered(agent);
    await ims.core.kill();
    await down;
    await ims.core.restart();
    await up;
    expect((await askOptions(agent, `sip:alice@${DOMAIN}`)).status_code).toBe(404);
    expect(isClosed).toBe(false);
  });
});
