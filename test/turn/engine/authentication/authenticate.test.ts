import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  messageIntegrity,
  nonce,
  realm,
  software,
  username,
} from '../../../../src/stun/attributes/rfc8489.ts';
import { lifetime, requestedTransport } from '../../../../src/stun/attributes/rfc8656.ts';
import { checkFingerprint } from '../../../../src/stun/fingerprint.ts';
import { checkIntegrity } from '../../../../src/stun/integrity.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { StunWriter } from '../../../../src/stun/writer.ts';
import { passwordFor } from '../fake-verifier.ts';
import { codeOf, plain, REALM, World, type TestClient } from '../world.ts';
import { writtenAs } from '../../../stun/raw-attribute.ts';

const AUTHENTICATED_METHODS = [
  ['Allocate', Method.Allocate],
  ['Refresh', Method.Refresh],
  ['CreatePermission', Method.CreatePermission],
  ['ChannelBind', Method.ChannelBind],
] as const;

/** A request with exactly these of the four attributes. */
function withOnly(client: TestClient, present: readonly ('username' | 'realm' | 'nonce')[]): Buffer {
  const writer = new StunWriter(Method.Allocate, 'request', Buffer.alloc(12, 7)).add(requestedTransport, 17);
  if (present.includes('username')) writer.add(username, client.login!.username);
  if (present.includes('realm')) writer.add(realm, REALM);
  if (present.includes('nonce')) writer.add(nonce, client.nonce!);
  return writer.addIntegrity(client.key16()).finish();
}

describe('a request without MESSAGE-INTEGRITY', () => {
  it.each(AUTHENTICATED_METHODS)(
    '%s is 401 with realm and nonce, and nothing that it need not hold',
    (_name, method) => {
      const world = new World({ software: 'epcscf-turn' });
      const answer = world.client().exchange(plain(method, 'request'))!;
      expect(codeOf(answer)).toBe(401);
      expect(answer.get(realm)).toBe(REALM);
      expect(answer.get(nonce)).toMatch(/^obMatJos2gAAA[\w-]{22}$/);
      expect(answer.has(messageIntegrity)).toBe(false);
      expect(answer.has(software)).toBe(false);
      expect(world.causes('authentication-refused')).toEqual(['no-credentials']);
    },
  );

  it('is answered with 116 bytes for a realm of 15, so that a forged source gains little', () => {
    const world = new World();
    expect(world.client().exchange(plain(Method.Allocate, 'request'))!.bytes.length).toBe(116);
  });

  it('leaves nothing behind in the engine', () => {
    const world = new World();
    for (let port = 1; port < 500; port++) world.client(`198.51.100.1:${port}`).challenge();
    expect(world.engine.stats()).toMatchObject({ allocations: 0, reservations: 0, users: 0, timers: 0 });
    expect(world.engine.nextDeadlineMs).toBeUndefined();
  });
});

describe('a request with MESSAGE-INTEGRITY', () => {
  it.each([
    ['username', ['realm', 'nonce']],
    ['realm', ['username', 'nonce']],
    ['nonce', ['username', 'realm']],
  ] as const)('without %s is 400 without a challenge', (_missing, present) => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    const answer = client.exchange(withOnly(client, present))!;
    expect(codeOf(answer)).toBe(400);
    expect(answer.has(messageIntegrity) || answer.has(nonce) || answer.has(realm)).toBe(false);
    expect(world.causes('authentication-refused').at(-1)).toBe('incomplete-credentials');
  });

  it('of a foreign nonce is 438 with a nonce that works', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.nonce = 'A'.repeat(22);
    const refused = client.allocate();
    expect(codeOf(refused)).toBe(438);
    expect(refused.has(messageIntegrity)).toBe(false);
    client.nonce = refused.get(nonce)!;
    expect(codeOf(client.allocate())).toBe(0);
    expect(world.causes('authentication-refused')).toEqual(['foreign-nonce']);
  });

  it('of a foreign nonce reaches no credential lookup', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.nonce = 'A'.repeat(22);
    client.allocate();
    expect(world.verifier.lookups).toEqual([]);
  });

  it('in another realm is 401', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    client.realm = 'elsewhere.example';
    const answer = client.exchange(client.signed(Method.Allocate));
    expect(codeOf(answer)).toBe(401);
    expect(world.causes('authentication-refused').at(-1)).toBe('wrong-realm');
  });

  it('keyed with a wrong password is 401 without MESSAGE-INTEGRITY', () => {
    const world = new World();
    const client = world.client().as('alice', { password: 'guess' });
    const answer = client.allocate();
    expect(codeOf(answer)).toBe(401);
    expect(answer.has(messageIntegrity)).toBe(false);
    expect(world.of('authentication-refused').at(-1)).toMatchObject({
      cause: 'wrong-key-or-password',
      username: client.login!.username,
      client: client.remote,
      transport: 'udp',
      method: Method.Allocate,
    });
  });

  it("keyed with another user's password is 401", () => {
    const world = new World();
    const bob = world.client().as('bob');
    const client = world.client().as('alice', { password: bob.login!.password });
    expect(codeOf(client.allocate())).toBe(401);
  });

  it('of a tampered t is 401', () => {
    const world = new World();
    const client = world.client().as('alice');
    const [t = ''] = client.login!.username.split(':');
    client.with({ username: `${Number(t) + 1}:alice`, password: client.login!.password });
    expect(codeOf(client.allocate())).toBe(401);
    expect(world.causes('authentication-refused').at(-1)).toBe('wrong-key-or-password');
  });

  it.each([
    ['expired', '1000:alice'],
    ['unknown-form', 'alice'],
  ])('refused by the verifier as %s is 401 with that cause in the event', (cause, name) => {
    const world = new World();
    const client = world.client().with({ username: name, password: passwordFor(name) });
    expect(codeOf(client.allocate())).toBe(401);
    expect(world.causes('authentication-refused').at(-1)).toBe(cause);
  });

  it('that was changed after signing is 401', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    const bytes = client.signed(Method.Allocate, (message) => message.add(lifetime, 700));
    bytes[27] = bytes[27]! ^ 1;
    expect(codeOf(client.exchange(bytes))).toBe(401);
  });

  it.each(['k1', 'k2', 'k3'])('passes with the password of any key of the ring: %s', (keyId) => {
    const world = new World();
    world.verifier.keyIds = ['k1', 'k2', 'k3'];
    const client = world.client().as('alice', { keyId });
    expect(codeOf(client.allocate())).toBe(0);
    expect(world.of('allocation-created')[0]!.keyId).toBe(keyId);
  });
});

describe('an answer to an authenticated request', () => {
  it('is keyed with the key that verified it, in success and error alike', () => {
    const world = new World();
    world.verifier.keyIds = ['k1', 'k2'];
    const client = world.client().as('alice', { keyId: 'k2' });
    expect(checkIntegrity(client.allocate(), client.key16())).toBe('valid');
    const error = client.request(Method.ChannelBind);
    expect(codeOf(error)).toBe(400);
    expect(checkIntegrity(error, client.key16())).toBe('valid');
  });

  it('repeats neither username nor realm nor nonce', () => {
    const world = new World();
    const answer = world.client().as('alice').allocate();
    expect(answer.has(username) || answer.has(realm) || answer.has(nonce)).toBe(false);
  });

  it('names the software for Allocate and Refresh when an option says so', () => {
    const world = new World({ software: 'epcscf-turn' });
    const client = world.client().as('alice');
    expect(client.allocate().get(software)).toBe('epcscf-turn');
    expect(client.request(Method.Refresh).get(software)).toBe('epcscf-turn');
    expect(client.request(Method.ChannelBind).has(software)).toBe(false);
  });

  it('carries FINGERPRINT exactly when the request did', () => {
    const world = new World();
    const client = world.client();
    const asked = client.exchange(
      new StunWriter(Method.Binding, 'request', Buffer.alloc(12, 1)).addFingerprint().finish(),
    )!;
    expect(checkFingerprint(asked)).toBe('valid');
    expect(client.exchange(plain(Method.Binding, 'request'))!.has(fingerprint)).toBe(false);
    const challenged = client.exchange(
      new StunWriter(Method.Allocate, 'request', Buffer.alloc(12, 1)).addFingerprint().finish(),
    )!;
    expect(checkFingerprint(challenged)).toBe('valid');
  });
});

describe('on a live allocation', () => {
  it('the same credential needs no further lookup', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    client.request(Method.Refresh);
    client.request(Method.Refresh);
    expect(world.verifier.lookups).toHaveLength(1);
  });

  it('the same username with a wrong password is 401', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    client.with({ username: client.login!.username, password: 'guess' });
    expect(codeOf(client.request(Method.Refresh))).toBe(401);
  });

  it('a fresh credential of the same user is accepted, also one minted with a newer key', () => {
    const world = new World();
    world.verifier.keyIds = ['k2', 'k1'];
    const client = world.client().as('alice', { keyId: 'k1' });
    client.allocate();
    client.as('alice', { ttlSec: 90_000, keyId: 'k2' });
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
    expect(world.of('allocation-refreshed')[0]!.keyId).toBe('k2');
  });

  it.each(AUTHENTICATED_METHODS)('%s of another user is 441, but for Allocate, which is 437', (_name, method) => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    client.as('mallory');
    const answer = client.request(method, (message) => message.add(requestedTransport, 17));
    expect(codeOf(answer)).toBe(method === Method.Allocate ? 437 : 441);
    expect(checkIntegrity(answer, client.key16())).toBe('valid');
    expect(world.causes('request-refused')).toEqual([method === Method.Allocate ? 'allocation-exists' : 'other-user']);
    expect(world.engine.stats().allocations).toBe(1);
  });
});

describe('hostile usernames', () => {
  it.each([
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['toString', 'toString'],
    ['hasOwnProperty', 'hasOwnProperty'],
    ['a NUL', 'alice\0'],
    ['line breaks', 'alice\r\nX-Log: forged'],
    ['only a colon', ':'],
    ['many colons', '1:2:3:4'],
    ['a huge number', `${'9'.repeat(400)}:alice`],
    ['nothing', ''],
    ['508 bytes', 'x'.repeat(508)],
    ['a right-to-left override', '\u202ealice'],
  ])('%s gets 401 and no allocation', (_what, name) => {
    const world = new World();
    const client = world.client().with({ username: name, password: name });
    expect(codeOf(client.allocate())).toBe(401);
    expect(world.engine.stats().allocations).toBe(0);
    expect(world.of('authentication-refused').at(-1)!.username).toBe(name);
  });

  it.each([
    ['invalid UTF-8', Buffer.from('c328ff', 'hex')],
    ['more bytes than USERNAME may have', Buffer.alloc(800, 0x61)],
  ])('%s is no username: 400', (_what, bytes) => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    const raw = writtenAs(username, bytes);
    const request = new StunWriter(Method.Allocate, 'request', Buffer.alloc(12, 7)).add(requestedTransport, 17);
    request.add(raw, '').add(realm, REALM).add(nonce, client.nonce!);
    expect(codeOf(client.exchange(request.addIntegrity(client.key16()).finish()))).toBe(400);
  });

  it('513 bytes never get further than 401', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.challenge();
    const raw = writtenAs(username, Buffer.alloc(513, 0x61));
    const request = new StunWriter(Method.Allocate, 'request', Buffer.alloc(12, 7)).add(requestedTransport, 17);
    request.add(raw, '').add(realm, REALM).add(nonce, client.nonce!);
    expect(codeOf(client.exchange(request.addIntegrity(client.key16()).finish()))).toBe(401);
  });
});

describe('an integrity attribute of a wrong length', () => {
  it.each([
    [0x0008, 0],
    [0x0008, 16],
    [0x0008, 24],
    [0x001c, 0],
    [0x001c, 16],
    [0x001c, 20],
    [0x001c, 36],
  ])(
    'of type %i with %i bytes is 400 before any HMAC: no nonce is checked or made, and nobody is looked up',
    (type, length) => {
      const world = new World();
      const client = world.client().as('alice');
      client.nonce = 'foreign';
      const request = client.signed(Method.Allocate);
      const before = request.subarray(0, request.length - 24);
      const forged = Buffer.concat([before, Buffer.alloc(4 + length)]);
      forged.writeUInt16BE(type, before.length);
      forged.writeUInt16BE(length, before.length + 2);
      forged.writeUInt16BE(forged.length - 20, 2);
      const answer = client.exchange(forged);
      expect(codeOf(answer)).toBe(400);
      expect(answer!.has(nonce)).toBe(false);
      expect(world.verifier.lookups).toEqual([]);
      expect(world.causes('authentication-refused')).toEqual(['malformed-integrity']);
    },
  );
});
