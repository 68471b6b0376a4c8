import { describe, expect, it } from 'vitest';
import { evenPort, lifetime } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { codeOf, World } from './world.ts';

describe('the quota of a user', () => {
  it('is 486 once it is reached, whatever credential of the user asks, and leaves others alone', () => {
    const world = new World({ quota: { perUser: 2, total: 100 } });
    expect(codeOf(world.client().as('alice').allocate())).toBe(0);
    expect(codeOf(world.client().as('alice', { ttlSec: 5000 }).allocate())).toBe(0);
    expect(codeOf(world.client().as('alice', { ttlSec: 6000 }).allocate())).toBe(486);
    expect(world.causes('request-refused')).toEqual(['user-quota']);
    expect(codeOf(world.client().as('bob').allocate())).toBe(0);
    expect(world.plane.binds).toBe(3);
  });

  it('is given back when an allocation is deleted, expires, or loses its connection', () => {
    const world = new World({ quota: { perUser: 1, total: 100 } });
    const first = world.client().as('alice');
    first.allocate();
    first.request(Method.Refresh, (m) => m.add(lifetime, 0));
    const second = world.client(undefined, 'tcp').as('alice');
    expect(codeOf(second.allocate())).toBe(0);
    world.engine.onClientClosed(second);
    expect(codeOf(world.client().as('alice').allocate())).toBe(0);
    world.advance(600);
    expect(codeOf(world.client().as('alice').allocate())).toBe(0);
  });

  it('counts a held reservation', () => {
    const world = new World({ quota: { perUser: 2, total: 100 } });
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .allocate((m) => m.add(evenPort, true)),
      ),
    ).toBe(0);
    expect(codeOf(world.client().as('alice').allocate())).toBe(486);
    world.advance(30);
    expect(codeOf(world.client().as('alice').allocate())).toBe(0);
  });

  it('has no room for a pair when one is left', () => {
    const world = new World({ quota: { perUser: 1, total: 100 } });
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .allocate((m) => m.add(evenPort, true)),
      ),
    ).toBe(486);
    expect(world.plane.binds).toBe(0);
  });

  it('does not count a retransmission', () => {
    const world = new World({ quota: { perUser: 1, total: 100 } });
    const client = world.client().as('alice');
    const id = Buffer.alloc(12, 1);
    expect([codeOf(client.allocate(undefined, id)), codeOf(client.allocate(undefined, id))]).toEqual([0, 0]);
  });
});

describe('the quota of a person', () => {
  function world(): World {
    const made = new World({ quota: { perUser: 3, total: 100 } });
    for (let i = 0; i < 5; i++) made.verifier.persons.set(`u${i}`, 'mallory');
    return made;
  }

  it('holds over all names that stand for one person, and leaves others alone', () => {
    const made = world();
    const codes = Array.from({ length: 5 }, (_, i) => codeOf(made.client().as(`u${i}`).allocate()));
    expect(codes).toEqual([0, 0, 0, 486, 486]);
    expect(made.causes('request-refused')).toEqual(['user-quota', 'user-quota']);
    expect(codeOf(made.client().as('alice').allocate())).toBe(0);
  });

  it('counts what is held for any of the names', () => {
    const made = world();
    expect(
      codeOf(
        made
          .client()
          .as('u0')
          .allocate((m) => m.add(evenPort, true)),
      ),
    ).toBe(0);
    expect(codeOf(made.client().as('u1').allocate())).toBe(0);
    expect(codeOf(made.client().as('u2').allocate())).toBe(486);
    made.advance(30);
    expect(codeOf(made.client().as('u2').allocate())).toBe(0);
  });

  it('is given back whichever name had it', () => {
    const made = world();
    const clients = Array.from({ length: 3 }, (_, i) => made.client().as(`u${i}`));
    for (const client of clients) client.allocate();
    clients[1]!.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(codeOf(made.client().as('u4').allocate())).toBe(0);
    expect(codeOf(made.client().as('u4').allocate())).toBe(486);
  });

  it('is nothing that is told: events, sessions and log know the names alone', () => {
    const made = world();
    made.client().as('u0').allocate();
    made.client().as('u1').allocate();
    expect(made.engine.sessions().map(({ user }) => user)).toEqual(['u0', 'u1']);
    expect(JSON.stringify([made.events, made.engine.sessions(), made.logged])).not.toContain('mallory');
  });
});

describe('the quota of the server', () => {
  it('is 486 for everybody once it is reached', () => {
    const world = new World({ quota: { perUser: 100, total: 3 } });
    for (const user of ['a', 'b', 'c']) expect(codeOf(world.client().as(user).allocate())).toBe(0);
    expect(codeOf(world.client().as('d').allocate())).toBe(486);
    expect(world.causes('request-refused')).toEqual(['total-quota']);
  });
});

describe('the quota of a client address', () => {
  const options = { quota: { perUser: 100, perAddress: 2, total: 100 } };
  const allocate = (world: World, remote: string, user: string): number =>
    codeOf(world.client(remote).as(user).allocate());

  it('is 486 once it is reached, whoever asks from there, and leaves other addresses alone', () => {
    const world = new World(options);
    expect(allocate(world, '198.51.100.1:1000', 'alice')).toBe(0);
    expect(allocate(world, '198.51.100.1:1001', 'bob')).toBe(0);
    expect(allocate(world, '198.51.100.1:1002', 'carol')).toBe(486);
    expect(world.causes('request-refused')).toEqual(['address-quota']);
    expect(allocate(world, '198.51.100.2:1002', 'carol')).toBe(0);
  });

  it('takes an IPv6 /64 for one address, since a host has all of it', () => {
    const world = new World(options);
    expect(allocate(world, '[2a00:1::1]:1000', 'alice')).toBe(0);
    expect(allocate(world, '[2a00:1::ffff:2]:1000', 'alice')).toBe(0);
    expect(allocate(world, '[2a00:1::1:2:3:4]:1000', 'bob')).toBe(486);
    expect(allocate(world, '[2a00:1:0:1::1]:1000', 'bob')).toBe(0);
  });

  it('is given back by deletion, by expiry and by a reservation that ends', () => {
    const world = new World(options);
    const pair = world.client('198.51.100.1:1000').as('alice');
    pair.allocate((m) => m.add(evenPort, true));
    expect(allocate(world, '198.51.100.1:1001', 'bob')).toBe(486);
    world.advance(30);
    expect(allocate(world, '198.51.100.1:1001', 'bob')).toBe(0);
    pair.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(allocate(world, '198.51.100.1:1002', 'bob')).toBe(0);
    world.advance(600);
    for (const port of [1, 2]) expect(allocate(world, `198.51.100.1:${port}`, 'carol')).toBe(0);
  });

  it('loses nothing in 10,000 allocations that come and go', () => {
    const world = new World(options);
    const client = world.client('198.51.100.1:1000').as('alice');
    for (let round = 0; round < 10_000; round++) {
      if (codeOf(client.allocate((m) => m.add(evenPort, true))) !== 0) throw new Error(`refused in round ${round}`);
      world.engine.endAllocationsOf('alice');
    }
    expect(world.engine.stats()).toMatchObject({ allocations: 0, reservations: 0, relayPortsTaken: 0, timers: 0 });
  }, 120_000);
});
