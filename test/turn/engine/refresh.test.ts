import { describe, expect, it } from 'vitest';
import { priority } from '../../../src/stun/attributes/rfc8445.ts';
import { lifetime, requestedAddressFamily } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type StunWriter } from '../../../src/stun/writer.ts';
import { address, codeOf, World, type TestClient } from './world.ts';
import { writtenAs } from '../../stun/raw-attribute.ts';

function refresh(client: TestClient, wishedSec?: number): ReturnType<TestClient['request']> {
  return client.request(
    Method.Refresh,
    (message: StunWriter) => wishedSec !== undefined && message.add(lifetime, wishedSec),
  );
}

describe('Refresh', () => {
  it.each([
    [undefined, 600],
    [60, 600],
    [1800, 1800],
    [99_999, 3600],
  ])('of %s seconds grants %i from now on, in the plane too', (wishedSec, grantedSec) => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    world.advance(100);
    expect(refresh(client, wishedSec).get(lifetime)).toBe(grantedSec);
    expect(client.relay.expiresAtMs).toBe(world.now.monotonicMs + grantedSec * 1000);
    expect(world.of('allocation-refreshed')).toMatchObject([{ user: 'alice', lifetimeSec: grantedSec }]);
  });

  it('keeps the allocation past its first end', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    world.advance(599);
    refresh(client);
    world.advance(599);
    expect(world.engine.stats().allocations).toBe(1);
    world.advance(1);
    expect(world.engine.stats().allocations).toBe(0);
    expect(world.causes('allocation-ended')).toEqual(['expired']);
  });

  it('of a family the allocation is not of is 443', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    const ask = (family: number) => client.request(Method.Refresh, (m) => m.add(requestedAddressFamily, family));
    expect(codeOf(ask(2))).toBe(443);
    expect(codeOf(ask(9))).toBe(443);
    expect(codeOf(ask(1))).toBe(0);
  });

  it('without an allocation is 437', () => {
    const world = new World();
    expect(codeOf(refresh(world.client().as('alice')))).toBe(437);
    expect(world.causes('request-refused')).toEqual(['no-allocation']);
  });

  it('with an attribute it does not know is 420 and changes nothing', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    world.advance(100);
    expect(codeOf(client.request(Method.Refresh, (m) => m.add(lifetime, 0).add(priority, 1)))).toBe(420);
    expect(client.relay.expiresAtMs).toBe(world.now.monotonicMs + 500_000);
  });

  it('of a LIFETIME that cannot be read is 400', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    const broken = writtenAs(lifetime, Buffer.alloc(2));
    expect(codeOf(client.request(Method.Refresh, (m) => m.add(broken, 0)))).toBe(400);
  });
});

describe('Refresh with a lifetime of zero', () => {
  it('ends the allocation, its port and its quota at once', () => {
    const world = new World({ quota: { perUser: 1, total: 1 } });
    const client = world.client().as('alice');
    client.allocate();
    world.plane.counters.set(client.relay.slot, [7, 700, 5, 500, 1]);
    const answer = refresh(client, 0);
    expect(codeOf(answer)).toBe(0);
    expect(answer.get(lifetime)).toBe(0);
    expect(world.plane.open.size).toBe(0);
    expect(world.of('allocation-ended')).toMatchObject([
      {
        cause: 'deleted-by-client',
        counters: { packetsToPeer: 7, bytesToPeer: 700, packetsToClient: 5, bytesToClient: 500, dropped: 1 },
      },
    ]);
    expect(codeOf(client.allocate())).toBe(0);
  });

  it('repeated finds nothing: 437, which clients take for success (RFC 8656 §8.3)', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    const id = Buffer.alloc(12, 4);
    const once = () => codeOf(client.request(Method.Refresh, (m) => m.add(lifetime, 0), id));
    expect([once(), once()]).toEqual([0, 437]);
  });

  it('leaves no timer behind', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    refresh(client, 0);
    expect(world.engine.nextDeadlineMs).toBeUndefined();
    expect(world.deadlines.at(-1)).toBeUndefined();
  });
});

describe('the end of an allocation', () => {
  it('counts at its time whether or not a timer ran', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    world.sleep(600);
    expect(codeOf(refresh(client))).toBe(437);
    expect(world.causes('allocation-ended')).toEqual(['expired']);
    expect(world.plane.open.size).toBe(0);
  });

  it('by a client that closes its connection frees everything', () => {
    const world = new World();
    const client = world.client(undefined, 'tcp').as('alice');
    client.allocate();
    world.engine.onClientClosed(client);
    world.engine.onClientClosed(client);
    expect(world.causes('allocation-ended')).toEqual(['client-closed']);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0, users: 0 });
  });

  it('does not follow the wall clock', () => {
    const world = new World({ expiryPolicy: 'allocate-only' });
    const client = world.client().as('alice');
    client.allocate();
    world.now = { ...world.now, unixMs: world.now.unixMs + 10 * 86_400_000 };
    world.engine.runTimers(world.now);
    expect(world.engine.sessions()).toHaveLength(1);
  });
});

describe('the deadline', () => {
  it('is announced once when it moves, and again after a timeout that came early', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    const dueMs = world.now.monotonicMs + 600_000;
    expect(world.deadlines).toEqual([dueMs]);
    client.indicate(Method.Send, () => undefined);
    expect(world.deadlines).toEqual([dueMs]);
    world.sleep(599.9995);
    world.engine.runTimers(world.now);
    expect(world.deadlines).toEqual([dueMs, dueMs]);
    expect(world.engine.nextDeadlineMs).toBe(dueMs);
  });
});

describe('an operator', () => {
  it('sees the sessions with live counters', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    client.request(Method.Refresh);
    world.plane.counters.set(client.relay.slot, [1, 2, 3, 4, 5]);
    world.advance(10);
    expect(world.engine.sessions()).toMatchObject([
      {
        user: 'alice',
        client: client.remote,
        relayed: client.relayed,
        expiresInSec: 590,
        permissions: 0,
        channels: 0,
        counters: { packetsToPeer: 1, bytesToPeer: 2, packetsToClient: 3, bytesToClient: 4, dropped: 5 },
      },
    ]);
  });

  it('ends one allocation by its id', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    const [session] = world.engine.sessions();
    expect(world.engine.endAllocation('no such id')).toBe(false);
    expect(world.engine.endAllocation(session!.allocationId)).toBe(true);
    expect(world.causes('allocation-ended')).toEqual(['operator']);
    expect(codeOf(refresh(client))).toBe(437);
  });

  it('ends all allocations and reservations of one user and nobody else', () => {
    const world = new World();
    for (const user of ['alice', 'bob', 'alice']) world.client().as(user).allocate();
    expect(world.engine.endAllocationsOf('alice')).toBe(2);
    expect(world.engine.endAllocationsOf('__proto__')).toBe(0);
    expect(world.engine.sessions().map(({ user }) => user)).toEqual(['bob']);
  });

  it('stops the engine with every port given back', () => {
    const world = new World();
    world.client().as('alice').allocate();
    world.client('[2a00::5]:9').as('bob').allocate();
    world.engine.stop();
    expect(world.causes('allocation-ended')).toEqual(['stopped', 'stopped']);
    expect(world.plane.open.size).toBe(0);
    expect(world.engine.nextDeadlineMs).toBeUndefined();
  });

  it('stops the engine for good: what comes after is dropped', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    world.engine.stop();
    expect(client.exchange(client.signed(Method.Allocate))).toBeUndefined();
    expect(world.engine.stats().drops).toEqual({ stopped: 1 });
  });

  it('counts what was granted, refused and dropped', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    client.allocate();
    world.engine.onClientMessage(client, Buffer.from('400000010000', 'hex'));
    world.engine.onClientMessage(client, Buffer.from('ff', 'hex'));
    world.engine.onPeerData(client.relay, address('9.9.9.9:9'), Buffer.alloc(1));
    expect(world.engine.stats()).toMatchObject({
      allocationsCreated: 1,
      requestsGranted: 1,
      requestsRefused: 1,
      authenticationsRefused: 1,
      drops: { 'unknown-channel': 1, 'too-short': 1, 'no-permission': 1 },
    });
  });
});
