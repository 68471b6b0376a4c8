import { describe, expect, it } from 'vitest';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import { messageIntegrity, nonce } from '../../../src/stun/attributes/rfc8489.ts';
import { channelNumber, lifetime, requestedTransport, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type ExpiryPolicy } from '../../../src/turn/engine/engine-options.ts';
import { passwordFor } from './fake-verifier.ts';
import { address, codeOf, World, type TestClient } from './world.ts';

const POLICIES: readonly ExpiryPolicy[] = ['allocate-only', 'cap', 'strict'];

function started(expiryPolicy: ExpiryPolicy, ttlSec: number): { world: World; client: TestClient; grantedSec: number } {
  const world = new World({ expiryPolicy });
  const client = world.client().as('alice', { ttlSec });
  const grantedSec = client.allocate().get(lifetime)!;
  return { world, client, grantedSec };
}

function refresh(client: TestClient, wishedSec = 600): ReturnType<TestClient['request']> {
  return client.request(Method.Refresh, (message) => message.add(lifetime, wishedSec));
}

/** Only the operator's clock moves on: the allocation lives, its credential is over. */
function outlive(world: World, seconds: number): void {
  world.now = { ...world.now, unixMs: world.now.unixMs + seconds * 1000 };
}

describe.each(POLICIES)('under %s', (policy) => {
  it('an expired credential makes no allocation', () => {
    const world = new World({ expiryPolicy: policy });
    expect(codeOf(world.client().as('alice', { ttlSec: -1 }).allocate())).toBe(401);
  });

  it('a credential with time left bounds nothing', () => {
    const { client } = started(policy, 86_400);
    expect(refresh(client, 3600).get(lifetime)).toBe(3600);
  });

  it('a credential without an end bounds nothing', () => {
    const world = new World({ expiryPolicy: policy });
    const client = world.client().with({ username: 'static:bob', password: passwordFor('static:bob') });
    expect(client.allocate((m) => m.add(lifetime, 3600)).get(lifetime)).toBe(3600);
    outlive(world, 1e9);
    expect(codeOf(refresh(client))).toBe(0);
  });

  it('deleting is honoured after the end of the credential', () => {
    const { world, client } = started(policy, 1000);
    outlive(world, 2000);
    expect(codeOf(refresh(client, 0))).toBe(0);
    expect(world.causes('allocation-ended')).toEqual(['deleted-by-client']);
  });

  it('deleting with a wrong password is refused after the end all the same', () => {
    const { world, client } = started(policy, 1000);
    outlive(world, 2000);
    client.with({ username: client.login!.username, password: 'guess' });
    expect(codeOf(refresh(client, 0))).toBe(401);
    expect(world.engine.stats().allocations).toBe(1);
  });

  it('a fresh credential of the same user carries the allocation on', () => {
    const { world, client } = started(policy, 1000);
    world.advance(500);
    client.as('alice', { ttlSec: 5000 });
    expect(refresh(client, 3600).get(lifetime)).toBe(3600);
    outlive(world, 1000);
    expect(codeOf(refresh(client))).toBe(0);
  });
});

describe('allocate-only', () => {
  it('lets an allocation live on past the end of its credential', () => {
    const { world, client, grantedSec } = started('allocate-only', 100);
    expect(grantedSec).toBe(600);
    world.advance(500);
    expect(refresh(client, 3600).get(lifetime)).toBe(3600);
    expect(codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address('9.9.9.9:1'))))).toBe(0);
  });
});

describe.each(['allocate-only', 'strict'] as const)(
  'under %s, what comes from another 5-tuple after the end',
  (policy) => {
    const expected = policy === 'strict' ? 401 : 0;

    it('a ConnectionBind fares as every request on the allocation', () => {
      const world = new World({ expiryPolicy: policy });
      const client = world.client(undefined, 'tcp').as('alice', { ttlSec: 600 });
      client.request(Method.Allocate, (m) => m.add(requestedTransport, 6));
      client.exchange(client.signed(Method.Connect, (m) => m.add(xorPeerAddress, address('9.9.9.9:7'))));
      const id = world.plane.tcp!.latest;
      world.engine.onPeerConnected(id);
      outlive(world, 700);
      const bearer = world.client(undefined, 'tcp').with(client.login!);
      expect(codeOf(bearer.request(Method.ConnectionBind, (m) => m.add(connectionId, id)))).toBe(expected);
      const thief = world.client(undefined, 'tcp').with({ ...client.login!, password: 'guess' });
      expect(codeOf(thief.request(Method.ConnectionBind, (m) => m.add(connectionId, id)))).not.toBe(0);
    });

    it('a Refresh with a ticket does too', () => {
      const world = new World({ expiryPolicy: policy, mobility: true });
      const client = world.client().as('alice', { ttlSec: 600 });
      const answer = client.allocate((m) => m.add(mobilityTicket, Buffer.alloc(0)));
      const ticket = Buffer.from(answer.get(mobilityTicket)!);
      outlive(world, 700);
      const move = (moved: TestClient) => codeOf(moved.request(Method.Refresh, (m) => m.add(mobilityTicket, ticket)));
      expect(move(world.client().with({ ...client.login!, password: 'guess' }))).toBe(401);
      expect(move(world.client().with(client.login!))).toBe(expected);
    });
  },
);

describe.each(['cap', 'strict'] as const)('%s', (policy) => {
  it('grants no more than the credential has left, on Allocate and on Refresh', () => {
    const { world, client, grantedSec } = started(policy, 500);
    expect(grantedSec).toBe(500);
    expect(client.relay.expiresAtMs).toBe(world.now.monotonicMs + 500_000);
    world.advance(200);
    expect(refresh(client, 3600).get(lifetime)).toBe(300);
    world.advance(300);
    expect(world.causes('allocation-ended')).toEqual(['expired']);
  });

  it('grants whole seconds that end before the credential does', () => {
    const world = new World({ expiryPolicy: policy });
    const client = world.client().as('alice', { ttlSec: 100 });
    world.sleep(0.5);
    expect(client.allocate().get(lifetime)).toBe(99);
  });

  it('refuses a Refresh with nothing left: 401 with a nonce and without MESSAGE-INTEGRITY', () => {
    const { world, client } = started(policy, 1000);
    outlive(world, 1000);
    const answer = refresh(client);
    expect(codeOf(answer)).toBe(401);
    expect(answer.has(nonce)).toBe(true);
    expect(answer.has(messageIntegrity)).toBe(false);
    expect(world.causes('request-refused')).toEqual(['expired']);
  });

  it('refuses an Allocate within the last second', () => {
    const world = new World({ expiryPolicy: policy });
    const client = world.client().as('alice', { ttlSec: 100 });
    world.sleep(99.5);
    expect(codeOf(client.allocate())).toBe(401);
  });
});

describe('after the end of the credential on a live allocation', () => {
  it.each([
    ['allocate-only', 0],
    ['cap', 0],
    ['strict', 401],
  ] as const)('%s answers CreatePermission and ChannelBind with %i', (policy, code) => {
    const { world, client } = started(policy, 1000);
    outlive(world, 1000);
    const peer = address('9.9.9.9:1');
    expect(codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, peer)))).toBe(code);
    const bind = client.request(Method.ChannelBind, (m) => m.add(xorPeerAddress, peer).add(channelNumber, 0x4000));
    expect(codeOf(bind)).toBe(code);
  });
});
