import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { address, codeOf, engineOptions, plain, World } from './world.ts';

const PACKETS = 1_000_000;
const SOURCES = 10_000;
const MEGABYTE = 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const LISTENER = address('8.8.4.1:3478');
/** No client of the world has it. */
const LISTENER_SOCKET = 0;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** The source of a forged datagram, as a UDP listener tells it. */
function forgedPath(number: number): ClientPath {
  const text = `${11 + (number >> 24)}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const port = 1024 + (number % 60_000);
  const remote: TransportAddress = { family: 4, address: text, port };
  return { transport: 'udp', remote, local: LISTENER, key: `udp ${text} ${port}`, socket: LISTENER_SOCKET, from: text };
}

it('1,000,000 spoofed-source Allocates and Bindings: memory flat, honest client served', { timeout: 600_000 }, () => {
  const options = {
    allocation: { ...engineOptions().allocation, maxLifetimeSec: 86_400, defaultLifetimeSec: 86_400 },
    answerLimit: { perSec: 100, burst: 1000, sources: SOURCES, exempt: [] },
  };
  const world = new World(options, { quiet: true });
  let answers = 0;
  const toHonest = world.plane.onMessage;
  world.plane.onMessage = (client, data) => {
    if (client.socket === LISTENER_SOCKET) answers += 1;
    else toHonest(client, data);
  };
  const requests = [plain(Method.Allocate, 'request'), plain(Method.Binding, 'request')];
  const honest = world.client().as('alice', { ttlSec: 100_000 });
  const served: number[] = [];
  const heap: number[] = [];
  for (let number = 0; number < PACKETS; number++) {
    world.engine.onClientMessage(forgedPath(number), requests[number & 1]!);
    if (number % 1000 === 0) world.sleep(0.01);
    if (number % (PACKETS / 10) !== PACKETS / 10 - 1) continue;
    served.push(
      codeOf(number < PACKETS / 5 ? honest.allocate(undefined, Buffer.alloc(12, 7)) : honest.request(Method.Refresh)),
    );
    honest.inbox.length = 0;
    heap.push(heapBytes());
  }

  expect(served).toEqual(Array.from({ length: 10 }, () => 0));
  expect(answers).toBe(PACKETS);
  expect(world.engine.stats()).toMatchObject({ allocations: 1, relayPortsTaken: 1, timers: 1 });
  expect(world.engine.stats().limitedSources).toBeLessThanOrEqual(SOURCES);
  expect(Math.abs(heap.at(-1)! - heap[1]!)).toBeLessThan(4 * MEGABYTE);
});
