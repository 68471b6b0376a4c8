import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type TurnServer } from '../../src/turn/turn-server.ts';
import { connectClient, startServer } from './support/turn-lab.ts';
import { type TurnClient } from './support/turn-client.ts';

const ALLOCATIONS = 20_000;
const CLIENTS = 100;
const MEGABYTE = 2 ** 20;
const WAIT_MS = 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Half of them are deleted by their clients, half end by the operator's word. */
async function openAndCloseAll(server: TurnServer, clients: readonly TurnClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.allocate()));
  expect(server.stats()?.allocations).toBe(clients.length);
  await Promise.all(clients.slice(0, clients.length / 2).map((client) => client.refresh(0)));
  server.endAllocationsOf('alice');
  await turn();
}

/** Counts descriptors in /proc. */
const linuxOnly = process.platform === 'linux' ? it : it.skip;

linuxOnly('20,000 allocations opened and closed: descriptors and memory return', { timeout: 400_000 }, async () => {
  const server = await startServer({
    relay: {
      addresses: ['127.0.0.1'],
      externalAddresses: {},
      ports: { min: 20_000, max: 65_535 },
      portQuarantineSec: 60,
    },
    sockets: { listenerBufferBytes: 4_194_304, relayBufferBytes: 0, clockResolutionMs: 20 },
  });
  const clients: TurnClient[] = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(await connectClient(server, { waitMs: WAIT_MS }));
  const rounds = ALLOCATIONS / CLIENTS;
  for (let round = 0; round < rounds / 10; round++) await openAndCloseAll(server, clients);
  const before = { descriptors: descriptors(), heap: heapBytes() };
  for (let round = rounds / 10; round < rounds; round++) await openAndCloseAll(server, clients);

  expect(server.stats()).toMatchObject({
    allocationsCreated: ALLOCATIONS,
    allocationsEnded: ALLOCATIONS,
    allocations: 0,
    users: 0,
    relayPortsTaken: 0,
    timers: 0,
  });
  await expect.poll(descriptors).toBeLessThanOrEqual(before.descriptors);
  // Of what grew, the ports in quarantine are the most: no more than the range has.
  expect(heapBytes() - before.heap).toBeLessThan(16 * MEGABYTE);
});
