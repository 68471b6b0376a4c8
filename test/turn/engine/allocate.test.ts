import { describe, expect, it } from 'vitest';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import { priority } from '../../../src/stun/attributes/rfc8445.ts';
import { unknownAttributes, xorMappedAddress } from '../../../src/stun/attributes/rfc8489.ts';
import {
  additionalAddressFamily,
  dontFragment,
  evenPort,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  xorRelayedAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { PastAllocates } from '../../../src/turn/engine/allocation/past-allocates.ts';
import { codeOf, engineOptions, START_SEC, World, type Build, type TestClient } from './world.ts';
import { writtenAs } from '../../stun/raw-attribute.ts';

describe('Allocate', () => {
  it('answers with the relayed address, the mapped address and the lifetime', () => {
    const world = new World();
    const client = world.client('198.51.100.7:4711').as('alice');
    const answer = client.allocate();
    expect(answer.get(xorRelayedAddress)).toEqual(client.relayed);
    expect(client.relayed.address).toBe('8.8.4.1');
    expect(answer.get(xorMappedAddress)).toEqual({ family: 4, address: '198.51.100.7', port: 4711 });
    expect(answer.get(lifetime)).toBe(600);
    expect(answer.has(reservationToken)).toBe(false);
    expect(client.relay.expiresAtMs).toBe(world.now.monotonicMs + 600_000);
  });

  it('tells observers who got what', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    expect(world.of('allocation-created')).toEqual([
      {
        allocationId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        user: 'alice',
        realm: engineOptions().realm,
        keyId: 'k1',
        transport: 'udp',
        client: client.remote,
        relayed: client.relayed,
        relayedAll: [client.relayed],
        family: 4,
        lifetimeSec: 600,
      },
    ]);
  });

  it.each([
    ['none', undefined, 600],
    ['zero', 0, 600],
    ['less than the default', 60, 600],
    ['between default and maximum', 1800, 1800],
    ['more than the maximum', 7200, 3600],
    ['all bits set', 0xffff_ffff, 3600],
  ])('grants for a wished lifetime of %s', (_what, wishedSec, grantedSec) => {
    const client = new World().client().as('alice');
    const answer = client.allocate((message) => wishedSec !== undefined && message.add(lifetime, wishedSec));
    expect(answer.get(lifetime)).toBe(grantedSec);
  });

  it('takes the same transport address on another transport for another 5-tuple', () => {
    const world = new World();
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      expect(codeOf(world.client('198.51.100.1:5000', transport).as('alice').allocate())).toBe(0);
    }
    expect(world.engine.stats().allocations).toBe(3);
  });

  it('chooses ports at random within the range', () => {
    const world = new World();
    const ports = Array.from({ length: 10 }, () => {
      const client = world.client().as('alice');
      client.allocate();
      return client.relayed.port;
    });
    expect(new Set(ports).size).toBe(10);
    expect(ports.every((port) => port >= 50_000 && port <= 50_999)).toBe(true);
    expect(ports).not.toEqual([...ports].sort((a, b) => a - b));
  });
});

describe('Allocate refuses', () => {
  const malformed = (attribute: typeof lifetime): Build => {
    const broken = writtenAs(attribute, Buffer.from([1, 2, 3]));
    return (message) => message.add(broken, 0);
  };

  it.each<[string, number, string, Build]>([
    ['ADDITIONAL-ADDRESS-FAMILY IPv4', 400, 'conflicting-attributes', (m) => m.add(additionalAddressFamily, 1)],
    [
      'both address family attributes',
      400,
      'conflicting-attributes',
      (m) => m.add(requestedAddressFamily, 1).add(additionalAddressFamily, 2),
    ],
    [
      'EVEN-PORT with R and ADDITIONAL-ADDRESS-FAMILY',
      400,
      'conflicting-attributes',
      (m) => m.add(evenPort, true).add(additionalAddressFamily, 2),
    ],
    ['a LIFETIME that cannot be read', 400, 'malformed-attribute', malformed(lifetime)],
    ['an unknown address family', 440, 'unsupported-family', (m) => m.add(requestedAddressFamily, 3)],
    ['an attribute it does not know', 420, 'unknown-attribute', (m) => m.add(priority, 1)],
  ])('%s with %i', (_what, code, cause, build) => {
    const world = new World();
    expect(codeOf(world.client().as('alice').allocate(build))).toBe(code);
    expect(world.causes('request-refused')).toEqual([cause]);
    expect(world.plane.binds).toBe(0);
  });

  it('a missing REQUESTED-TRANSPORT with 400', () => {
    const world = new World();
    expect(codeOf(world.client().as('alice').request(Method.Allocate))).toBe(400);
  });

  it('a REQUESTED-TRANSPORT that cannot be read with 400', () => {
    const broken = writtenAs(requestedTransport, Buffer.from([17]));
    const world = new World();
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .request(Method.Allocate, (m) => m.add(broken, 17)),
      ),
    ).toBe(400);
  });

  it.each([1, 0, 132])('transport protocol %i with 442', (protocol) => {
    const world = new World();
    const answer = world
      .client()
      .as('alice')
      .request(Method.Allocate, (m) => m.add(requestedTransport, protocol));
    expect(codeOf(answer)).toBe(442);
  });

  it('an unknown attribute before an unsupported family, and lists it', () => {
    const world = new World();
    const client = world.client().as('alice');
    const answer = client.allocate((m) => m.add(requestedAddressFamily, 3).add(priority, 1));
    expect(answer.get(unknownAttributes)).toEqual([priority.type]);
  });

  it('a wrong transport before an unknown attribute', () => {
    const world = new World();
    const build: Build = (m) => m.add(requestedTransport, 132).add(priority, 1);
    expect(codeOf(world.client().as('alice').request(Method.Allocate, build))).toBe(442);
  });

  it('a second Allocate on the 5-tuple with 437 before anything is wrong with it', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    expect(codeOf(client.request(Method.Allocate, (m) => m.add(requestedTransport, 6)))).toBe(437);
    expect(world.causes('request-refused')).toEqual(['allocation-exists']);
  });

  it('a rotated credential of the same user on the live 5-tuple with 437', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    expect(codeOf(client.as('alice', { ttlSec: 90_000 }).allocate())).toBe(437);
  });

  it.each(['[2001::1]:4000', '[2002:c000:204::1]:4000'])('the tunnelled client %s with 403', (remote) => {
    const world = new World();
    expect(codeOf(world.client(remote).as('alice').allocate())).toBe(403);
    expect(world.causes('request-refused')).toEqual(['tunnelled-client']);
  });
});

describe('the address family of a relay', () => {
  const relay = engineOptions().relay;

  it.each([
    ['IPv4 when none is named', undefined, 4],
    ['IPv4 when it is named', 1, 4],
    ['IPv6 when it is named', 2, 6],
  ])('is %s', (_what, family, granted) => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate((m) => family !== undefined && m.add(requestedAddressFamily, family));
    expect(client.relayed.family).toBe(granted);
  });

  it('is 440 when it has no relayed address', () => {
    const world = new World({ relay: { ...relay, addresses: ['8.8.4.1'] } });
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .allocate((m) => m.add(requestedAddressFamily, 2)),
      ),
    ).toBe(440);
  });

  it('is 440 when none is named and there is no IPv4', () => {
    const world = new World({ relay: { ...relay, addresses: ['2a00:1450::1'] } });
    expect(codeOf(world.client().as('alice').allocate())).toBe(440);
  });
});

describe('DONT-FRAGMENT', () => {
  it('is granted where the plane can set DF', () => {
    const world = new World();
    expect(
      codeOf(
        world
          .client()
          .as('alice')
          .allocate((m) => m.add(dontFragment, true)),
      ),
    ).toBe(0);
  });

  it('is an unknown attribute where it cannot', () => {
    const world = new World({ dontFragment: false });
    const answer = world
      .client()
      .as('alice')
      .allocate((m) => m.add(dontFragment, true));
    expect(codeOf(answer)).toBe(420);
    expect(answer.get(unknownAttributes)).toEqual([dontFragment.type]);
  });
});

describe('a plane that cannot open the relay', () => {
  it('answers 508 and keeps nothing', () => {
    const world = new World();
    world.faults = true;
    world.plane.failWith = { ok: false, reason: 'unavailable', detail: 'no such address' };
    expect(codeOf(world.client().as('alice').allocate())).toBe(508);
    expect(world.causes('request-refused')).toEqual(['relay-unavailable']);
    expect(world.plane.binds).toBe(1);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, users: 0 });
  });

  it('answers 508 on an error nobody foresaw, and logs it', () => {
    const world = new World();
    world.faults = true;
    world.plane.failWith = new TypeError('a bug');
    expect(codeOf(world.client().as('alice').allocate())).toBe(508);
    expect(world.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('is logged in a bounded number of lines, without a stack, however often clients ask', () => {
    const world = new World();
    world.faults = true;
    world.plane.failWith = { ok: false, reason: 'unavailable', detail: 'bind EADDRNOTAVAIL 192.0.2.7' };
    for (let i = 0; i < 200; i++) world.client().as('alice').allocate();
    const lines = world.logged.filter(({ level }) => level === 'error');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(50);
    expect(lines[0]?.fields).toEqual({ reason: 'bind EADDRNOTAVAIL 192.0.2.7' });
  });

  it('is asked a bounded number of times when every port is taken by others', () => {
    const world = new World();
    for (let port = 50_000; port <= 50_999; port++) world.plane.busy.add(port);
    expect(codeOf(world.client().as('alice').allocate())).toBe(508);
    expect(world.causes('request-refused')).toEqual(['no-free-port']);
    expect(world.plane.binds).toBe(64);
  });

  it('tries a port that another program has once, and not again for each client while others are left', () => {
    const world = new World({ relay: { ...engineOptions().relay, ports: { min: 50_000, max: 50_009 } } });
    world.plane.busy.add(50_004);
    const begun = world.plane.binds;
    for (let i = 0; i < 50; i++) {
      const client = world.client().as('alice');
      expect(codeOf(client.allocate())).toBe(0);
      expect(codeOf(client.request(Method.Refresh, (m) => m.add(lifetime, 0)))).toBe(0);
    }
    // Six rounds of nine ports would be seven binds in vain at most; one for each client would be forty.
    expect(world.plane.binds - begun).toBeLessThanOrEqual(50 + 7);
  });

  it('is asked for another port when one is taken', () => {
    const world = new World({ relay: { ...engineOptions().relay, ports: { min: 50_000, max: 50_003 } } });
    for (const port of [50_000, 50_001, 50_003]) world.plane.busy.add(port);
    const client = world.client().as('alice');
    expect(codeOf(client.allocate())).toBe(0);
    expect(client.relayed.port).toBe(50_002);
  });
});

describe('a retransmitted Allocate', () => {
  const id = Buffer.alloc(12, 9);

  it('is answered as before, with the time that is left, and makes nothing', () => {
    const world = new World();
    const client = world.client().as('alice');
    const first = client.allocate(undefined, id);
    world.advance(2);
    const again = client.allocate(undefined, id);
    expect(codeOf(again)).toBe(0);
    expect(again.get(xorRelayedAddress)).toEqual(first.get(xorRelayedAddress));
    expect(again.get(lifetime)).toBe(598);
    expect(world.of('allocation-created')).toHaveLength(1);
    expect(world.plane.binds).toBe(1);
  });

  it('gets the same reservation token', () => {
    const world = new World();
    const client = world.client().as('alice');
    const token = client.allocate((m) => m.add(evenPort, true), id).get(reservationToken);
    expect(token).toHaveLength(8);
    expect(client.allocate((m) => m.add(evenPort, true), id).get(reservationToken)).toEqual(token);
    expect(world.engine.stats().reservations).toBe(1);
  });

  it('on another 5-tuple is a request of its own', () => {
    const world = new World();
    world.client().as('alice').allocate(undefined, id);
    expect(codeOf(world.client().as('alice').allocate(undefined, id))).toBe(0);
    expect(world.engine.stats().allocations).toBe(2);
  });

  it('must be authenticated like the first', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate(undefined, id);
    client.with({ username: `${START_SEC + 86_400}:alice`, password: 'guess' });
    expect(codeOf(client.allocate(undefined, id))).toBe(401);
  });
});

describe('a duplicate of the Allocate that made an allocation which is no more', () => {
  const ID = Buffer.alloc(12, 7);

  /** Allocates, and deletes. */
  function deleted(): { world: World; client: TestClient; bytes: Buffer } {
    const world = new World({ mobility: true });
    const client = world.client().as('alice');
    client.challenge();
    const bytes = client.signed(Method.Allocate, (m) => m.add(requestedTransport, 17), ID);
    client.exchange(bytes);
    client.request(Method.Refresh, (m) => m.add(lifetime, 0));
    return { world, client, bytes };
  }

  it('makes no other for 40 seconds, however often it comes', () => {
    const { world, client, bytes } = deleted();
    expect(codeOf(client.exchange(bytes))).toBe(437);
    world.advance(39);
    expect(codeOf(client.exchange(bytes))).toBe(437);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0 });
    world.advance(1);
    expect(codeOf(client.exchange(bytes))).toBe(0);
  });

  it('keeps a new Allocate of the client from nothing', () => {
    const { client, bytes } = deleted();
    client.exchange(bytes);
    expect(codeOf(client.allocate())).toBe(0);
    expect(codeOf(client.exchange(bytes))).toBe(437);
  });

  it('nor does that of one that has moved away', () => {
    const world = new World({ mobility: true });
    const client = world.client().as('alice');
    client.challenge();
    const bytes = client.signed(
      Method.Allocate,
      (m) => m.add(requestedTransport, 17).add(mobilityTicket, Buffer.alloc(0)),
      ID,
    );
    const ticket = Buffer.from(client.exchange(bytes)!.get(mobilityTicket)!);
    const after = world.client().as('alice');
    expect(codeOf(after.request(Method.Refresh, (m) => m.add(mobilityTicket, ticket)))).toBe(0);
    expect(codeOf(after.request(Method.Refresh))).toBe(0);
    expect(codeOf(client.exchange(bytes))).toBe(437);
    expect(world.engine.stats().allocations).toBe(1);
  });
});

it('no more Allocate transactions are remembered than a bound', () => {
  const past = new PastAllocates();
  for (let i = 0; i < 10_000; i++) past.add('client', `${i}`, 0);
  expect(past.size).toBe(4096);
  expect([past.has('client', '9999', 0), past.has('client', '0', 0)]).toEqual([true, false]);
  past.add('client', 'later', 40_000);
  expect(past.size).toBe(1);
});
