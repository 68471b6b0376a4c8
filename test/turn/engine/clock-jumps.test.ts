import { describe, expect, it } from 'vitest';
import { data, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { address, codeOf, type TestClient, World } from './world.ts';

const YEAR_MS = 365 * 86_400_000;
const PEER = address('9.9.9.9:9');

function allocated(world: World, user = 'alice'): TestClient {
  const client = world.client().as(user);
  expect(codeOf(client.allocate())).toBe(0);
  permit(client);
  return client;
}

function permit(client: TestClient): void {
  expect(codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, PEER)))).toBe(0);
}

function relays(world: World, client: TestClient): boolean {
  const before = world.plane.sent.length;
  client.indicate(Method.Send, (m) => m.add(xorPeerAddress, PEER).add(data, Buffer.from('x')));
  return world.plane.sent.length > before;
}

function setWallClock(world: World, byMs: number): void {
  world.now = { ...world.now, unixMs: world.now.unixMs + byMs };
  world.engine.runTimers(world.now);
}

describe('a wall clock that is set', () => {
  it.each([
    ['a year ahead', YEAR_MS],
    ['a year back', -YEAR_MS],
  ])('%s ends no allocation, no permission and no nonce', (_where, byMs) => {
    const world = new World({ expiryPolicy: 'allocate-only' });
    const client = allocated(world);
    setWallClock(world, byMs);
    expect(relays(world, client)).toBe(true);
    permit(client);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    expect(world.causes('authentication-refused')).toEqual(['no-credentials']);
  });

  it.each([
    ['ahead', YEAR_MS],
    ['back', -YEAR_MS],
  ])('%s neither lengthens nor shortens a lifetime', (_where, byMs) => {
    const world = new World();
    const client = allocated(world);
    setWallClock(world, byMs);
    world.advance(299);
    expect(relays(world, client)).toBe(true);
    world.advance(2);
    expect(relays(world, client)).toBe(false);
    world.advance(300);
    expect(world.causes('allocation-ended')).toEqual(['expired']);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0 });
  });

  it('ahead makes credentials expire, and back again makes them good', () => {
    const world = new World();
    const client = allocated(world);
    setWallClock(world, YEAR_MS);
    expect(codeOf(client.request(Method.Refresh))).toBe(401);
    expect(relays(world, client)).toBe(true);
    setWallClock(world, -YEAR_MS);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    expect(codeOf(world.client().as('bob').allocate())).toBe(0);
  });
});

describe('a monotonic clock', () => {
  it('that stood still in a suspended machine, and jumps, ends what is over, all at once and without a leak', () => {
    const world = new World();
    const clients = Array.from({ length: 10 }, () => allocated(world));
    world.advance(86_400);
    for (const client of clients) expect(relays(world, client)).toBe(false);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0, users: 0 });
    expect(relays(world, allocated(world))).toBe(true);
  });

  it('that goes back, which none should, harms nothing: the client is told of a stale nonce and goes on', () => {
    const world = new World();
    world.advance(10_000);
    const client = allocated(world);
    world.advance(-5000);
    expect(relays(world, client)).toBe(true);
    const answer = client.request(Method.Refresh);
    expect(codeOf(answer)).toBe(438);
    client.challenge(Method.Refresh);
    permit(client);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    world.advance(20_000);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0 });
  });

  it('that jumps back and forth at random never throws, leaks or keeps what is over', () => {
    const world = new World({ quota: { perUser: 1000, total: 1000 } });
    for (let round = 0; round < 300; round++) {
      const client = world.client(`198.51.100.9:${1000 + round}`).as(`user-${round % 7}`);
      client.allocate();
      if (client.nonce !== undefined) client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, PEER));
      world.advance(((round * 7919) % 2000) - 900);
      setWallClock(world, (((round * 104_729) % 4000) - 2000) * 1000);
    }
    world.advance(10_000_000);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0, users: 0 });
  });
});
