import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ok } from '../../../../src/base/result.ts';
import { accessToken } from '../../../../src/stun/attributes/rfc7635.ts';
import { connectionId } from '../../../../src/stun/attributes/rfc6062.ts';
import { messageIntegrity } from '../../../../src/stun/attributes/rfc8489.ts';
import { mobilityTicket } from '../../../../src/stun/attributes/rfc8016.ts';
import { data, lifetime, requestedTransport, xorPeerAddress } from '../../../../src/stun/attributes/rfc8656.ts';
import { checkIntegrity } from '../../../../src/stun/integrity.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { type TurnEngineOptions } from '../../../../src/turn/engine/engine-options.ts';
import { SlowLookups } from '../slow-lookups.ts';
import { address, codeOf, decoded, World, type Build, type TestClient } from '../world.ts';

const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
const udpRelay: Build = (message) => message.add(requestedTransport, 17);
const tcpRelay: Build = (message) => message.add(requestedTransport, 6);

function slow(changes: Partial<TurnEngineOptions> = {}) {
  const world = new World(changes);
  return { world, lookups: new SlowLookups(world) };
}

/** Challenges if need be, signs and sends; the answer, if there is one at once. */
function ask(client: TestClient, method: number, build: Build = udpRelay, transactionId?: Buffer) {
  if (client.nonce === undefined) client.challenge();
  return client.exchange(client.signed(method, build, transactionId));
}

function lastOf(client: TestClient) {
  return decoded(client.inbox.at(-1)!);
}

function waitingIn(world: World): { waitingRequests: number; timers: number } {
  const { waitingRequests, timers } = world.engine.stats();
  return { waitingRequests, timers };
}

describe('a verifier that answers later', () => {
  it.each(TRANSPORTS)('has the request served then, with an answer keyed as any: %s', (transport) => {
    const { world, lookups } = slow();
    const client = world.client(undefined, transport).as('alice');
    expect(ask(client, Method.Allocate)).toBeUndefined();
    expect(waitingIn(world)).toEqual({ waitingRequests: 1, timers: 1 });
    world.sleep(2);
    lookups.answer();
    expect(codeOf(lastOf(client))).toBe(0);
    expect(checkIntegrity(lastOf(client), client.key16())).toBe('valid');
    expect(world.engine.stats()).toMatchObject({ waitingRequests: 0, allocations: 1, requestsGranted: 1 });
    expect(world.deadlines.at(-1)).toBe(world.now.monotonicMs + 600_000);
    expect(codeOf(ask(client, Method.Refresh, (message) => message.add(lifetime, 0)))).toBe(0);
    expect(waitingIn(world)).toEqual({ waitingRequests: 0, timers: 0 });
  });

  it('that answers at once after all makes nobody wait', () => {
    const { world } = slow();
    const found = { user: 'alice', keys: [{ keyId: 'k', integrityKey: () => client.key16() }] };
    Object.assign(world.verifier, {
      lookup: () => ({
        later: (settle: (value: unknown) => void) => {
          settle(ok(found));
        },
      }),
    });
    const client = world.client().as('alice');
    expect(codeOf(ask(client, Method.Allocate))).toBe(0);
    expect(world.engine.stats()).toMatchObject({ waitingRequests: 0, allocations: 1 });
  });

  it('has a wrong password refused then, and counted', () => {
    const { world, lookups } = slow({ answerLimit: { perSec: 1, burst: 3, sources: 10, exempt: [] } });
    const client = world.client().as('alice', { password: 'guess' });
    for (let i = 0; i < 4; i++) {
      ask(client, Method.Allocate);
      lookups.answer();
    }
    expect(lookups.asked).toHaveLength(3);
    expect(world.causes('authentication-refused')).toContain('wrong-key-or-password');
    expect(world.engine.stats().drops['answer-limit']).toBeGreaterThan(0);
  });

  it.each(['expired', 'unknown-user'] as const)('refuses by 401 whom it finds %s', (failure) => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    lookups.answer(failure);
    expect(codeOf(lastOf(client))).toBe(401);
    expect(world.causes('authentication-refused').at(-1)).toBe(failure);
    expect(waitingIn(world)).toEqual({ waitingRequests: 0, timers: 0 });
  });

  it('that cannot tell is 500, unsigned, with its cause in log and event', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    lookups.answer('unavailable');
    expect(codeOf(lastOf(client))).toBe(500);
    expect(lastOf(client).has(messageIntegrity)).toBe(false);
    expect(world.causes('authentication-refused').at(-1)).toBe('unavailable');
    expect(world.logged.at(-1)).toMatchObject({ level: 'warn', fields: { code: 500, cause: 'unavailable' } });
  });

  it.each(TRANSPORTS)(
    'that never answers is 500 after five seconds, and what it says then is dropped: %s',
    (transport) => {
      const { world, lookups } = slow();
      const client = world.client(undefined, transport).as('alice');
      ask(client, Method.Allocate);
      world.advance(4.9);
      expect(client.inbox).toHaveLength(1);
      world.advance(0.1);
      expect(codeOf(lastOf(client))).toBe(500);
      expect(world.logged.at(-1)).toMatchObject({
        level: 'warn',
        fields: { cause: 'lookup-timeout', username: client.login!.username },
      });
      lookups.answer();
      expect(client.inbox).toHaveLength(2);
      expect(world.engine.stats()).toMatchObject({ waitingRequests: 0, allocations: 0, timers: 0, relayPortsTaken: 0 });
    },
  );

  it('that answers twice is heard once', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    lookups.answer();
    lookups.answer();
    expect(client.inbox).toHaveLength(2);
    expect(world.engine.stats().allocations).toBe(1);
  });

  it('that throws costs its request, which is 500 in the end', () => {
    const { world } = slow();
    world.faults = true;
    Object.assign(world.verifier, {
      lookup: () => ({
        later: () => {
          throw new Error('down');
        },
      }),
    });
    const client = world.client().as('alice');
    expect(ask(client, Method.Allocate)).toBeUndefined();
    world.advance(5);
    expect(codeOf(lastOf(client))).toBe(500);
  });

  it('finds the state of then: of two Allocates that waited, one is 437', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    ask(client, Method.Allocate);
    lookups.answer();
    expect(client.inbox.slice(1).map((bytes) => codeOf(decoded(bytes)))).toEqual([0, 437]);
  });

  it('does not revive a credential that has ended meanwhile', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice', { ttlSec: 2 });
    ask(client, Method.Allocate);
    world.sleep(3);
    lookups.answer();
    expect(codeOf(lastOf(client))).not.toBe(0);
    expect(world.engine.stats().allocations).toBe(0);
  });

  it('is not asked about a live allocation, whose key is known', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    lookups.answer();
    expect(codeOf(ask(client, Method.Refresh))).toBe(0);
    expect(lookups.asked).toHaveLength(1);
  });
});

describe('a retransmission of a request that waits', () => {
  it('is absorbed: one lookup, one answer', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    const transactionId = randomBytes(12);
    for (let i = 0; i < 5; i++) ask(client, Method.Allocate, udpRelay, transactionId);
    expect(lookups.asked).toHaveLength(1);
    expect(world.engine.stats()).toMatchObject({ waitingRequests: 1, drops: { retransmission: 4 } });
    lookups.answer();
    expect(client.inbox).toHaveLength(2);
    const again = ask(client, Method.Allocate, udpRelay, transactionId);
    expect(codeOf(again)).toBe(0);
    expect(world.engine.stats().allocations).toBe(1);
  });

  it('is told by its 5-tuple: the same transaction id from elsewhere is another request', () => {
    const { world, lookups } = slow();
    const transactionId = randomBytes(12);
    for (const client of [world.client().as('alice'), world.client().as('bob')]) {
      ask(client, Method.Allocate, udpRelay, transactionId);
    }
    expect(lookups.asked).toHaveLength(2);
  });
});

describe('a flood of requests that wait', () => {
  it('fills the room of its source and nobody else’s; what is too much is 500 and asks no verifier', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    const answers = Array.from({ length: 100 }, () => ask(client, Method.Allocate));
    const refused = answers.filter((answer) => answer !== undefined);
    expect(refused.map(codeOf)).toEqual(Array.from({ length: 36 }, () => 500));
    expect(world.causes('authentication-refused').at(-1)).toBe('lookup-limit');
    expect(lookups.asked).toHaveLength(64);
    const other = world.client().as('bob');
    expect(ask(other, Method.Allocate)).toBeUndefined();
    world.advance(5);
    expect(waitingIn(world)).toEqual({ waitingRequests: 0, timers: 0 });
    expect(ask(client, Method.Allocate)).toBeUndefined();
  });

  it('of many sources stops at 4096', () => {
    const { world, lookups } = slow();
    for (let i = 0; i < 4100; i++) {
      ask(
        world.client(`10.${i >> 8}.${i & 255}.1:4000`).with({ username: 'static:alice', password: 'x' }),
        Method.Allocate,
      );
    }
    expect(world.engine.stats().waitingRequests).toBe(4096);
    expect(lookups.asked).toHaveLength(4096);
    world.engine.stop();
    expect(waitingIn(world)).toEqual({ waitingRequests: 0, timers: 0 });
  });

  it('of long requests is not kept', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    expect(codeOf(ask(client, Method.Allocate, (message) => message.add(data, Buffer.alloc(5000))))).toBe(500);
    expect(lookups.asked).toEqual([]);
    expect(waitingIn(world).waitingRequests).toBe(0);
  });
});

describe('a client that goes away while its request waits', () => {
  it('leaves nothing behind, and no other connection of its address loses anything', () => {
    const { world, lookups } = slow();
    const gone = world.client('198.51.100.1:1', 'tcp').as('alice');
    const stays = world.client('198.51.100.1:2', 'tcp').as('bob');
    ask(gone, Method.Allocate);
    ask(stays, Method.Allocate);
    world.engine.onClientClosed(gone);
    expect(world.engine.stats().waitingRequests).toBe(1);
    lookups.answer();
    expect(gone.inbox).toHaveLength(1);
    expect(codeOf(lastOf(stays))).toBe(0);
    expect(world.engine.stats()).toMatchObject({ waitingRequests: 0, allocations: 1 });
  });

  it('is not served by an engine that has stopped, either', () => {
    const { world, lookups } = slow();
    const client = world.client().as('alice');
    ask(client, Method.Allocate);
    world.engine.stop();
    lookups.answer();
    expect(client.inbox).toHaveLength(1);
    expect(waitingIn(world)).toEqual({ waitingRequests: 0, timers: 0 });
  });
});

describe('a Refresh that moves an allocation and waits', () => {
  function moving(transport: 'udp' | 'tcp' = 'udp') {
    const { world, lookups } = slow({ mobility: true });
    const before = world.client(undefined, transport).as('alice');
    ask(before, Method.Allocate, (message) => message.add(requestedTransport, 17).add(mobilityTicket, Buffer.alloc(0)));
    lookups.answer();
    const ticket = Buffer.from(lastOf(before).get(mobilityTicket)!);
    const after = world.client(undefined, transport).as('alice', { ttlSec: 90_000 });
    const transactionId = randomBytes(12);
    const move = () =>
      ask(after, Method.Refresh, (message) => message.add(mobilityTicket, ticket).add(lifetime, 600), transactionId);
    return { world, lookups, before, after, move };
  }

  it('moves it once the fresh credential is known, and retransmissions change nothing', () => {
    const { world, lookups, before, after, move } = moving();
    for (let i = 0; i < 3; i++) expect(move()).toBeUndefined();
    world.engine.onPeerData(before.relay, address('9.9.9.9:1'), Buffer.from('x'));
    expect(lookups.asked).toHaveLength(2);
    lookups.answer();
    expect(codeOf(lastOf(after))).toBe(0);
    expect(lastOf(after).has(mobilityTicket)).toBe(true);
    expect(codeOf(move())).toBe(0);
    expect(codeOf(ask(after, Method.CreatePermission, (m) => m.add(xorPeerAddress, address('9.9.9.9:1'))))).toBe(0);
    expect(world.engine.sessions()).toMatchObject([{ client: after.remote }]);
  });

  it('leaves the allocation where it is when the new connection closes meanwhile', () => {
    const { world, lookups, before, after, move } = moving('tcp');
    move();
    world.engine.onClientClosed(after);
    lookups.answer();
    expect(after.inbox).toHaveLength(1);
    expect(codeOf(ask(before, Method.Refresh))).toBe(0);
    expect(world.engine.stats()).toMatchObject({ waitingRequests: 0, allocations: 1 });
  });
});

describe('a ConnectionBind that waits', () => {
  function binding() {
    const { world, lookups } = slow();
    const owner = world.client(undefined, 'tcp').as('alice');
    ask(owner, Method.Allocate, tcpRelay);
    lookups.answer();
    ask(owner, Method.Connect, (message) => message.add(xorPeerAddress, address('203.0.114.9:7000')));
    const tcp = world.plane.tcp!;
    const id = tcp.latest;
    world.engine.onPeerConnected(id);
    const held = world.plane.holding;
    held.length = 0;
    const dataClient = world.client(undefined, 'tcp').as('alice', { ttlSec: 90_000 });
    expect(ask(dataClient, Method.ConnectionBind, (message) => message.add(connectionId, id))).toBeUndefined();
    return { world, lookups, tcp, id, dataClient, held };
  }

  it('holds what stands behind it, and joins the two once the credential is known', () => {
    const { lookups, tcp, id, dataClient, held } = binding();
    expect(held).toEqual(['hold']);
    lookups.answer();
    expect(codeOf(lastOf(dataClient))).toBe(0);
    expect(held).toEqual(['hold', 'release']);
    expect(tcp.joined).toEqual([{ id, client: dataClient.key, answered: 2 }]);
  });

  it('is 400 when the peer has gone meanwhile', () => {
    const { world, lookups, tcp, id, dataClient } = binding();
    world.engine.onPeerConnectionEnded(id);
    lookups.answer();
    expect(codeOf(lastOf(dataClient))).toBe(400);
    expect(tcp.joined).toEqual([]);
  });

  it('is 500 after the deadline, and reads on', () => {
    const { world, dataClient, held, tcp } = binding();
    world.advance(5);
    expect(codeOf(lastOf(dataClient))).toBe(500);
    expect(held).toEqual(['hold', 'release']);
    expect(tcp.joined).toEqual([]);
  });
});

describe('ACCESS-TOKEN (RFC 7635)', () => {
  const token = randomBytes(200);
  const withToken: Build = (message) => message.add(requestedTransport, 17).add(accessToken, token);

  it.each([
    ['an attribute as any to one that takes it', { accessTokensFor: 'turn.example' }, 0],
    ['unknown to one that does not', {}, 420],
  ])('is handed to the verifier, whose own the bytes are, and is %s', (_what, taking, code) => {
    const world = new World({}, taking);
    const lookups = new SlowLookups(world);
    const client = world.client().as('alice');
    client.challenge();
    const bytes = client.signed(Method.Allocate, withToken);
    client.exchange(bytes);
    bytes.fill(0);
    expect(lookups.asked[0]!.accessToken!.equals(token)).toBe(true);
    lookups.answer();
    expect(codeOf(lastOf(client))).toBe(code);
  });

  it('is not there for a request without one', () => {
    const { world, lookups } = slow();
    ask(world.client().as('alice'), Method.Allocate);
    expect(lookups.asked).toEqual([{ username: expect.any(String) as string, realm: 'ims.example.org' }]);
  });
});
