import { describe, expect, it } from 'vitest';
import { channelNumber, lifetime, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { address, codeOf, World, type TestClient } from './world.ts';

function bind(client: TestClient, channel: number, peer: string): StunMessage {
  return client.request(Method.ChannelBind, (message) =>
    message.add(channelNumber, channel).add(xorPeerAddress, address(peer)),
  );
}

function allocated(world: World): TestClient {
  const client = world.client().as('alice');
  client.allocate((message) => message.add(lifetime, 3600));
  return client;
}

describe('ChannelBind', () => {
  it('binds for 600 seconds and permits the address for 300', () => {
    const world = new World();
    const client = allocated(world);
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5000'))).toBe(0);
    const nowMs = world.now.monotonicMs;
    expect([...client.relay.channels.values()]).toEqual([
      { channel: 0x4000, peer: address('9.9.9.9:5000'), expiresAtMs: nowMs + 600_000 },
    ]);
    expect([...client.relay.permissions]).toEqual([['9.9.9.9', nowMs + 300_000]]);
    expect(world.of('channel-bound')).toMatchObject([{ channel: 0x4000, peer: address('9.9.9.9:5000') }]);
    expect(world.of('permission-created')).toHaveLength(1);
  });

  it('of the same pair refreshes binding and permission without telling observers again', () => {
    const world = new World();
    const client = allocated(world);
    bind(client, 0x4000, '9.9.9.9:5000');
    world.advance(400);
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5000'))).toBe(0);
    expect(client.relay.channels.get(0x4000)!.expiresAtMs).toBe(world.now.monotonicMs + 600_000);
    expect(client.relay.permissions.get('9.9.9.9')).toBe(world.now.monotonicMs + 300_000);
    expect(world.of('channel-bound')).toHaveLength(1);
  });

  it('ends after 600 seconds, in the plane too', () => {
    const world = new World();
    const client = allocated(world);
    bind(client, 0x4000, '9.9.9.9:5000');
    world.advance(599);
    expect(client.relay.channels.size).toBe(1);
    expect(client.relay.permissions.size).toBe(0);
    world.advance(1);
    expect(client.relay.channels.size).toBe(0);
  });

  it('binds two ports of one address to two channels', () => {
    const world = new World();
    const client = allocated(world);
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5000'))).toBe(0);
    expect(codeOf(bind(client, 0x4001, '9.9.9.9:5001'))).toBe(0);
    expect(client.relay.permissions.size).toBe(1);
  });

  it('of one allocation means nothing to another', () => {
    const world = new World();
    bind(allocated(world), 0x4000, '9.9.9.9:5000');
    expect(codeOf(bind(allocated(world), 0x4000, '9.9.9.9:5001'))).toBe(0);
  });
});

describe('ChannelBind refuses', () => {
  it.each([0x0000, 0x3fff, 0x5000, 0x7fff, 0xffff])('channel number %i with 400', (channel) => {
    const world = new World();
    expect(codeOf(bind(allocated(world), channel, '9.9.9.9:5000'))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['channel-out-of-range']);
  });

  it.each([0x4000, 0x4fff])('but takes %i', (channel) => {
    expect(codeOf(bind(allocated(new World()), channel, '9.9.9.9:5000'))).toBe(0);
  });

  it.each([
    [0x3fff, 400],
    [0x5000, 0],
    [0x7fff, 0],
    [0x8000, 400],
  ])('of the older range, when that is let in, %i with %i', (channel, code) => {
    const world = new World({ legacyChannelNumbers: true });
    expect(codeOf(bind(allocated(world), channel, '9.9.9.9:5000'))).toBe(code);
  });

  it('a missing attribute with 400', () => {
    const client = allocated(new World());
    expect(codeOf(client.request(Method.ChannelBind, (m) => m.add(channelNumber, 0x4000)))).toBe(400);
    const peer = address('9.9.9.9:5000');
    expect(codeOf(client.request(Method.ChannelBind, (m) => m.add(xorPeerAddress, peer)))).toBe(400);
  });

  it('a channel that is bound to another peer with 400 until it ends', () => {
    const world = new World();
    const client = allocated(world);
    bind(client, 0x4000, '9.9.9.9:5000');
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5001'))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['channel-bound-to-other-peer']);
    world.sleep(600);
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5001'))).toBe(0);
    expect(client.relay.channels.get(0x4000)!.peer.port).toBe(5001);
    expect(codeOf(bind(client, 0x4001, '9.9.9.9:5000'))).toBe(0);
  });

  it('a peer that is bound to another channel with 400 until it ends', () => {
    const world = new World();
    const client = allocated(world);
    bind(client, 0x4000, '9.9.9.9:5000');
    expect(codeOf(bind(client, 0x4001, '9.9.9.9:5000'))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['peer-bound-to-other-channel']);
    world.sleep(600);
    expect(codeOf(bind(client, 0x4001, '9.9.9.9:5000'))).toBe(0);
    expect([...client.relay.channels.keys()]).toEqual([0x4001]);
  });

  it.each([
    ['of the other family', '[2606:4700::1]:5000', 443],
    ['the policy denies', '192.168.1.1:5000', 403],
    ['that is our own listener', '8.8.4.1:3478', 403],
    ['with port 0', '9.9.9.9:0', 403],
  ])('a peer %s', (_what, peer, code) => {
    const client = allocated(new World());
    expect(codeOf(bind(client, 0x4000, peer))).toBe(code);
    expect(client.relay.channels.size + client.relay.permissions.size).toBe(0);
  });

  it('more channels than the limit with 508, but refreshes at the limit', () => {
    const world = new World();
    const client = allocated(world);
    for (let i = 0; i < 6; i++) expect(codeOf(bind(client, 0x4000 + i, `9.9.9.9:${5000 + i}`))).toBe(0);
    expect(codeOf(bind(client, 0x4006, '9.9.9.9:5006'))).toBe(508);
    expect(codeOf(bind(client, 0x4000, '9.9.9.9:5000'))).toBe(0);
    expect(world.causes('request-refused')).toEqual(['channel-limit']);
  });

  it('a channel whose permission would be one too many with 508', () => {
    const world = new World();
    const client = allocated(world);
    client.request(Method.CreatePermission, (m) => {
      for (let i = 1; i <= 8; i++) m.add(xorPeerAddress, address(`9.9.9.${i}:1`));
    });
    expect(codeOf(bind(client, 0x4000, '1.1.1.1:1'))).toBe(508);
    expect(world.causes('request-refused')).toEqual(['permission-limit']);
    expect(codeOf(bind(client, 0x4000, '9.9.9.1:1'))).toBe(0);
  });
});
