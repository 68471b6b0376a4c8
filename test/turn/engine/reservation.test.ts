import { describe, expect, it } from 'vitest';
import {
  additionalAddressFamily,
  evenPort,
  lifetime,
  requestedAddressFamily,
  reservationToken,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { codeOf, engineOptions, World, type Build } from './world.ts';
import { writtenAs } from '../../stun/raw-attribute.ts';

const pair: Build = (message) => message.add(evenPort, true);
const { relay } = engineOptions();

describe('EVEN-PORT', () => {
  it.each([false, true])('with R %s gets an even port', (reserve) => {
    const world = new World();
    for (let i = 0; i < 5; i++) {
      const client = world.client().as('alice');
      client.allocate((m) => m.add(evenPort, reserve));
      expect(client.relayed.port % 2).toBe(0);
    }
  });

  it('without R reserves nothing', () => {
    const world = new World();
    const answer = world
      .client()
      .as('alice')
      .allocate((m) => m.add(evenPort, false));
    expect(answer.has(reservationToken)).toBe(false);
    expect(world.plane.open.size).toBe(1);
  });

  it('with R holds the next port and hands it to the allocation that shows the token', () => {
    const world = new World();
    const rtp = world.client().as('alice');
    const token = rtp.allocate(pair).get(reservationToken)!;
    expect(world.plane.open.size).toBe(2);
    const rtcp = world.client(undefined, 'tls').as('alice', { ttlSec: 5000 });
    expect(codeOf(rtcp.allocate((m) => m.add(reservationToken, token)))).toBe(0);
    expect(rtcp.relayed).toEqual({ ...rtp.relayed, port: rtp.relayed.port + 1 });
    expect(rtcp.relay.expiresAtMs).toBe(world.now.monotonicMs + 600_000);
    expect(world.engine.stats()).toMatchObject({ allocations: 2, reservations: 0, relayPortsTaken: 2 });
  });

  it('with R is 508 when no pair is free, and keeps nothing', () => {
    const world = new World({ relay: { ...relay, ports: { min: 50_000, max: 50_009 } } });
    for (let port = 50_001; port <= 50_009; port += 2) world.plane.busy.add(port);
    expect(codeOf(world.client().as('alice').allocate(pair))).toBe(508);
    expect(world.plane.open.size).toBe(0);
    expect(world.engine.stats()).toMatchObject({ reservations: 0, relayPortsTaken: 0 });
  });

  it('with R never takes the last port of the range for the first of a pair', () => {
    const world = new World({ relay: { ...relay, ports: { min: 50_001, max: 50_002 } } });
    expect(codeOf(world.client().as('alice').allocate(pair))).toBe(508);
    expect(world.plane.binds).toBe(0);
  });

  it('with R takes both ports on one address when there are several', () => {
    const ports = { min: 50_000, max: 50_003 };
    const world = new World({ relay: { ...relay, addresses: ['8.8.4.1', '8.8.4.2'], ports } });
    const clients = Array.from({ length: 4 }, () => world.client().as('alice'));
    expect(clients.map((client) => codeOf(client.allocate(pair)))).toEqual([0, 0, 0, 0]);
    const pairs = clients.map(({ relayed: { address, port } }) => [`${address}:${port}`, `${address}:${port + 1}`]);
    expect([...world.plane.open.keys()].sort()).toEqual(pairs.flat().sort());
  });

  it('with R gives back a pair that the plane opened on two addresses', () => {
    const world = new World({ relay: { ...relay, addresses: ['8.8.4.1', '8.8.4.2'] } });
    world.plane.splitsPairs = true;
    expect(codeOf(world.client().as('alice').allocate(pair))).toBe(508);
    expect(world.plane.open.size).toBe(0);
    expect(world.engine.stats().relayPortsTaken).toBe(0);
  });
});

describe('a reservation token', () => {
  const holding = (): { world: World; token: Buffer } => {
    const world = new World();
    return { world, token: world.client().as('alice').allocate(pair).get(reservationToken)! };
  };
  const show = (world: World, token: Buffer, user = 'alice', more: Build = () => undefined): number =>
    codeOf(
      world
        .client()
        .as(user)
        .allocate((m) => {
          m.add(reservationToken, token);
          more(m);
        }),
    );

  it('is good once', () => {
    const { world, token } = holding();
    expect([show(world, token), show(world, token)]).toEqual([0, 508]);
  });

  it('is good for 30 seconds, timer or not', () => {
    const { world, token } = holding();
    world.sleep(29.9);
    expect(world.engine.stats().reservations).toBe(1);
    world.sleep(0.1);
    expect(show(world, token)).toBe(508);
    world.engine.runTimers(world.now);
    expect(world.engine.stats()).toMatchObject({ reservations: 0, relayPortsTaken: 1 });
    expect(world.plane.open.size).toBe(1);
  });

  it('outlives the allocation that brought it', () => {
    const world = new World();
    const client = world.client().as('alice');
    const token = client.allocate(pair).get(reservationToken)!;
    client.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(show(world, token)).toBe(0);
  });

  it('is unknown in the hands of another user, and stays good for its own', () => {
    const { world, token } = holding();
    expect(show(world, token, 'mallory')).toBe(508);
    expect(world.causes('request-refused')).toEqual(['unknown-reservation']);
    expect(show(world, token)).toBe(0);
  });

  it('that was never given is 508', () => {
    expect(show(new World(), Buffer.alloc(8, 1))).toBe(508);
  });

  it.each<[string, Build]>([
    ['EVEN-PORT', (m) => m.add(evenPort, false)],
    ['REQUESTED-ADDRESS-FAMILY', (m) => m.add(requestedAddressFamily, 1)],
    ['ADDITIONAL-ADDRESS-FAMILY', (m) => m.add(additionalAddressFamily, 2)],
  ])('with %s is 400, and stays good', (_what, more) => {
    const { world, token } = holding();
    expect(show(world, token, 'alice', more)).toBe(400);
    expect(show(world, token)).toBe(0);
  });

  it('of another length is 400', () => {
    const { world, token } = holding();
    const broken = writtenAs(reservationToken, token.subarray(1));
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .allocate((m) => m.add(broken, token)),
      ),
    ).toBe(400);
  });

  it('passes a full quota: what it stands for already counted', () => {
    const world = new World({ quota: { perUser: 2, total: 2 } });
    const token = world.client().as('alice').allocate(pair).get(reservationToken)!;
    expect(show(world, token)).toBe(0);
    expect(codeOf(world.client().as('alice').allocate())).toBe(486);
  });

  it('is forgotten with its port when the engine stops', () => {
    const { world } = holding();
    world.engine.stop();
    expect(world.plane.open.size).toBe(0);
    expect(world.engine.nextDeadlineMs).toBeUndefined();
  });

  it('is forgotten when its user is ended, and only then', () => {
    const { world } = holding();
    world.engine.endAllocationsOf('bob');
    expect(world.plane.open.size).toBe(2);
    world.engine.endAllocationsOf('alice');
    expect(world.plane.open.size).toBe(0);
  });
});

describe('more than a thousand rounds of pairs', () => {
  it('leak neither port nor timer nor quota', () => {
    const world = new World({
      relay: { ...relay, ports: { min: 50_000, max: 50_019 }, portQuarantineSec: 1 },
      quota: { perUser: 20, total: 20 },
      nonceLifetimeSec: 1e9,
    });
    const client = world.client('198.51.100.1:1').as('alice', { ttlSec: 10_000_000 });
    const other = world.client('198.51.100.2:1').with(client.login!);
    let seed = 7;
    const dice = (sides: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % sides;
    };
    const codes = new Set<number>();
    const leaks: number[] = [];
    for (let round = 0; round < 1200; round++) {
      world.plane.busy.clear();
      for (let i = 0; i < 12; i++) world.plane.busy.add(50_000 + dice(20));
      const answer = client.allocate(pair);
      codes.add(codeOf(answer));
      const token = answer.get(reservationToken);
      if (token && dice(2) === 0) codes.add(codeOf(other.allocate((m) => m.add(reservationToken, token))));
      if (dice(3) > 0) client.request(Method.Refresh, (m) => m.add(lifetime, 0));
      if (dice(3) > 0) other.request(Method.Refresh, (m) => m.add(lifetime, 0));
      world.advance(dice(40));
      const { allocations, reservations, relayPortsTaken } = world.engine.stats();
      if (relayPortsTaken !== allocations + reservations || world.plane.open.size !== relayPortsTaken)
        leaks.push(round);
    }
    expect(leaks).toEqual([]);
    world.advance(3600);
    expect(world.engine.stats()).toMatchObject({
      allocations: 0,
      reservations: 0,
      users: 0,
      relayPortsTaken: 0,
      timers: 0,
    });
    expect(world.plane.open.size).toBe(0);
    expect(codes).toContain(0);
    expect(codes).toContain(508);
  });
});
