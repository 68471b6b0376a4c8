import { describe, expect, it } from 'vitest';
import { evenPort } from '../../../src/stun/attributes/even-port.ts';
import { lifetime } from '../../../src/stun/attributes/lifetime.ts';
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

describe('the quota of the server', () => {
  it('is 486 for everybody once it is reached', () => {
    const world = new World({ quota: { perUser: 100, total: 3 } });
    for (const user of ['a', 'b', 'c']) expect(codeOf(world.client().as(user).allocate())).toBe(0);
    expect(codeOf(world.client().as('d').allocate())).toBe(486);
    expect(world.causes('request-refused')).toEqual(['total-quota']);
  });
});
