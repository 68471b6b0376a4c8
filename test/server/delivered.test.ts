import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { registeredWic, type RegisteredWic, WIC_HOME } from './support/registered-wic.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(config: ConfigInput = {}): Promise<Server> {
  const server = await createServer(
    {
      ...WIC_HOME,
      turn: {
        listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
        relay: { addresses: ['127.0.0.1'] },
      },
      ...config,
      credentials: { approach: 'delivered', ...config.credentials },
    },
    { logger: silentLogger, state: new MemoryState() },
  );
  await server.start();
  closers.push(() => server.stop());
  return server;
}

async function allocate(server: Server, { username, password }: { username: string; password: string }) {
  const client = await TurnClient.connect({ transport: 'udp', server: server.addresses.turn[0]!, username, password });
  closers.push(() => {
    client.close();
  });
  return client.allocate();
}

async function registered(server: Server): Promise<RegisteredWic> {
  const wic = await registeredWic(server);
  closers.push(() => wic.close());
  return wic;
}

describe('approach 2 in one process', () => {
  it('gives a client a random credential with its REGISTER, which the TURN server honours', async () => {
    const server = await started();
    const { credential } = await registered(server);
    expect(credential.username).toMatch(/^[\w-]{24}$/);
    await allocate(server, credential);
    expect(server.sessions()).toMatchObject([{ user: credential.username, keyId: 'delivered' }]);
  });

  it('honours it no more once the client has de-registered', async () => {
    const server = await started();
    const wic = await registered(server);
    await wic.deregister();
    await expect(allocate(server, wic.credential)).rejects.toThrow(/401/);
  });

  it('honours no credential of a Km that was made up here', async () => {
    const server = await started();
    const other = await started({ credentials: { approach: 'shared-key', secret: 'km-of-another-machine' } });
    const { credential } = await registered(other);
    await expect(allocate(server, credential)).rejects.toThrow(/401/);
  });

  it('honours the credentials of a Km that is configured beside it', async () => {
    const secret = 'km-of-the-whole-fleet';
    const server = await started({ credentials: { secret } });
    const other = await started({ credentials: { approach: 'shared-key', secret } });
    const { credential } = await registered(other);
    await allocate(server, credential);
    expect(server.sessions()).toHaveLength(1);
  });

  it('counts a user once over all credentials', async () => {
    const server = await started({
      turn: {
        listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
        relay: { addresses: ['127.0.0.1'] },
        quota: { perUser: 2 },
      },
    });
    const [phone, laptop] = [await registered(server), await registered(server)];
    await allocate(server, phone.credential);
    await allocate(server, laptop.credential);
    await phone.refresh();
    await expect(allocate(server, phone.credential)).rejects.toThrow(/486/);
    expect(server.users()).toHaveLength(2);
  });
});
