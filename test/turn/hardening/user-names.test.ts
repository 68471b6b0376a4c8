import { expect, it } from 'vitest';
import { codeOf, World } from '../engine/world.ts';

it.each(['%s', '%n%n%n%n', '%d:%o', '${jndi:ldap://x}', '__proto__:constructor', '1:%s\r\nlevel=50'])(
  'the user name %j is 401, and reaches the log as a field, never as part of the line',
  (name) => {
    const world = new World();
    const client = world.client().with({ username: name, password: name });
    expect(codeOf(client.allocate())).toBe(401);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, users: 0 });
    expect(world.of('authentication-refused').at(-1)).toMatchObject({ username: name });
    for (const { message } of world.logged) expect(message).not.toContain(name);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).constructor).toBe(Object);
  },
);
