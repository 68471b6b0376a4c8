import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SpareConnections } from '../../src/base/spare-connections.ts';

interface Connection {
  readonly source: string;
}

function connection(source: string): Connection {
  return { source };
}

it('takes the oldest of the source that has most', () => {
  const spares = new SpareConnections<Connection>();
  const [one, two, three] = ['a', 'b', 'b'].map(connection) as [Connection, Connection, Connection];
  for (const each of [one, two, three]) spares.add(each.source, each);
  expect(spares.first()).toBe(two);
  expect(spares.first('a')).toBe(one);
  spares.delete('b', two);
  // Both sources have one now.
  expect(spares.first()).toBe(one);
  spares.delete('a', one);
  spares.delete('b', three);
  expect([spares.first(), spares.first('a')]).toEqual([undefined, undefined]);
});

it('does not take a connection for a younger one when it is added again', () => {
  const spares = new SpareConnections<Connection>();
  const [older, younger] = ['a', 'a'].map(connection) as [Connection, Connection];
  for (const each of [older, younger, older]) spares.add('a', each);
  expect(spares.first()).toBe(older);
});

it('agrees with a look at all of them, in whatever order they come and go', () => {
  const step = fc.record({ source: fc.constantFrom('a', 'b', 'c'), leaves: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const spares = new SpareConnections<Connection>();
      const there: Connection[] = [];
      const of = (source: string): Connection[] => there.filter((each) => each.source === source);
      for (const { source, leaves } of steps) {
        if (leaves === 0 && there.length > 0) {
          const [gone] = there.splice(there.length >> 1, 1) as [Connection];
          spares.delete(gone.source, gone);
          spares.delete(gone.source, gone);
        } else {
          const come = connection(source);
          there.push(come);
          spares.add(source, come);
        }
        const first = spares.first();
        const most = Math.max(...['a', 'b', 'c'].map((name) => of(name).length));
        expect(first && of(first.source).length).toBe(most || undefined);
        for (const name of ['a', 'b', 'c']) expect(spares.first(name)).toBe(of(name)[0]);
        if (first) expect(first).toBe(of(first.source)[0]);
      }
    }),
  );
});
