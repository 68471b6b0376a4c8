import { describe, expect, it } from 'vitest';
import { priority } from '../../../src/stun/attributes/rfc8445.ts';
import { messageIntegrity, unknownAttributes, xorMappedAddress } from '../../../src/stun/attributes/rfc8489.ts';
import { data, dontFragment, requestedAddressFamily, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { address, codeOf, decoded, plain, World, type Build, type TestClient } from './world.ts';
import { writtenAs } from '../../stun/raw-attribute.ts';

function permitted(world: World, ...peers: string[]): TestClient {
  const client = world.client().as('alice');
  client.allocate();
  client.request(Method.CreatePermission, (message) => {
    for (const peer of peers) message.add(xorPeerAddress, address(peer));
  });
  return client;
}

const toPeer = (peer: string, text = 'hello'): Build => {
  return (message) => message.add(xorPeerAddress, address(peer)).add(data, Buffer.from(text));
};

describe('a Binding request', () => {
  it('is answered to anybody with the address it came from', () => {
    const world = new World();
    for (const remote of ['198.51.100.9:1234', '[2a00::9]:1234']) {
      const answer = world.client(remote).exchange(plain(Method.Binding, 'request'))!;
      expect(codeOf(answer)).toBe(0);
      expect(answer.get(xorMappedAddress)).toEqual(address(remote));
      expect(answer.has(messageIntegrity)).toBe(false);
    }
  });

  it('with an unknown required attribute is 420', () => {
    const answer = new World().client().exchange(plain(Method.Binding, 'request', (m) => m.add(priority, 1)))!;
    expect(codeOf(answer)).toBe(420);
    expect(answer.get(unknownAttributes)).toEqual([priority.type]);
  });

  it('whose fingerprint is wrong gets no answer', () => {
    const world = new World();
    const bytes = new StunWriter(Method.Binding, 'request', Buffer.alloc(12)).addFingerprint().finish();
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1;
    expect(world.client().exchange(bytes)).toBeUndefined();
    expect(world.engine.stats().drops).toEqual({ 'bad-fingerprint': 1 });
  });
});

describe('messages that are no business of a server', () => {
  it.each([
    ['a success response', plain(Method.Allocate, 'success'), 'unexpected-class'],
    ['an error response', plain(Method.Allocate, 'error'), 'unexpected-class'],
    ['a Data indication', plain(Method.Data, 'indication'), 'unknown-method'],
    ['a Binding indication', plain(Method.Binding, 'indication'), 'unknown-method'],
    ['a Send request', plain(Method.Send, 'request'), 'unknown-method'],
    ['a ConnectionAttempt request', plain(Method.ConnectionAttempt, 'request'), 'unknown-method'],
    ['a request of an unassigned method', plain(0x0ff, 'request'), 'unknown-method'],
    ['ChannelData of no channel', Buffer.from('4abc0002ffff0000', 'hex'), 'unknown-channel'],
    ['nothing', Buffer.alloc(0), 'too-short'],
    ['RTP', Buffer.alloc(40, 0x80), 'not-stun'],
  ])('%s is dropped and counted', (_what, bytes, reason) => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    const before = client.inbox.length;
    world.engine.onClientMessage(client, bytes);
    expect(client.inbox).toHaveLength(before);
    expect(world.engine.stats().drops).toEqual({ [reason]: 1 });
  });
});

describe('a Send indication', () => {
  it('goes out to any port of a permitted address', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    client.indicate(Method.Send, toPeer('9.9.9.9:777', 'media'));
    const from = `8.8.4.1:${client.relayed.port}`;
    expect(world.plane.sent).toEqual([{ from, to: '9.9.9.9:777', data: 'media', dontFragment: false }]);
  });

  it('may be empty', () => {
    const world = new World();
    permitted(world, '9.9.9.9:1').indicate(Method.Send, toPeer('9.9.9.9:777', ''));
    expect(world.plane.sent).toMatchObject([{ data: '' }]);
  });

  it('hands DONT-FRAGMENT on', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    client.indicate(Method.Send, (m) => {
      toPeer('9.9.9.9:777')(m);
      m.add(dontFragment, true);
    });
    expect(world.plane.sent).toMatchObject([{ dontFragment: true }]);
  });

  it.each([
    ['IPv6 to IPv6', 'udp', '[2001:470::5]:4000', 6, false],
    ['IPv6 to IPv4', 'udp', '[2001:470::5]:4000', 4, false],
    ['IPv4 to IPv6', 'udp', '198.51.100.5:4000', 6, false],
    ['IPv4 to IPv4', 'udp', '198.51.100.5:4000', 4, true],
    ['IPv6 to IPv6 for a TCP client', 'tcp', '[2001:470::5]:4000', 6, true],
  ] as const)('heeds DONT-FRAGMENT as RFC 8656 §13 says: %s', (_what, transport, remote, family, heeded) => {
    const world = new World();
    const client = world.client(remote, transport).as('alice');
    client.allocate((m) => m.add(requestedAddressFamily, family === 4 ? 1 : 2));
    const peer = address(family === 4 ? '9.9.9.9:7' : '[2606:4700::1]:7');
    client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, peer));
    client.indicate(Method.Send, (m) =>
      m.add(xorPeerAddress, peer).add(data, Buffer.from('x')).add(dontFragment, true),
    );
    expect(world.plane.sent.map((sent) => sent.dontFragment)).toEqual([heeded]);
  });

  it('does not refresh the permission', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    world.advance(299);
    client.indicate(Method.Send, toPeer('9.9.9.9:777'));
    world.advance(1);
    client.indicate(Method.Send, toPeer('9.9.9.9:777'));
    expect(world.plane.sent).toHaveLength(1);
  });

  it.each<[string, string, Build]>([
    ['to an address without permission', 'no-permission', toPeer('9.9.9.8:777')],
    ['to the other family', 'family-mismatch', toPeer('[2606:4700::1]:777')],
    ['to port 0', 'peer-denied', toPeer('9.9.9.9:0')],
    ['to our own listener', 'peer-denied', toPeer('8.8.4.1:3478')],
    ['without a peer', 'incomplete-indication', (m) => m.add(data, Buffer.from('x'))],
    ['without data', 'incomplete-indication', (m) => m.add(xorPeerAddress, address('9.9.9.9:777'))],
    [
      'with an unknown required attribute',
      'unknown-attribute',
      (m) => {
        toPeer('9.9.9.9:777')(m);
        m.add(priority, 1);
      },
    ],
    [
      'with a peer that cannot be read',
      'incomplete-indication',
      (m) => m.add(writtenAs(xorPeerAddress, Buffer.alloc(5)), address('9.9.9.9:1')).add(data, Buffer.from('x')),
    ],
  ])('%s is dropped in silence', (_what, reason, build) => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1', '8.8.4.1:1');
    const before = client.inbox.length;
    client.indicate(Method.Send, build);
    expect(world.plane.sent).toEqual([]);
    expect(client.inbox).toHaveLength(before);
    expect(world.engine.stats().drops).toEqual({ [reason]: 1 });
  });

  it('of a client without an allocation is dropped', () => {
    const world = new World();
    world.client().indicate(Method.Send, toPeer('9.9.9.9:777'));
    expect(world.engine.stats().drops).toEqual({ 'no-allocation': 1 });
  });

  it('with DONT-FRAGMENT is dropped where DF cannot be set', () => {
    const world = new World({ dontFragment: false });
    const client = permitted(world, '9.9.9.9:1');
    client.indicate(Method.Send, (m) => {
      toPeer('9.9.9.9:777')(m);
      m.add(dontFragment, true);
    });
    expect(world.plane.sent).toEqual([]);
  });

  it('to a denied port tells observers once for each permission, not once for each datagram', () => {
    const world = new World();
    const client = permitted(world, '8.8.4.1:1');
    for (let i = 0; i < 5; i++) client.indicate(Method.Send, toPeer('8.8.4.1:3478'));
    expect(world.causes('peer-denied')).toEqual(['own-listener']);
    expect(world.engine.stats().drops).toEqual({ 'peer-denied': 5 });
  });
});

describe('data of a peer without a channel', () => {
  it('becomes a Data indication', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    world.engine.onPeerData(client.relay, address('9.9.9.9:4444'), Buffer.from('media'));
    const indication = decoded(client.inbox.at(-1)!);
    expect([indication.method, indication.messageClass]).toEqual([Method.Data, 'indication']);
    expect(indication.get(xorPeerAddress)).toEqual(address('9.9.9.9:4444'));
    expect(indication.get(data)!.toString()).toBe('media');
    expect(indication.has(messageIntegrity)).toBe(false);
  });

  it('has a transaction id of its own each time', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    for (let i = 0; i < 3; i++) world.engine.onPeerData(client.relay, address('9.9.9.9:1'), Buffer.alloc(1));
    const ids = client.inbox.slice(-3).map((bytes) => decoded(bytes).transactionId.toString('hex'));
    expect(new Set(ids).size).toBe(3);
  });

  it.each([0, 1, 1500, 65_500])('carries %i bytes', (length) => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    world.engine.onPeerData(client.relay, address('9.9.9.9:1'), Buffer.alloc(length, 7));
    expect(decoded(client.inbox.at(-1)!).get(data)).toHaveLength(length);
  });

  it.each([
    ['without permission', '9.9.9.8:1', 10, 'no-permission'],
    ['larger than an indication', '9.9.9.9:1', 65_507, 'oversized'],
    ['of our own listener', '8.8.4.1:3478', 10, 'peer-denied'],
  ])('%s is dropped', (_what, peer, length, reason) => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1', '8.8.4.1:1');
    const before = client.inbox.length;
    world.engine.onPeerData(client.relay, address(peer), Buffer.alloc(length));
    expect(client.inbox).toHaveLength(before);
    expect(world.engine.stats().drops).toEqual({ [reason]: 1 });
  });

  it('is dropped when the permission or the allocation is over, timer or not', () => {
    const world = new World();
    const client = permitted(world, '9.9.9.9:1');
    const { relay } = client;
    const before = client.inbox.length;
    world.sleep(300);
    world.engine.onPeerData(relay, address('9.9.9.9:1'), Buffer.alloc(1));
    world.sleep(300);
    world.engine.onPeerData(relay, address('9.9.9.9:1'), Buffer.alloc(1));
    expect(client.inbox).toHaveLength(before);
    expect(world.engine.stats().drops).toEqual({ 'no-permission': 1, 'no-allocation': 1 });
  });
});
