import { expect, it } from 'vitest';
import {
  additionalAddressFamily,
  evenPort,
  lifetime,
  requestedAddressFamily,
  reservationToken,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { codeOf, World, type Build } from '../engine/world.ts';

const ROUNDS = 10_000;
const QUOTA = { perUser: 6, perAddress: 8, total: 10 };

/** The same throws each time: a failure can be looked into. */
function dice(): (sides: number) => number {
  let seed = 11;
  return (sides) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % sides;
  };
}

it('reservations, EVEN-PORT and two families leak no port and no quota in 10,000 rounds', { timeout: 300_000 }, () => {
  const world = new World(
    {
      quota: QUOTA,
      relay: { addresses: ['8.8.4.1', '2a00:1450::1'], ports: { min: 50_000, max: 50_015 }, portQuarantineSec: 5 },
      nonceLifetimeSec: 1e9,
    },
    { quiet: true },
  );
  const roll = dice();
  const clients = ['198.51.100.1:1', '198.51.100.1:2', '198.51.100.2:1', '[2a00:1450::77]:1'].map((at, index) =>
    world.client(at, index === 1 ? 'tcp' : 'udp').as(index < 2 ? 'alice' : 'bob', { ttlSec: 1e9 }),
  );
  for (const client of clients) client.challenge();
  let token: Buffer | undefined;
  const shapes: readonly Build[] = [
    (m) => m.add(evenPort, true),
    (m) => m.add(evenPort, false),
    (m) => m.add(additionalAddressFamily, 2),
    (m) => m.add(evenPort, true).add(requestedAddressFamily, 2),
    (m) => token && m.add(reservationToken, token),
  ];
  const codes = new Set<number>();
  const leaks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    world.plane.busy.clear();
    for (let i = 0; i < 4; i++) world.plane.busy.add(50_000 + roll(16));
    const client = clients[roll(clients.length)]!;
    const answer = client.allocate(shapes[roll(shapes.length)]);
    codes.add(codeOf(answer));
    token = answer.get(reservationToken) ?? token;
    const leaver = clients[roll(clients.length)]!;
    if (roll(4) === 0) world.engine.onClientClosed(leaver);
    else if (roll(2) === 0) {
      leaver.request(Method.Refresh, (m) => {
        if (roll(3) === 0) m.add(requestedAddressFamily, 1 + roll(2));
        return m.add(lifetime, 0);
      });
    }
    if (roll(6) === 0) world.advance(roll(40));
    for (const { inbox } of clients) inbox.length = 0;
    const { reservations, relayPortsTaken } = world.engine.stats();
    const relays = world.engine.sessions().reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
    const isWhole = relayPortsTaken === relays + reservations && world.plane.open.size === relayPortsTaken;
    if (!isWhole || relayPortsTaken > QUOTA.total) leaks.push(round);
  }
  expect(leaks).toEqual([]);
  expect([...codes].sort((a, b) => a - b)).toEqual(expect.arrayContaining([0, 437, 486, 508]));

  world.advance(4000);
  world.plane.busy.clear();
  expect(world.engine.stats()).toMatchObject({
    allocations: 0,
    reservations: 0,
    users: 0,
    relayPortsTaken: 0,
    timers: 0,
  });
  expect(world.plane.open.size).toBe(0);
  // The whole quota of a user is there again, and the next one is refused.
  const again = Array.from({ length: QUOTA.perUser + 1 }, (_, index) =>
    codeOf(
      world
        .client(`198.51.100.${50 + index}:1`)
        .as('alice')
        .allocate(),
    ),
  );
  expect(again).toEqual([...Array.from({ length: QUOTA.perUser }, () => 0), 486]);
});
