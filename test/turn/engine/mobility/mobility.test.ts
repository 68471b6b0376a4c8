import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mobilityTicket } from '../../../../src/stun/attributes/rfc8016.ts';
import {
  additionalAddressFamily,
  channelNumber,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  xorPeerAddress,
} from '../../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../../src/stun/message.ts';
import { address, codeOf, World, type TestClient } from '../world.ts';

const PEER = address('9.9.9.9:4000');
const EMPTY = Buffer.alloc(0);

function allocate(client: TestClient, ticket: Buffer = EMPTY): StunMessage {
  return client.allocate((message) => message.add(mobilityTicket, ticket));
}

function ticketOf(answer: StunMessage): Buffer {
  return Buffer.from(answer.get(mobilityTicket)!);
}

function move(client: TestClient, ticket: Buffer, lifetimeSec = 600, transactionId?: Buffer): StunMessage {
  return client.request(Method.Refresh, (m) => m.add(mobilityTicket, ticket).add(lifetime, lifetimeSec), transactionId);
}

function channelBind(client: TestClient): StunMessage {
  return client.request(Method.ChannelBind, (m) => m.add(channelNumber, 0x4000).add(xorPeerAddress, PEER));
}

/** Alice with a ticket at one address, and alice at another. */
function moving(transport: 'udp' | 'tcp' = 'udp') {
  const world = new World({ mobility: true });
  const before = world.client(undefined, transport).as('alice');
  const ticket = ticketOf(allocate(before));
  return { world, before, ticket, after: world.client(undefined, transport).as('alice') };
}

describe('Mobility', () => {
  it('is 405 for an Allocate and a Refresh with a ticket where it is off, and nothing without one', () => {
    const world = new World();
    const client = world.client().as('alice');
    expect(codeOf(allocate(client))).toBe(405);
    expect(codeOf(client.allocate())).toBe(0);
    expect(codeOf(move(client, randomBytes(40)))).toBe(405);
    expect(world.causes('request-refused')).toEqual(['mobility-forbidden', 'mobility-forbidden']);
    expect(codeOf(client.request(Method.Refresh))).toBe(0);
  });

  it('gives a ticket to who asks with an empty one, and to nobody else', () => {
    const world = new World({ mobility: true });
    expect(allocate(world.client().as('alice')).get(mobilityTicket)).toHaveLength(40);
    expect(world.client().as('alice').allocate().has(mobilityTicket)).toBe(false);
    expect(codeOf(allocate(world.client().as('alice'), randomBytes(40)))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['unknown-ticket']);
  });

  it('is 400 for an Allocate with a ticket that is not empty, where it is off too', () => {
    expect(codeOf(allocate(new World().client().as('alice'), randomBytes(40)))).toBe(400);
  });

  it('is 405 for an allocation that relays TCP', () => {
    const world = new World({ mobility: true });
    const client = world.client(undefined, 'tcp').as('alice');
    const asked = client.request(Method.Allocate, (m) => m.add(requestedTransport, 6).add(mobilityTicket, EMPTY));
    expect(codeOf(asked)).toBe(405);
    expect(world.engine.stats().relayPortsTaken).toBe(0);
  });

  it('lets the old path serve until the new one is used, and not after', () => {
    const { world, before, after, ticket } = moving();
    channelBind(before);
    const relay = before.relay;
    const answer = move(after, ticket);
    expect(codeOf(answer)).toBe(0);
    expect(answer.get(lifetime)).toBe(600);
    expect(ticketOf(answer)).not.toEqual(ticket);

    expect(codeOf(before.request(Method.Refresh))).toBe(0);
    world.engine.onPeerData(relay, PEER, Buffer.from('still'));
    expect(before.inbox.at(-1)!.includes('still')).toBe(true);
    expect(before.relay).toBe(relay);

    expect(codeOf(channelBind(after))).toBe(0);
    expect(after.relay).toBe(relay);
    world.engine.onPeerData(relay, PEER, Buffer.from('moved'));
    expect(after.inbox.at(-1)!.includes('moved')).toBe(true);
    expect(codeOf(before.request(Method.Refresh))).toBe(437);
    expect(world.engine.sessions()).toMatchObject([{ client: after.remote, channels: 1, permissions: 1 }]);
    const from = { transport: 'udp', client: before.remote };
    expect(world.of('allocation-moved')).toMatchObject([{ user: 'alice', client: after.remote, from }]);
  });

  it('passes on the ChannelData that is the first thing to come on the new path', () => {
    const { world, before, after, ticket } = moving();
    channelBind(before);
    move(after, ticket);
    const frame = Buffer.from([0x40, 0x00, 0x00, 0x02, 0x68, 0x69]);
    world.engine.onClientMessage(after, frame);
    expect(world.plane.passedOn).toEqual([frame]);
    expect(world.engine.stats().drops).toEqual({});
    expect(after.relay.channels.size).toBe(1);
  });

  it('answers a retransmitted Refresh again, which is no use of the new path', () => {
    const { before, after, ticket } = moving();
    const transactionId = randomBytes(12);
    expect(codeOf(move(after, ticket, 600, transactionId))).toBe(0);
    const again = move(after, ticket, 600, transactionId);
    expect(codeOf(again)).toBe(0);
    expect(before.relay).toBeDefined();
    expect(ticketOf(again)).toHaveLength(40);
  });

  it('is 400 where the client is already, and the ticket still serves elsewhere (RFC 8016 §3.2.2)', () => {
    const { world, before, after, ticket } = moving();
    expect(codeOf(move(before, ticket))).toBe(400);
    const newest = ticketOf(move(after, ticket));
    expect(codeOf(move(after, newest))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['client-did-not-move', 'client-did-not-move']);
    expect(codeOf(after.request(Method.Refresh))).toBe(0);
    expect(codeOf(move(before, newest))).toBe(0);
  });

  it('lets a client that has not used the new path yet go back with the newest ticket', () => {
    const { before, after, ticket } = moving();
    const newest = ticketOf(move(after, ticket));
    expect(codeOf(move(before, newest))).toBe(0);
    expect(codeOf(after.request(Method.Refresh))).toBe(437);
    expect(before.relay).toBeDefined();
  });

  it('moves what is left of two families when one has expired and no timer has run', () => {
    const world = new World({ mobility: true });
    const [before, after] = [world.client().as('alice'), world.client().as('alice')];
    const ticket = ticketOf(before.allocate((m) => m.add(additionalAddressFamily, 2).add(mobilityTicket, EMPTY)));
    before.request(Method.Refresh, (m) => m.add(requestedAddressFamily, 2).add(lifetime, 3600));
    world.sleep(601);
    expect(codeOf(move(after, ticket))).toBe(0);
    expect(world.engine.sessions()).toMatchObject([{ relayedAll: [{ family: 6 }] }]);
  });

  it('moves on and on, each time with the newest ticket', () => {
    const { world, ticket } = moving();
    let newest = ticket;
    for (let i = 0; i < 5; i++) newest = ticketOf(move(world.client().as('alice'), newest));
    expect(world.engine.stats()).toMatchObject({ allocations: 1, relayPortsTaken: 1 });
  });

  it('does nothing for a ticket that was used before', () => {
    const { world, before, after, ticket } = moving();
    move(after, ticket);
    const thief = world.client().as('alice');
    expect(codeOf(move(thief, ticket))).toBe(400);
    expect(codeOf(move(before, ticket))).toBe(400);
    expect(world.causes('request-refused')).toEqual(['unknown-ticket', 'unknown-ticket']);
  });

  it('does nothing for a stolen ticket: another user is 441, and a changed or foreign one 400', () => {
    const { world, before, ticket } = moving();
    const thief = world.client().as('mallory');
    expect(codeOf(move(thief, ticket, 0))).toBe(441);
    for (let at = 0; at < ticket.length; at++) {
      const changed = Buffer.from(ticket);
      changed[at]! ^= 1;
      expect(codeOf(move(before, changed))).toBe(400);
    }
    for (const foreign of [EMPTY, randomBytes(40), randomBytes(39), randomBytes(400), moving().ticket]) {
      expect(codeOf(move(before, foreign))).toBe(400);
    }
    expect(codeOf(before.request(Method.Refresh))).toBe(0);
    expect(codeOf(move(world.client().as('alice'), ticket))).toBe(0);
  });

  it('is 437 for an allocation that has ended, and onto a path that has one', () => {
    const { world, before, after, ticket } = moving();
    after.allocate();
    expect(codeOf(move(after, ticket))).toBe(437);
    before.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(codeOf(move(world.client().as('alice'), ticket))).toBe(437);
  });

  it('moves both relays of two families', () => {
    const world = new World({ mobility: true });
    const [before, after] = [world.client().as('alice'), world.client().as('alice')];
    const made = before.allocate((m) => m.add(additionalAddressFamily, 2).add(mobilityTicket, EMPTY));
    move(after, ticketOf(made));
    channelBind(after);
    expect([after.relayOf(4), after.relayOf(6)].map(({ relayed }) => relayed.family)).toEqual([4, 6]);
  });

  it('keeps the allocation of a connection that has gone until its end, for its ticket alone', () => {
    const { world, before, after, ticket } = moving('tcp');
    world.engine.onClientClosed(before);
    expect(world.engine.stats().allocations).toBe(1);
    expect(codeOf(before.request(Method.Refresh))).toBe(437);
    expect(codeOf(move(after, ticket))).toBe(0);
    expect(after.relay).toBeDefined();
    world.engine.onClientClosed(after);
    world.advance(600);
    expect(world.engine.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0, timers: 0 });
    expect(world.causes('allocation-ended')).toEqual(['expired']);
  });

  it('goes over at once when the old connection closes, and back when the new one does', () => {
    const { world, before, after, ticket } = moving('tcp');
    const newest = ticketOf(move(after, ticket));
    world.engine.onClientClosed(after);
    expect(codeOf(before.request(Method.Refresh))).toBe(0);
    const third = world.client(undefined, 'tcp').as('alice');
    expect(codeOf(move(third, newest))).toBe(0);
    world.engine.onClientClosed(before);
    expect(third.relay).toBeDefined();
  });

  it('ends a closed connection’s allocation at once without a ticket', () => {
    const world = new World({ mobility: true });
    const client = world.client(undefined, 'tcp').as('alice');
    client.allocate();
    world.engine.onClientClosed(client);
    expect(world.causes('allocation-ended')).toEqual(['client-closed']);
  });

  it('leaks no port and no quota over 10,000 moves', () => {
    const world = new World({ mobility: true, quota: { perUser: 1, perAddress: 1, total: 1 } }, { quiet: true });
    const first = world.client('198.51.100.1:1024').as('alice');
    for (let round = 0; round < 2_500; round++) {
      let ticket = ticketOf(allocate(first));
      for (let step = 0; step < 4; step++) {
        const next = world.client(`198.51.100.2:${2000 + step}`).as('alice');
        ticket = ticketOf(move(next, ticket));
        if (step % 2 === 0) next.exchange(next.signed(Method.Refresh));
        if (step === 3) next.request(Method.Refresh, (m) => m.add(lifetime, 0));
      }
      world.advance(61);
      first.as('alice').nonce = undefined;
    }
    expect(world.engine.stats()).toMatchObject({ allocations: 0, users: 0, relayPortsTaken: 0, timers: 0 });
    expect(world.plane.open.size).toBe(0);
    expect(codeOf(allocate(first))).toBe(0);
  }, 300_000);
});
