import { expect, it } from 'vitest';
import { type Lab } from '../../src/lab/lab.ts';
import { startLab } from '../../src/lab/start-lab.ts';
import { createServer } from '../../src/server/server.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { TurnClient } from '../turn/support/turn-client.ts';

const alternate = { address: '127.0.0.2', port: 4000 };

it('a drained server sends new clients to its alternates, says so, and takes them again when told', async () => {
  await using lab = await startLab({ config: { turn: { alternateServers: [alternate] } } });
  expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
  expect(lab.server.drainTurn()).toBe(true);
  expect(lab.server.snapshot().stats.turn).toMatchObject({ draining: true });
  expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: false, code: 300 });
  const refused = lab.events('request-refused').at(-1);
  expect(refused).toMatchObject({ cause: 'redirected', user: 'alice' });
  expect(lab.server.resumeTurn()).toBe(true);
  expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
});

it('a restart ends a drain', async () => {
  await using lab = await startLab();
  lab.server.drainTurn();
  await lab.restart();
  expect(lab.server.snapshot().stats.turn).toMatchObject({ draining: false });
});

it('a fault of 300 names the alternate server', async () => {
  await using lab = await startLab({ config: { turn: { alternateServers: [alternate] } } });
  lab.faults.add({ kind: 'turn-answer', code: 300, method: 'Allocate' });
  expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: false, code: 300 });
  const answer = lab.events('turn-message').findLast(({ code }) => code === 300);
  expect(answer).toMatchObject({ text: expect.stringContaining('ALTERNATE-SERVER: 127.0.0.2:4000') as string });
});

it('a server without a TURN server has nothing to drain', async () => {
  const config = { turn: { enabled: false }, edge: { credential: { uris: ['turn:relay.example'] } } };
  const server = await createServer(config, { logger: silentLogger });
  expect([server.drainTurn(), server.resumeTurn()]).toEqual([false, false]);
});

it('turn.redirect without a server to send anybody to is refused at start', async () => {
  await expect(createServer({ turn: { redirect: 'all' } }, { logger: silentLogger })).rejects.toThrow(
    'turn.alternateServers: expected at least one server, because turn.redirect is all',
  );
});

async function holdAllocation(lab: Lab): Promise<TurnClient> {
  const { username, password } = lab.mint('alice');
  const server = lab.addresses.turn.find(({ transport }) => transport === 'udp')!;
  const client = await TurnClient.connect({ transport: 'udp', server, username, password });
  await client.allocate();
  return client;
}

it('a drain of the whole server waits for allocations that exist, and makes no new one', async () => {
  await using lab = await startLab();
  const client = await holdAllocation(lab);
  const drained = lab.server.drain({ turnSec: 3600 });
  await expect.poll(() => lab.server.snapshot().stats.turn, { timeout: 10_000 }).toMatchObject({ draining: true });
  expect(await lab.tryAllocate(lab.mint('bob'))).toMatchObject({ granted: false, code: 508 });
  await client.refresh(0);
  await drained;
  client.close();
  expect(lab.events('draining').at(0)).toMatchObject({ connections: 0, allocations: 1 });
  expect(lab.events('allocation-ended').at(-1)).toMatchObject({ cause: 'deleted-by-client' });
  expect(lab.server.addresses.turn).toEqual([]);
});

it('a drain ends the allocations that are left when their time is up', async () => {
  await using lab = await startLab();
  const client = await holdAllocation(lab);
  await lab.server.drain({ turnSec: 0.2 });
  client.close();
  expect(lab.events('allocation-ended').at(-1)).toMatchObject({ cause: 'stopped' });
});
