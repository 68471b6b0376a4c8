import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';
import { WatchBench } from './support/watch-bench.ts';

const HOUR_MS = 3_600_000;

const alice = new WicMessages('alice');
const bob = new WicMessages('bob');
let bench: WatchBench;

beforeEach(() => {
  bench = new WatchBench();
});

describe('the watch over registrations', () => {
  it('asks for a user once, whatever devices there are and how often they refresh', () => {
    bench.register(alice, new FakeHop());
    bench.answer(200);
    for (let i = 0; i < 3; i += 1) bench.register(alice, new FakeHop());
    bench.register(new WicMessages('alice'), new FakeHop());
    expect(bench.take()).toEqual(['sip:alice 600000']);
  });

  it('follows a user to another default identity', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(200);
    bench.register(alice, hop, { identities: ['sip:boss@example.com', alice.aor] });
    expect(bench.take()).toEqual(['sip:alice 600000', 'sip:alice 0', 'sip:boss 600000']);
    expect(bench.watch.size).toBe(1);
  });

  it('speaks by the Path of a registration that stands', () => {
    const [first, second] = [new WicMessages('alice'), new WicMessages('alice')];
    const hop = new FakeHop();
    bench.register(first, hop, { path: 'first' });
    bench.answer(200);
    bench.register(second, hop, { path: 'second' });
    bench.register(second, hop, { expires: 0 });
    bench.register(first, hop, { expires: 0 });
    expect(bench.sent.at(-1)?.request.headers.get('P-Asserted-Identity')).toBe('<sip:first@192.0.2.1:5060;lr>');
  });

  it('goes on while a client that has lost its WebSocket may come back, and ends when its time is over', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(200);
    bench.registrations.endFlow(hop);
    bench.register(alice, new FakeHop());
    expect(bench.take()).toEqual(['sip:alice 600000']);
    bench.registrations.endFlow(bench.registrations.all[0]!.hop);
    bench.clock.advance(7200 * 1000);
    expect(bench.take()).toEqual(['sip:alice 0']);
    expect(bench.watch.size).toBe(0);
  });

  it('asks once more with the next REGISTER if the core was away since', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(200);
    bench.clock.advance(1000);
    bench.events.emit('core-up', { core: 'sip:core', downMs: 500 });
    expect(bench.take()).toHaveLength(1);
    bench.clock.advance(1000);
    bench.register(alice, hop);
    bench.answer(200);
    bench.register(alice, hop);
    expect(bench.take()).toEqual(['sip:alice 600000']);
  });

  it('leaves a core alone that has no reg-event, for an hour, and says so once', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(489);
    bench.register(bob, hop);
    bench.register(alice, hop);
    bench.clock.advance(HOUR_MS - 1);
    bench.register(bob, hop);
    expect(bench.take()).toHaveLength(1);
    bench.clock.advance(1);
    bench.register(bob, hop);
    bench.answer(489);
    bench.register(alice, hop);
    expect(bench.take()).toEqual(['sip:bob 600000']);
    expect(bench.lines).toHaveLength(2);
    expect([bench.watch.size, bench.clock.timers.size]).toEqual([0, bench.registrations.size]);
  });

  it('leaves a user alone for an hour for whom it is refused by 403, and asks for others', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(403);
    bench.register(alice, hop);
    bench.register(bob, hop);
    bench.answer(403);
    expect(bench.take()).toEqual(['sip:alice 600000', 'sip:bob 600000']);
    expect(bench.lines).toHaveLength(1);
    bench.clock.advance(HOUR_MS);
    bench.register(alice, hop);
    expect(bench.take()).toEqual(['sip:alice 600000']);
  });

  it('asks for each user, and logs each refusal, where it is to do so in any case', () => {
    bench = new WatchBench('on');
    for (const wic of [alice, bob]) {
      bench.register(wic, new FakeHop());
      bench.answer(489);
    }
    expect(bench.take()).toEqual(['sip:alice 600000', 'sip:bob 600000']);
    expect(bench.lines).toHaveLength(2);
  });

  it('ends its subscriptions while clients are sent elsewhere, and begins none', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.answer(200);
    bench.watch.stop();
    bench.register(bob, hop);
    bench.registrations.endFlow(hop);
    expect(bench.take()).toEqual(['sip:alice 600000', 'sip:alice 0']);
  });

  it('has a client leave in time whose user the core has refused at a REGISTER', () => {
    const hop = new FakeHop();
    bench.register(alice, hop);
    bench.registrations.applyRejection(alice.buildRegister(), alice.aor, hop);
    bench.clock.advance(32_000);
    expect(bench.closed).toEqual(['deregistered']);
  });

  it('leaves nothing behind', () => {
    for (let i = 0; i < 20; i += 1) {
      const hop = new FakeHop();
      bench.register(new WicMessages('alice'), hop);
      bench.answer(200);
      bench.registrations.end(bench.registrations.all[0]!.registrationId, 'requested');
    }
    expect([bench.watch.size, bench.clock.timers.size]).toEqual([0, 0]);
  });
});
