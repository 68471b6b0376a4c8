import { describe, expect, it } from 'vitest';
import { startLab } from '../../src/lab/start-lab.ts';
import { createAgent } from '../lab/support/jssip-agent.ts';
import { redisServer, startRedis, until } from './redis.ts';

describe.skipIf(!redisServer)('credential-store-down in a lab with a real Redis', { timeout: 60_000 }, () => {
  it.each(['shared-key', 'delivered'] as const)(
    'with approach %s does what an outage of Redis does, and everything works again when it has ended',
    async (approach) => {
      await using store = await startRedis();
      await using lab = await startLab({ config: { credentials: { approach }, redis: { servers: [store.url] } } });
      const agent = createAgent(lab, 'alice');
      agent.start();
      await lab.waitFor('credential-issued');
      const met = lab.credentialOf('alice');
      expect(await lab.tryAllocate(met)).toMatchObject({ granted: true });
      const fault = lab.faults.add({ kind: 'credential-store-down' });
      agent.register();
      if (approach === 'delivered') {
        const answer = 'TURN-Cred-Rsp: error=unavailable;retry-after=5';
        await lab.waitFor('message', ({ text = '', to }) => to === 'wic' && text.includes(answer));
        expect(fault.fired).toBeGreaterThan(0);
      } else {
        await lab.waitFor('credential-issued', ({ user }) => user === 'alice', { fresh: true });
      }
      expect(await lab.tryAllocate(met)).toMatchObject({ granted: true });
      // Redis hears of a revocation once it can be reached.
      lab.faults.add({ kind: 'credential-revoked', user: 'alice' });
      expect(await lab.tryAllocate(met)).toMatchObject({ granted: false, code: 401 });
      const revoked = async (): Promise<unknown> => store.cli('ZCARD', 'epcscf-turn/revocations');
      expect(await revoked()).toBe(0);
      fault.clear();
      await until(async () => Number(await revoked()) > 0);
      agent.register();
      await lab.waitFor('credential-issued', ({ user }) => user === 'alice', { fresh: true });
      await until(async () => (await lab.tryAllocate(lab.credentialOf('alice'))).granted);
      agent.stop();
    },
  );
});
