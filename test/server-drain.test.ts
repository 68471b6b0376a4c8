import { expect, it } from 'vitest';
import { startLab } from '../src/lab/start-lab.ts';
import { createServer } from '../src/server.ts';
import { silentLogger } from '../src/core/logger.ts';

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
