import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { TurnClient } from '../turn/support/turn-client.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const LABS = 50;
const AT_ONCE = 10;
/** Eighty starts and handshakes: seconds, but many on a busy machine. */
const TIMEOUT_MS = 120_000;
/** A lab that stayed would hold its sockets, tables and page: some hundred kilobytes. */
const MAX_GROWTH_BYTES = 20_000 * LABS;

async function settledBytes(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    collect();
    await pause(20);
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** Sockets, servers and timers by kind, as far as they keep a process alive. */
function handles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** A client on the edge and one on the relay, there still when the lab stops. */
async function useLab(): Promise<WeakRef<Lab>> {
  await using lab = await startLab();
  const socket = await WicSocket.connect(lab.webSocket, { ca: lab.ca, rejectUnauthorized: true });
  await lab.waitFor('flow-opened');
  const { username, password } = lab.mint('alice');
  const server = lab.addresses.turn.find(({ transport }) => transport === 'udp')!;
  const client = await TurnClient.connect({ transport: 'udp', server, username, password });
  await client.allocate();
  expect(lab.snapshot()).toMatchObject({ flows: [{}], allocations: [{ user: 'alice' }] });
  await lab.stop();
  client.close();
  await Promise.all([client.closed, socket.closed]);
  return new WeakRef<Lab>(lab);
}

async function useLabs(count: number): Promise<WeakRef<Lab>[]> {
  const used: WeakRef<Lab>[] = [];
  while (used.length < count) used.push(...(await Promise.all(Array.from({ length: AT_ONCE }, useLab))));
  return used;
}

/** Bytes that are held after so many labs and were not before. */
async function growthAfter(count: number): Promise<number> {
  const bytesBefore = await settledBytes();
  const handlesBefore = handles();
  const used = await useLabs(count);
  const bytesAfter = await settledBytes();
  expect(handles()).toEqual(handlesBefore);
  expect(used.filter((lab) => lab.deref() !== undefined)).toHaveLength(0);
  return bytesAfter - bytesBefore;
}

it(`gives handles and memory of ${LABS} labs back, ${AT_ONCE} of them at once`, { timeout: TIMEOUT_MS }, async () => {
  // Code is compiled and tables find their size.
  await useLabs(2 * AT_ONCE);
  const growth = await growthAfter(LABS);
  // What V8 compiles late grows once, by up to a megabyte; what labs leave behind grows each time.
  expect(growth < MAX_GROWTH_BYTES ? growth : await growthAfter(LABS)).toBeLessThan(MAX_GROWTH_BYTES);
});
