import { describe, expect, it } from 'vitest';
import { lifetime } from '../../../src/stun/attributes/lifetime.ts';
import { nonce } from '../../../src/stun/attributes/nonce.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type ClientPath, type ClientTransport } from '../../../src/turn/engine/data-plane.ts';
import { Nonces } from '../../../src/turn/engine/nonces.ts';
import { address, codeOf, World } from './world.ts';

const LIFETIME_SEC = 600;
const KEY = Buffer.alloc(32, 1);
const at = (seconds: number) => ({ monotonicMs: seconds * 1000, unixMs: 0 });

function path(remote = '192.0.2.1:5000', transport: ClientTransport = 'udp'): ClientPath {
  const drop = (): void => undefined;
  return { transport, remote: address(remote), local: address('192.0.2.9:3478'), key: 'any', send: drop, close: drop };
}

describe('a nonce', () => {
  const nonces = new Nonces(KEY, LIFETIME_SEC);
  const text = nonces.issue(path(), at(1000));

  it('is short ASCII that promises no features of RFC 8489', () => {
    expect(text).toMatch(/^[\w-]{22}$/);
    expect(text.startsWith('obMatJos2')).toBe(false);
  });

  it.each([
    [1000, 'valid'],
    [1599.999, 'valid'],
    [1600, 'stale'],
    [99_999, 'stale'],
    [999, 'stale'],
  ])('of second 1000 is at second %d %s', (seconds, verdict) => {
    expect(nonces.check(text, path(), at(seconds))).toBe(verdict);
  });

  it.each([
    ['address', path('192.0.2.2:5000')],
    ['port', path('192.0.2.1:5001')],
    ['transport', path('192.0.2.1:5000', 'tcp')],
  ])('is foreign to a client of another %s', (_what, other) => {
    expect(nonces.check(text, other, at(1001))).toBe('foreign');
  });

  it('is foreign to another process', () => {
    expect(new Nonces(Buffer.alloc(32, 2), LIFETIME_SEC).check(text, path(), at(1001))).toBe('foreign');
  });

  it('is foreign when any of its 128 bits is changed, its time among them', () => {
    const bytes = Buffer.from(text, 'base64url');
    for (let bit = 0; bit < 128; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      expect(nonces.check(changed.toString('base64url'), path(), at(1001))).toBe('foreign');
    }
  });

  it.each(['', 'A', 'A'.repeat(21), 'A'.repeat(23), 'A'.repeat(763), '\0'.repeat(22), 'é'.repeat(22), ' '.repeat(22)])(
    'is none: %j',
    (other) => {
      expect(nonces.check(other, path(), at(1001))).toBe('foreign');
    },
  );
});

describe('a stale nonce', () => {
  it('is 438, and the request passes with the new one while the allocation lives on', () => {
    const world = new World({ nonceLifetimeSec: 60 });
    const client = world.client().as('alice');
    client.allocate();
    world.advance(60);
    const refused = client.request(Method.Refresh, (m) => m.add(lifetime, 600));
    expect(codeOf(refused)).toBe(438);
    expect(world.causes('authentication-refused').at(-1)).toBe('stale-nonce');
    client.nonce = refused.get(nonce)!;
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
  });

  it('of one client does not serve another that sends from elsewhere', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    const thief = world.client().with(client.login!);
    thief.nonce = client.nonce;
    expect(codeOf(thief.allocate())).toBe(438);
    expect(world.causes('authentication-refused').at(-1)).toBe('foreign-nonce');
  });
});
