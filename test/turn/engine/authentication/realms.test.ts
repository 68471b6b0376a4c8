import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { origin } from '../../../../src/stun/attributes/draft-stun-origin.ts';
import { nonce, realm } from '../../../../src/stun/attributes/rfc8489.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { Realms } from '../../../../src/turn/engine/authentication/realms.ts';
import { address, decoded, plain, World } from '../world.ts';

const client = new World().client();
const realms = new Realms({
  realm: 'ours.example',
  realms: {
    byListener: [
      { listener: { transport: 'udp', local: address('8.8.4.1:3479') }, realm: 'door.example' },
      { listener: { transport: 'tcp', local: client.local }, realm: 'tcp.example' },
      { listener: { transport: 'tcp', local: address('0.0.0.0:3480') }, realm: 'any.example' },
    ],
    byOrigin: new Map([['https://app.example', 'web.example']]),
  },
});

function realmOf({ at = '8.8.4.1:3478', transport = 'udp' as 'udp' | 'tcp', from = '', named = '' }): string {
  const bytes = plain(Method.Allocate, 'request', (message) => {
    if (from !== '') message.add(origin, from);
    if (named !== '') message.add(realm, named);
  });
  return realms.of(decoded(bytes), {
    transport,
    local: address(at),
    remote: client.remote,
    key: 'any',
    socket: 1,
    from: client.remote.address,
  });
}

describe('the realm of a request', () => {
  it.each([
    ['that of nobody else', {}, 'ours.example'],
    ['that of its listener', { at: '8.8.4.1:3479' }, 'door.example'],
    ['that of its listener of this transport', { transport: 'tcp' as const }, 'tcp.example'],
    ['that of its listener on all addresses', { at: '8.8.4.1:3480', transport: 'tcp' as const }, 'any.example'],
    ['that of its origin, whatever the listener', { at: '8.8.4.1:3479', from: 'https://app.example' }, 'web.example'],
    ['no other for an origin that nobody knows', { from: 'https://elsewhere.example' }, 'ours.example'],
    ['an origin is compared as a whole', { from: 'https://app.example:8443' }, 'ours.example'],
    ['that of an origin which it names without ORIGIN', { named: 'web.example' }, 'web.example'],
    ['not another listener’s which it names', { named: 'door.example' }, 'ours.example'],
    [
      'not the default which it names at a listener of another',
      { at: '8.8.4.1:3479', named: 'ours.example' },
      'door.example',
    ],
    ['that of its origin, whatever it names', { from: 'https://app.example', named: 'ours.example' }, 'web.example'],
    ['no property of an object', { from: '__proto__', named: 'constructor' }, 'ours.example'],
  ])('is %s', (_what, request, expected) => {
    expect(realmOf(request)).toBe(expected);
  });

  it('is one of the configuration, whatever ORIGIN and REALM hold', () => {
    const bytes = fc.uint8Array({ maxLength: 127 }).map((value) => Buffer.from(value).toString('utf8').slice(0, 100));
    fc.assert(
      fc.property(bytes, bytes, (from, named) => {
        expect(['ours.example', 'web.example']).toContain(realmOf({ from, named }));
      }),
    );
  });
});

describe('a user', () => {
  it('is known by name in the default realm, and by name and realm in the others', () => {
    expect(realms.userIn('ours.example', 'alice')).toBe('alice');
    expect(realms.userIn('web.example', 'alice')).toBe('alice@web.example');
  });

  it('has a quota of its own in each realm', () => {
    const at = '198.51.100.1';
    const world = new World({
      quota: { ...new World().options.quota, perUser: 1 },
      realms: { byListener: [], byOrigin: new Map([['https://app.example', 'web.example']]) },
    });
    const first = world.client(`${at}:1`).as('alice');
    expect(first.allocate().messageClass).toBe('success');
    const second = world.client(`${at}:2`).as('alice');
    expect(second.allocate().messageClass).toBe('error');
    const third = world.client(`${at}:3`).as('alice');
    third.realm = 'web.example';
    const challenge = third.exchange(plain(Method.Allocate, 'request', (m) => m.add(origin, 'https://app.example')))!;
    expect(challenge.get(realm)).toBe('web.example');
    third.nonce = challenge.get(nonce)!;
    expect(third.allocate().messageClass).toBe('success');
    expect(world.of('allocation-created').map(({ user }) => user)).toEqual(['alice', 'alice@web.example']);
  });
});
