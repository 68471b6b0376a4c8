import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  additionalAddressFamily,
  channelNumber,
  data,
  dontFragment,
  evenPort,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { encodeMessageType, Method } from '../../../src/stun/message-type.ts';
import { type StunWriter } from '../../../src/stun/writer.ts';
import { decoded, World, type Build } from './world.ts';

const METHODS = [...Object.values(Method), 0x0ff];
const TYPES = [
  0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x000c, 0x000d, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0017, 0x0018,
  0x0019, 0x001a, 0x001c, 0x001d, 0x001e, 0x0020, 0x0022, 0x0024, 0x8000, 0x8001, 0x8022, 0x8028, 0x7fff, 0xffff,
];
const CLASSES = ['request', 'indication', 'success', 'error'] as const;

const attribute = fc.tuple(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 40 }));
const message = fc
  .tuple(fc.constantFrom(...METHODS), fc.constantFrom(...CLASSES), fc.array(attribute, { maxLength: 8 }))
  .map(([method, messageClass, attributes]) => {
    const body = attributes.map(([type, value]) => {
      const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      padded.writeUInt16BE(type, 0);
      padded.writeUInt16BE(value.length, 2);
      padded.set(value, 4);
      return padded;
    });
    const header = Buffer.alloc(20, 5);
    header.writeUInt16BE(encodeMessageType(method, messageClass), 0);
    header.writeUInt16BE(Buffer.concat(body).length, 2);
    header.writeUInt32BE(0x2112a442, 4);
    return Buffer.concat([header, ...body]);
  });

const peer = fc.oneof(
  fc.record({ family: fc.constant(4 as const), address: fc.ipV4(), port: fc.nat(65_535) }),
  fc.record({
    family: fc.constant(6 as const),
    address: fc.constantFrom('::1', '2606:4700::1', 'fe80::1', '2002::1'),
    port: fc.nat(65_535),
  }),
  fc.record({ family: fc.constant(4 as const), address: fc.constantFrom('9.9.9.9', '8.8.4.1'), port: fc.nat(65_535) }),
);
const part: fc.Arbitrary<Build> = fc.oneof(
  peer.map((value) => (m: StunWriter) => m.add(xorPeerAddress, value)),
  fc.nat(0xffff).map((value) => (m: StunWriter) => m.add(channelNumber, value)),
  fc.integer({ min: 0x4000, max: 0x4003 }).map((value) => (m: StunWriter) => m.add(channelNumber, value)),
  fc.oneof(fc.constant(0), fc.nat(10_000)).map((value) => (m: StunWriter) => m.add(lifetime, value)),
  fc.boolean().map((value) => (m: StunWriter) => m.add(evenPort, value)),
  fc.constant((m: StunWriter) => m.add(requestedTransport, 17)),
  fc.nat(3).map((value) => (m: StunWriter) => m.add(requestedAddressFamily, value)),
  fc.nat(3).map((value) => (m: StunWriter) => m.add(additionalAddressFamily, value)),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((v) => (m: StunWriter) => m.add(reservationToken, Buffer.from(v))),
  fc.uint8Array({ maxLength: 20 }).map((v) => (m: StunWriter) => m.add(data, Buffer.from(v))),
  fc.constant((m: StunWriter) => m.add(dontFragment, true)),
);

/** The world throws when the engine logs a fault, and its plane when it is told nonsense. */
function expectSane(world: World): void {
  const { allocations, reservations, relayPortsTaken, drops } = world.engine.stats();
  expect(drops['engine-error']).toBeUndefined();
  const sessions = world.engine.sessions();
  expect(sessions).toHaveLength(allocations);
  const relays = sessions.reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
  expect(relayPortsTaken).toBe(relays + reservations);
  expect(world.plane.open.size).toBe(relayPortsTaken);
}

describe('whatever a client sends, the engine does not throw', () => {
  it('before authentication: random bytes, well-formed messages, and both mutated; and it keeps nothing', () => {
    const world = new World();
    const client = world.client();
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 120 }), message),
        fc.nat(2000),
        fc.nat(255),
        (bytes, at, mask) => {
          const mutated = Buffer.from(bytes);
          if (mutated.length > 0) mutated[at % mutated.length] = mutated[at % mutated.length]! ^ mask;
          world.engine.onClientMessage(client, mutated);
          expectSane(world);
        },
      ),
      { numRuns: 1000 },
    );
    client.inbox.forEach(decoded);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, timers: 0 });
  });

  it('mutated requests of a known client: what was signed does not verify any more', () => {
    const world = new World();
    const client = world.client().as('alice');
    client.allocate();
    fc.assert(
      fc.property(
        fc.constantFrom(...METHODS),
        fc.array(part, { maxLength: 4 }),
        fc.nat(5000),
        fc.integer({ min: 1, max: 255 }),
        (method, parts, at, mask) => {
          const bytes = client.signed(method, (m) => {
            for (const build of parts) build(m);
          });
          const offset = at % bytes.length;
          bytes[offset] = bytes[offset]! ^ mask;
          const granted = world.engine.stats().requestsGranted;
          world.engine.onClientMessage(client, bytes);
          expectSane(world);
          // The method is in the first two bytes: with another one the message may be a Binding request, which anybody may make.
          if (offset > 1)
            expect(world.engine.stats().requestsGranted - granted).toBeLessThanOrEqual(
              method === Method.Binding ? 1 : 0,
            );
        },
      ),
      { numRuns: 500 },
    );
    expect(world.engine.stats().allocations).toBe(1);
  });

  it('any sequence of authenticated requests, indications, peer data and time', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('ask' as const),
        method: fc.constantFrom(...METHODS),
        parts: fc.array(part, { maxLength: 5 }),
        who: fc.nat(2),
      }),
      fc.record({ kind: fc.constant('allocate' as const), parts: fc.array(part, { maxLength: 1 }), who: fc.nat(2) }),
      fc.record({ kind: fc.constant('send' as const), parts: fc.array(part, { maxLength: 3 }), who: fc.nat(2) }),
      fc.record({ kind: fc.constant('peer' as const), from: peer, length: fc.nat(70_000), who: fc.nat(2) }),
      fc.record({ kind: fc.constant('wait' as const), seconds: fc.nat(400), timers: fc.boolean() }),
      fc.record({ kind: fc.constant('close' as const), who: fc.nat(2) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const world = new World();
        const clients = ['alice', 'bob', 'alice'].map((user) => world.client().as(user));
        for (const client of clients) client.challenge();
        for (const entry of steps) {
          if (entry.kind === 'wait') {
            if (entry.timers) world.advance(entry.seconds);
            else world.sleep(entry.seconds);
            continue;
          }
          const client = clients[entry.who]!;
          const build: Build = (m) => {
            if ('parts' in entry) for (const one of entry.parts) one(m);
          };
          if (entry.kind === 'ask') client.exchange(client.signed(entry.method, build));
          else if (entry.kind === 'allocate') client.allocate(build);
          else if (entry.kind === 'send') client.indicate(Method.Send, build);
          else if (entry.kind === 'close') world.engine.onClientClosed(client);
          else {
            const relay = [...world.plane.open.values()][entry.who];
            if (relay) world.engine.onPeerData(relay, entry.from, Buffer.alloc(entry.length));
          }
          expectSane(world);
        }
        world.advance(4000);
        expect(world.engine.stats()).toMatchObject({ allocations: 0, reservations: 0, timers: 0, users: 0 });
        expect(world.plane.open.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('a client path or plane that breaks its word is logged, counted, and the next message is served', () => {
    const world = new World();
    world.faults = true;
    const client = world.client();
    const broken = world.client();
    const sendToClient = world.plane.sendToClient.bind(world.plane);
    world.plane.sendToClient = (to, data) => {
      if (to.socket === broken.socket) throw new Error('socket gone');
      sendToClient(to, data);
    };
    world.engine.onClientMessage(broken, Buffer.from('000100002112a442000000000000000000000000', 'hex'));
    expect(world.engine.stats().drops).toEqual({ 'engine-error': 1 });
    expect(world.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(client.exchange(Buffer.from('000100002112a442000000000000000000000000', 'hex'))).toBeDefined();
  });
});
