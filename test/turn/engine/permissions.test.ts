import { describe, expect, it } from 'vitest';
import { software } from '../../../src/stun/attributes/rfc8489.ts';
import { requestedAddressFamily, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { address, codeOf, engineOptions, plain, World, type Build, type TestClient } from './world.ts';
import { writtenAs } from '../../stun/raw-attribute.ts';

function permit(client: TestClient, ...peers: string[]): StunMessage {
  return client.request(Method.CreatePermission, (message) => {
    for (const peer of peers) message.add(xorPeerAddress, address(peer));
  });
}

function allocated(world: World): TestClient {
  const client = world.client().as('alice');
  client.allocate();
  return client;
}

describe('CreatePermission', () => {
  it('installs each address for 300 seconds and ignores the ports', () => {
    const world = new World();
    const client = allocated(world);
    expect(codeOf(permit(client, '9.9.9.9:1', '1.1.1.1:0', '9.9.9.9:2'))).toBe(0);
    const untilMs = world.now.monotonicMs + 300_000;
    expect([...client.relay.permissions]).toEqual([
      ['9.9.9.9', untilMs],
      ['1.1.1.1', untilMs],
    ]);
    expect(world.of('permission-created').map(({ peerAddress }) => peerAddress)).toEqual(['9.9.9.9', '1.1.1.1']);
  });

  it('refreshes what is there, and tells observers of new addresses only', () => {
    const world = new World();
    const client = allocated(world);
    permit(client, '9.9.9.9:1');
    world.advance(200);
    permit(client, '9.9.9.9:1', '1.1.1.1:1');
    expect(client.relay.permissions.get('9.9.9.9')).toBe(world.now.monotonicMs + 300_000);
    expect(world.of('permission-created')).toHaveLength(2);
  });

  it('is removed from the plane when it ends, and not before', () => {
    const world = new World();
    const client = allocated(world);
    permit(client, '9.9.9.9:1');
    world.advance(100);
    permit(client, '1.1.1.1:1');
    world.advance(199);
    expect([...client.relay.permissions.keys()]).toEqual(['9.9.9.9', '1.1.1.1']);
    world.advance(1);
    expect([...client.relay.permissions.keys()]).toEqual(['1.1.1.1']);
    world.advance(100);
    expect(client.relay.permissions.size).toBe(0);
    permit(client, '9.9.9.9:1');
    expect(world.of('permission-created')).toHaveLength(3);
  });

  it('takes IPv6 peers for an IPv6 relay', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate((m) => m.add(requestedAddressFamily, 2));
    expect(codeOf(permit(client, '[2606:4700::1111]:1'))).toBe(0);
    expect(codeOf(permit(client, '9.9.9.9:1'))).toBe(443);
  });
});

describe('CreatePermission refuses', () => {
  it.each<[string, number, string, string[]]>([
    ['no address at all', 400, 'missing-attribute', []],
    ['an address of the other family', 443, 'family-mismatch', ['9.9.9.9:1', '[2606:4700::1]:1']],
    ['a denied address', 403, 'peer-denied', ['9.9.9.9:1', '10.0.0.1:1']],
    ['another family before a denied address', 443, 'family-mismatch', ['10.0.0.1:1', '[::1]:1']],
    ['more addresses than the limit', 508, 'permission-limit', Array.from({ length: 9 }, (_, i) => `9.9.9.${i + 1}:1`)],
  ])('%s with %i, and installs none', (_what, code, cause, peers) => {
    const world = new World();
    const client = allocated(world);
    expect(codeOf(permit(client, ...peers))).toBe(code);
    expect(world.causes('request-refused')).toEqual([cause]);
    expect(client.relay.permissions.size).toBe(0);
  });

  it('one unreadable address among good ones with 400, and installs none', () => {
    const world = new World();
    const client = allocated(world);
    const broken = writtenAs(xorPeerAddress, Buffer.alloc(7));
    const answer = client.request(Method.CreatePermission, (m) =>
      m.add(xorPeerAddress, address('9.9.9.9:1')).add(broken, address('9.9.9.8:1')),
    );
    expect(codeOf(answer)).toBe(400);
    expect(client.relay.permissions.size).toBe(0);
  });

  it('a client without an allocation with 437', () => {
    expect(codeOf(permit(new World().client().as('alice'), '9.9.9.9:1'))).toBe(437);
  });

  it('tells observers which peer the policy kept out', () => {
    const world = new World();
    const client = allocated(world);
    permit(client, '169.254.169.254:80');
    expect(world.of('peer-denied')).toMatchObject([
      { user: 'alice', cause: 'metadata', peer: { address: '169.254.169.254' } },
    ]);
  });
});

describe('the limit on permissions', () => {
  it('counts live addresses once, so that refreshing at the limit works', () => {
    const world = new World();
    const client = allocated(world);
    const eight = Array.from({ length: 8 }, (_, i) => `9.9.9.${i + 1}:1`);
    expect(codeOf(permit(client, ...eight))).toBe(0);
    expect(codeOf(permit(client, ...eight))).toBe(0);
    expect(codeOf(permit(client, '1.1.1.1:1'))).toBe(508);
  });

  it('does not count what has expired, timer or not', () => {
    const world = new World();
    const client = allocated(world);
    permit(client, ...Array.from({ length: 8 }, (_, i) => `9.9.9.${i + 1}:1`));
    world.sleep(300);
    expect(codeOf(permit(client, '1.1.1.1:1'))).toBe(0);
    expect([...client.relay.permissions.keys()]).toEqual(['1.1.1.1']);
  });
});

describe('a CreatePermission for many addresses', () => {
  const addresses = (count: number) => Array.from({ length: count }, (_, i) => `9.9.${i >> 8}.${i & 255}:1`);

  function limitedTo(permissions: number): TestClient {
    const { allocation } = engineOptions();
    const client = new World({ allocation: { ...allocation, permissions } }).client().as('alice');
    client.allocate();
    return client;
  }

  it.each([124, 125, 200, 1000])('permits %i where the limit is 1000', (count) => {
    const client = limitedTo(1000);
    expect(codeOf(permit(client, ...addresses(count)))).toBe(0);
    expect(client.relay.permissions.size).toBe(count);
  });

  it.each([65, 125, 1000, 5000])('is 508 for %i where the limit is 64, over and over, and installs none', (count) => {
    const client = limitedTo(64);
    expect(codeOf(permit(client, ...addresses(count)))).toBe(508);
    expect(codeOf(permit(client, ...addresses(count)))).toBe(508);
    expect(client.relay.permissions.size).toBe(0);
  });
});

describe('a request with more attributes than any usage needs', () => {
  const junk: Build = (message) => {
    for (let i = 0; i < 200; i++) message.add(software, 'x');
  };

  it.each([
    ['Refresh', Method.Refresh],
    ['CreatePermission', Method.CreatePermission],
    ['ChannelBind', Method.ChannelBind],
  ])('is answered: %s with a signed 400', (_name, method) => {
    const client = limitedClient();
    const answer = client.request(method, junk);
    expect(codeOf(answer)).toBe(400);
  });

  it('is answered 400 for a Binding, and dropped for an indication', () => {
    const world = new World();
    const client = world.client().as('alice');
    expect(codeOf(client.exchange(plain(Method.Binding, 'request', junk)))).toBe(400);
    client.indicate(Method.Send, junk);
    client.allocate();
    client.indicate(Method.Send, junk);
    expect(world.engine.stats().drops).toMatchObject({ 'too-many-attributes': 1, 'no-allocation': 1 });
  });

  function limitedClient(): TestClient {
    const client = new World().client().as('alice');
    client.allocate();
    return client;
  }
});
