import { describe, expect, it } from 'vitest';
import { OpenExchanges } from '../../../src/edge/proxy/open-exchanges.ts';
import { FakeHop } from '../support/fake-hop.ts';

const [alice, bob] = [new FakeHop(), new FakeHop()];
const [core, sameCore] = [new FakeHop({ kind: 'core' }), new FakeHop({ kind: 'core' })];

describe('OpenExchanges', () => {
  it('finds an exchange by its hop and key, whatever word the key is', () => {
    const open = new OpenExchanges();
    const exchange = { key: '__proto__', hop: alice };
    open.add(exchange);
    expect(open.find(alice, '__proto__')).toBe(exchange);
    expect([open.find(bob, '__proto__'), open.find(alice, 'constructor')]).toEqual([undefined, undefined]);
    expect([open.size, open.count(alice), open.count(bob)]).toEqual([1, 1, 0]);
  });

  it('finds what one connection to the core has begun over every other, and lists it with that one alone', () => {
    const open = new OpenExchanges();
    const exchange = { key: 'k', hop: core };
    open.add(exchange);
    expect(open.find(sameCore, 'k')).toBe(exchange);
    expect([open.of(core), open.of(sameCore)]).toEqual([[exchange], []]);
  });

  it('forgets the very exchange only, not its successor', () => {
    const open = new OpenExchanges();
    const [first, second] = [
      { key: 'k', hop: alice },
      { key: 'k', hop: alice },
    ];
    open.add(first);
    open.delete(second);
    expect(open.size).toBe(1);
    open.delete(first);
    expect([open.size, open.of(alice)]).toEqual([0, []]);
    open.add(second);
    open.delete(first);
    expect(open.of(alice)).toEqual([second]);
  });
});
