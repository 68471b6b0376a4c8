import { existsSync, readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSystemCalls } from '../../src/turn/kernel/system-calls.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { echoPeer } from '../turn/support/turn-lab.ts';
import { BatchProcesses, credentialOf, THREAD_KILLER } from './batch-process.ts';

const PATIENT = { timeout: 10_000 };
const clients: TurnClient[] = [];
let processes: BatchProcesses;

beforeAll(() => {
  if (!existsSync('dist/cli/main.js')) throw new Error('dist/cli/main.js is missing: npm run build');
  processes = new BatchProcesses();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  processes.kill();
});
afterAll(() => {
  processes.remove();
});

async function connect(port: number, user = 'alice'): Promise<TurnClient> {
  const server = { family: 4, address: '127.0.0.1', port } as const;
  const client = await TurnClient.connect({ transport: 'udp', server, ...credentialOf(user) });
  clients.push(client);
  return client;
}

/** What a process holds of the system. */
function held({ pid = 0 }: { readonly pid?: number | undefined }): { descriptors: number; threads: number } {
  const count = (what: string): number => readdirSync(`/proc/${pid}/${what}`).length;
  return { descriptors: count('fd'), threads: count('task') };
}

describe.runIf(loadSystemCalls().ok)('epcscf-turn serve with the data plane batch, from start to end', () => {
  it('holds no descriptor and no thread more when thousands of allocations have come and gone', async () => {
    const { child, started } = processes.serve(0, { settings: ['turn.quota.perUser=100000'] });
    const port = await started;
    const all = await Promise.all(Array.from({ length: 64 }, () => connect(port)));
    const before = held(child);
    await Promise.all(
      all.map(async (client) => {
        for (let i = 0; i < 32; i++) {
          await client.allocate();
          await client.refresh(0);
        }
        await client.allocate();
      }),
    );
    const withAll = { ...before, descriptors: before.descriptors + all.length };
    await expect.poll(() => held(child), PATIENT).toEqual(withAll);
    await Promise.all(all.map((client) => client.refresh(0)));
    await expect.poll(() => held(child), PATIENT).toEqual(before);
  });

  it('tells clients 508 where the system grants no more descriptors, and takes them again when there are some', async () => {
    const { child, started } = processes.serve(0, { openFiles: 150, settings: ['turn.quota.perUser=1000'] });
    const port = await started;
    const outcomes: string[] = [];
    for (let i = 0; i < 160; i++) {
      const client = await connect(port);
      outcomes.push(
        await client.allocate().then(
          () => 'granted',
          (error: unknown) => String(error),
        ),
      );
    }
    const granted = outcomes.lastIndexOf('granted') + 1;
    expect(granted).toBeGreaterThan(50);
    expect(new Set(outcomes.slice(0, granted))).toEqual(new Set(['granted']));
    expect(new Set(outcomes.slice(granted))).toEqual(new Set(['Error: 508 Insufficient Capacity']));
    await clients[0]?.refresh(0);
    await expect
      .poll(
        () =>
          clients
            .at(-1)
            ?.allocate()
            .catch(() => undefined),
        PATIENT,
      )
      .toBeDefined();
    expect(child.exitCode).toBeNull();
  });

  it('serves again at once on its port when it was killed with allocations alive', async () => {
    const first = processes.serve(0);
    const port = await first.started;
    for (let i = 0; i < 5; i++) await (await connect(port)).allocate();
    processes.kill();
    await first.ended;
    expect(await processes.serve(port).started).toBe(port);
    const client = await connect(port);
    expect(await client.allocate()).toMatchObject({ address: '127.0.0.1' });
  });

  it('ends with 1 when a thread dies with allocations alive, and its port and theirs are free for the next start', async () => {
    // On an address of their own: what else is tested meanwhile may have any port of another.
    const ports = ['turn.relay.addresses=[127.0.0.78]', 'turn.relay.ports.min=50000', 'turn.relay.ports.max=50004'];
    const only = [...ports, 'turn.peers.allowPrivate=true'];
    const first = processes.serve(0, { nodeArguments: ['--import', THREAD_KILLER], settings: only });
    const port = await first.started;
    for (let i = 0; i < 5; i++) await (await connect(port)).allocate();
    first.child.send('now');
    expect(await first.ended).toMatchObject({ code: 1 });
    await processes.serve(port, { settings: only }).started;
    const peer = await echoPeer();
    for (let i = 0; i < 5; i++) {
      const client = await connect(port);
      await client.allocate();
      await client.bindChannel(0x4000, peer.address);
      client.sendChannel(0x4000, Buffer.from('again'));
      expect(await client.receive()).toMatchObject([{ data: Buffer.from('again') }]);
    }
  });

  it('SIGTERM: it makes no new allocation, relays for those that are, and ends with 0 after the last', async () => {
    const { child, started, ended } = processes.serve(0, {
      settings: ['turn.drainSec=60', 'turn.peers.allowPrivate=true'],
    });
    const port = await started;
    const [talker, late] = [await connect(port), await connect(port)];
    const peer = await echoPeer();
    await talker.allocate();
    await talker.bindChannel(0x4000, peer.address);
    child.kill('SIGTERM');
    await expect.poll(() => late.allocate().catch(String), PATIENT).toBe('Error: 508 Insufficient Capacity');
    talker.sendChannel(0x4000, Buffer.from('still here'));
    expect(await talker.receive()).toMatchObject([{ data: Buffer.from('still here') }]);
    await talker.refresh(0);
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('SIGINT with allocations alive ends it at once and with 0', async () => {
    const { child, started, ended } = processes.serve(0);
    const port = await started;
    for (let i = 0; i < 5; i++) await (await connect(port)).allocate();
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
  });
});
