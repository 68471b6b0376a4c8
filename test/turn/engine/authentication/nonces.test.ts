import { describe, expect, it } from 'vitest';
import { nonce } from '../../../../src/stun/attributes/rfc8489.ts';
import { lifetime } from '../../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { type ClientPath, type ClientTransport } from '../../../../src/turn/contract/client-path.ts';
import { Nonces } from '../../../../src/turn/engine/authentication/nonces.ts';
import { address, codeOf, REALM, World } from '../world.ts';

const LIFETIME_SEC = 600;
const KEY = Buffer.alloc(32, 1);
const COOKIE = 'obMatJos2gAAA';
const at = (seconds: number) => ({ monotonicMs: seconds * 1000, unixMs: 0 });

function path(remote = '192.0.2.1:5000', transport: ClientTransport = 'udp'): ClientPath {
  return { transport, remote: address(remote), local: address('192.0.2.9:3478'), key: 'any', socket: 1, from: '' };
}

describe('a nonce', () => {
  const nonces = new Nonces(KEY, LIFETIME_SEC, COOKIE);
  const text = nonces.issue(path(), REALM, at(1000));

  it('is short ASCII behind the nonce cookie', () => {
    expect(text.slice(0, 13)).toBe(COOKIE);
    expect(text.slice(13)).toMatch(/^[\w-]{22}$/);
  });

  it('is foreign in another realm', () => {
    expect(nonces.check(text, path(), 'elsewhere.example', at(1001))).toBe('foreign');
  });

  it.each(['obMatJos2AAAA', 'obMatJos2QAAA', 'obMatJos2wAAA', 'obmatjos2gAAA', ''])(
    'is foreign with the cookie %j in the place of its own, which promises other features',
    (cookie) => {
      expect(nonces.check(cookie + text.slice(13), path(), REALM, at(1001))).toBe('foreign');
    },
  );

  it.each([
    [1000, 'valid'],
    [1599.999, 'valid'],
    [1600, 'stale'],
    [99_999, 'stale'],
    [999, 'stale'],
  ])('of second 1000 is at second %d %s', (seconds, verdict) => {
    expect(nonces.check(text, path(), REALM, at(seconds))).toBe(verdict);
  });

  it.each([
    ['address', path('192.0.2.2:5000')],
    ['port', path('192.0.2.1:5001')],
    ['transport', path('192.0.2.1:5000', 'tcp')],
  ])('is foreign to a client of another %s', (_what, other) => {
    expect(nonces.check(text, other, REALM, at(1001))).toBe('foreign');
  });

  it('is foreign to another process', () => {
    expect(new Nonces(Buffer.alloc(32, 2), LIFETIME_SEC, COOKIE).check(text, path(), REALM, at(1001))).toBe('foreign');
  });

  it('is foreign when any of its 128 bits is changed, its time among them', () => {
    const bytes = Buffer.from(text.slice(13), 'base64url');
    for (let bit = 0; bit < 128; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      expect(nonces.check(COOKIE + changed.toString('base64url'), path(), REALM, at(1001))).toBe('foreign');
    }
  });

  it.each(['', 'A', 'A'.repeat(21), 'A'.repeat(23), 'A'.repeat(763), '\0'.repeat(22), 'é'.repeat(22), ' '.repeat(22)])(
    'is none: %j',
    (other) => {
      expect(nonces.check(other, path(), REALM, at(1001))).toBe('foreign');
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
