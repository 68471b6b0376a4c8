import { describe, expect, it } from 'vitest';
import { lifetime } from '../../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { World } from '../world.ts';

function world(): World {
  return new World({ quota: { perUser: 10, total: 100 } });
}

/** Allocates and deletes, over and over: two lines each time. */
function churn(in_: World, users: readonly string[], rounds: number): void {
  const clients = users.map((user) => in_.client().as(user));
  for (let round = 0; round < rounds; round++) {
    const client = clients[round % clients.length]!;
    client.allocate();
    client.request(Method.Refresh, (m) => m.add(lifetime, 0));
  }
}

const lines = (of: World) =>
  of.logged.filter(({ message }) => message === 'allocation created' || message === 'allocation ended');

describe('the log of allocations', () => {
  it('has a bounded number of lines of one user, with the count of the rest in the next', () => {
    const flooded = world();
    churn(flooded, ['mallory'], 2000);
    expect(lines(flooded)).toHaveLength(1000);
    flooded.advance(2);
    churn(flooded, ['mallory'], 1);
    expect(lines(flooded).at(-1)!.fields).toMatchObject({ suppressed: 3000 });
    expect(flooded.engine.stats()).toMatchObject({ allocationsCreated: 2001, allocationsEnded: 2001 });
    expect(flooded.of('allocation-ended')).toHaveLength(2001);
  });

  it('still tells of others, and gives a user no more for having several names', () => {
    const flooded = world();
    const names = Array.from({ length: 5 }, (_, i) => `u${i}`);
    for (const name of names) flooded.verifier.persons.set(name, 'mallory');
    churn(flooded, names, 2000);
    expect(lines(flooded)).toHaveLength(1000);
    churn(flooded, ['alice'], 1);
    expect(lines(flooded)).toHaveLength(1002);
    expect(lines(flooded).at(-1)!.fields).toMatchObject({ user: 'alice' });
  });

  it('is bounded for all users together', () => {
    const flooded = world();
    for (let i = 0; i < 60; i++) churn(flooded, [`user${i}`], 100);
    expect(lines(flooded)).toHaveLength(5000);
    flooded.advance(1);
    churn(flooded, ['alice'], 1);
    expect(lines(flooded)).toHaveLength(5002);
  });
});
