import { describe, expect, it } from 'vitest';
import { channelNumber, data, lifetime, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { address, codeOf, engineOptions, World, type TestClient } from './world.ts';

/** A lab whose relay is on loopback: closed to peers, but for the relayed addresses themselves. */
function lab(): { world: World; alice: TestClient; bob: TestClient } {
  const world = new World({
    relay: { ...engineOptions().relay, addresses: ['127.0.0.1'] },
    listeners: [address('127.0.0.1:3478'), address('0.0.0.0:8443')],
  });
  const alice = world.client().as('alice');
  const bob = world.client().as('bob');
  alice.allocate((m) => m.add(lifetime, 3600));
  bob.allocate();
  return { world, alice, bob };
}

const bind = (client: TestClient, peer: TransportAddress): number =>
  codeOf(client.request(Method.ChannelBind, (m) => m.add(channelNumber, 0x4000).add(xorPeerAddress, peer)));
const permit = (client: TestClient, text: string): number =>
  codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address(text))));
const send = (client: TestClient, peer: TransportAddress): void => {
  client.indicate(Method.Send, (m) => m.add(xorPeerAddress, peer).add(data, Buffer.from('x')));
};

describe('two clients of a server whose relay is on loopback', () => {
  it('reach each other by channel, by indication, and back', () => {
    const { world, alice, bob } = lab();
    expect(bind(alice, bob.relayed)).toBe(0);
    expect(permit(bob, '127.0.0.1:9')).toBe(0);
    send(bob, alice.relayed);
    expect(world.plane.sent).toHaveLength(1);
    const before = bob.inbox.length;
    world.engine.onPeerData(bob.relay, alice.relayed, Buffer.from('x'));
    expect(bob.inbox).toHaveLength(before + 1);
  });

  it('reach nothing else on loopback: not by channel, not by indication, not back', () => {
    const { world, alice } = lab();
    const other = address('127.0.0.1:53');
    expect(bind(alice, other)).toBe(403);
    expect(permit(alice, '127.0.0.1:53')).toBe(0);
    send(alice, other);
    expect(world.plane.sent).toEqual([]);
    const before = alice.inbox.length;
    world.engine.onPeerData(alice.relay, other, Buffer.from('x'));
    expect(alice.inbox).toHaveLength(before);
    expect(world.causes('peer-denied')).toEqual(['not-a-live-relay', 'not-a-live-relay']);
  });

  it.each(['127.0.0.2:1', '127.1.1.1:50000'])('get no permission for %s', (peer) => {
    expect(permit(lab().alice, peer)).toBe(403);
  });

  it.each(['127.0.0.1:3478', '127.0.0.1:8443'])('never reach the listener %s', (peer) => {
    expect(bind(lab().alice, address(peer))).toBe(403);
  });

  it('lose a channel to a relayed address that ends, since another program may get its port', () => {
    const { world, alice, bob } = lab();
    const gone = bob.relayed;
    bind(alice, gone);
    bob.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(alice.relay.channels.size).toBe(0);
    expect(bind(alice, gone)).toBe(403);
    send(alice, gone);
    expect(world.plane.sent).toEqual([]);
    world.advance(300);
    expect(alice.relay.permissions.size).toBe(0);
    world.advance(3000);
    expect(world.engine.sessions()).toHaveLength(1);
    world.advance(300);
    expect(world.engine.sessions()).toEqual([]);
  });
});

describe('a channel towards an own relay', () => {
  it('may be towards the very relay that holds it, and ends with it', () => {
    const { world, alice } = lab();
    expect(bind(alice, alice.relayed)).toBe(0);
    expect(codeOf(alice.request(Method.Refresh, (m) => m.add(lifetime, 0)))).toBe(0);
    expect(world.engine.stats()).toMatchObject({ allocations: 1, timers: 1 });
  });

  it('of a holder that ended or whose binding ran out is not looked for when the relay ends', () => {
    const { world, alice, bob } = lab();
    const carol = world.client().as('carol');
    carol.allocate();
    bind(alice, bob.relayed);
    bind(carol, bob.relayed);
    carol.request(Method.Refresh, (m) => m.add(lifetime, 0));
    world.advance(500);
    bob.request(Method.Refresh, (m) => m.add(lifetime, 3600));
    world.advance(100);
    expect(alice.relay.channels.size).toBe(0);
    bob.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(world.causes('allocation-ended')).toEqual(['deleted-by-client', 'deleted-by-client']);
  });
});

describe('a server whose relay is on a public address', () => {
  it('ends a channel to a relayed address that ended, as on loopback', () => {
    const world = new World();
    const alice = world.client().as('alice');
    const bob = world.client().as('bob');
    alice.allocate();
    bob.allocate();
    const gone = bob.relayed;
    expect(bind(alice, gone)).toBe(0);
    bob.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(alice.relay.channels.size).toBe(0);
    expect(permit(alice, '8.8.4.1:9')).toBe(0);
    send(alice, gone);
    expect(world.plane.sent).toEqual([]);
  });
});
