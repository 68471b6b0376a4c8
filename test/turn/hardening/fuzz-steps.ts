import fc from 'fast-check';
import { Method } from '../../../src/stun/message-type.ts';
import { method, mutation, PEERS, type Mutation } from './hostile-message.ts';

export interface PeerWish {
  readonly kind: 'peer';
  readonly address: string;
  readonly port: number;
}

/** An attribute by what it says; addresses and tokens are known only when the message is made. */
export type Wish =
  | PeerWish
  /** Counted back from the last that was given: RESERVATION-TOKEN, MOBILITY-TICKET, CONNECTION-ID. */
  | { readonly kind: 'token' | 'ticket' | 'connection'; readonly which: number }
  | { readonly kind: 'bytes'; readonly type: number; readonly value: readonly number[] };

export type Step =
  | {
      readonly kind: 'ask';
      readonly who: number;
      readonly method: number;
      readonly wishes: readonly Wish[];
      readonly mutations: readonly Mutation[];
    }
  | {
      readonly kind: 'send';
      readonly who: number;
      readonly wishes: readonly Wish[];
      readonly mutations: readonly Mutation[];
    }
  /** The last request once more, as it was. */
  | { readonly kind: 'again'; readonly who: number }
  | { readonly kind: 'frame'; readonly who: number; readonly channel: number }
  /** Of a TCP relay: the peer takes the connection of a Connect, makes one, or ends one. */
  | { readonly kind: 'taken' | 'hung-up'; readonly which: number }
  | { readonly kind: 'accept'; readonly relay: number; readonly from: PeerWish }
  | { readonly kind: 'peer'; readonly relay: number; readonly from: PeerWish; readonly length: number }
  | { readonly kind: 'wait'; readonly seconds: number; readonly timers: boolean }
  | { readonly kind: 'set-clock'; readonly bySec: number }
  | { readonly kind: 'close'; readonly who: number };

const bytes = (type: number, ...values: (readonly number[])[]): fc.Arbitrary<Wish> =>
  fc.constantFrom(...values).map((value) => ({ kind: 'bytes' as const, type, value }));
const peer = fc.record({
  kind: fc.constant('peer' as const),
  address: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('9.9.9.9', '9.9.9.9', '2606:4700::1') },
    { weight: 1, arbitrary: fc.constantFrom(...PEERS) },
  ),
  port: fc.constantFrom(1000, 1000, 2000, 3478, 0, 50_000),
});
const transport = bytes(0x0019, [17, 0, 0, 0], [17, 0, 0, 0], [17, 0, 0, 0], [6, 0, 0, 0], [0, 0, 0, 0]);
const lifetime = bytes(0x000d, [0, 0, 0, 0], [0, 0, 2, 88], [255, 255, 255, 255], [0, 0, 0, 1]);
const channel = bytes(0x000c, [0x40, 0, 0, 0], [0x40, 1, 0, 0], [0x40, 2, 0, 0], [0x3f, 255, 0, 0], [0x50, 0, 0, 0]);
const family = bytes(0x0017, [1, 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [9, 0, 0, 0]);
const bothFamilies = bytes(0x8000, [2, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0]);
const evenPort = bytes(0x0018, [0x80], [0x80], [0]);
const given = (kind: 'token' | 'ticket' | 'connection'): fc.Arbitrary<Wish> =>
  fc.nat(5).map((back): Wish => ({ kind, which: Math.max(0, back - 2) }));
const token = given('token');
const ticket = given('ticket');
const connection = given('connection');
const noTicket = bytes(0x8030, []);
const data = bytes(0x0013, [1, 2, 3], [], [9]);
const anyWish = fc.oneof(
  peer,
  transport,
  lifetime,
  channel,
  family,
  bothFamilies,
  evenPort,
  token,
  data,
  bytes(0x001a, []),
  ticket,
  noTicket,
  connection,
);

const udp: Wish = { kind: 'bytes', type: 0x0019, value: [17, 0, 0, 0] };
const friend: PeerWish = { kind: 'peer', address: '9.9.9.9', port: 1000 };
const firstChannel: Wish = { kind: 'bytes', type: 0x000c, value: [0x40, 0, 0, 0] };

const who = fc.constantFrom(0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6);
const rarely = fc.oneof(
  { weight: 3, arbitrary: fc.constant<readonly Mutation[]>([]) },
  { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
);
const some = fc.array(anyWish, { maxLength: 2 });

function asks(of: number, ...parts: fc.Arbitrary<Wish>[]): fc.Arbitrary<Step> {
  const wishes = fc.tuple(
    fc.tuple(...parts),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some }),
  );
  return fc.record({
    kind: fc.constant('ask' as const),
    who,
    method: fc.constant(of),
    wishes: wishes.map(([first, more]) => [...first, ...more]),
    mutations: rarely,
  });
}

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: asks(Method.Allocate, transport) },
  { weight: 3, arbitrary: asks(Method.Allocate, transport, fc.oneof(family, bothFamilies, evenPort, token)) },
  { weight: 2, arbitrary: asks(Method.Allocate, transport, noTicket) },
  { weight: 1, arbitrary: asks(Method.Refresh, lifetime) },
  { weight: 4, arbitrary: asks(Method.Refresh, ticket) },
  { weight: 1, arbitrary: asks(Method.Refresh, ticket, lifetime) },
  { weight: 3, arbitrary: asks(Method.Connect, peer) },
  { weight: 3, arbitrary: asks(Method.ConnectionBind, connection) },
  { weight: 4, arbitrary: asks(Method.CreatePermission, peer) },
  { weight: 4, arbitrary: asks(Method.ChannelBind, channel, peer) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      who,
      method,
      wishes: fc.array(anyWish, { maxLength: 6 }),
      mutations: rarely,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('send' as const), who, wishes: fc.tuple(peer, data), mutations: rarely }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('peer' as const),
      relay: fc.nat(5),
      from: peer,
      length: fc.constantFrom(0, 5, 70_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(0, 1, 29, 300, 400),
      timers: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('set-clock' as const), bySec: fc.constantFrom(-7200, -60, 60, 7200) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('frame' as const), who, channel: fc.constantFrom(0x4000, 0x4001) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('taken' as const, 'taken' as const, 'hung-up' as const),
      which: fc.nat(5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('accept' as const), relay: fc.nat(5), from: peer }) },
);

const tcp: Wish = { kind: 'bytes', type: 0x0019, value: [6, 0, 0, 0] };
const mobile: Wish = { kind: 'bytes', type: 0x8030, value: [] };
const newestTicket: Wish = { kind: 'ticket', which: 0 };
const newestConnection: Wish = { kind: 'connection', which: 0 };
const hello: Wish = { kind: 'bytes', type: 0x0013, value: [1, 2, 3] };

function ask(client: number, of: number, ...wishes: Wish[]): Step {
  return { kind: 'ask', who: client, method: of, wishes, mutations: [] };
}

/** Two clients in the middle of a call, where many ways in are open. */
const CALL: readonly Step[] = [0, 2].flatMap((client): Step[] => [
  ask(client, Method.Allocate, udp),
  ask(client, Method.CreatePermission, friend),
  ask(client, Method.ChannelBind, firstChannel, friend),
  { kind: 'send', who: client, wishes: [friend, hello], mutations: [] },
  { kind: 'peer', relay: 0, from: friend, length: 5 },
]);

/** Two clients with tickets, of which one is on its way, and its old path still serves. */
const MOVE: readonly Step[] = [
  ask(1, Method.Allocate, udp, mobile),
  ask(0, Method.Allocate, udp, mobile),
  ask(0, Method.ChannelBind, firstChannel, friend),
  ask(4, Method.Refresh, newestTicket),
];

/** A client with a TCP relay and two connections, of which one is bound. */
const STREAMS: readonly Step[] = [
  ask(1, Method.Allocate, tcp),
  ask(1, Method.CreatePermission, friend),
  ask(1, Method.Connect, friend),
  { kind: 'taken', which: 0 },
  ask(4, Method.ConnectionBind, newestConnection),
  { kind: 'accept', relay: 0, from: { ...friend, port: 2000 } },
];

/** How a sequence begins: each leads to where chance alone seldom comes. */
export const BEGINNINGS: readonly (readonly Step[])[] = [[], CALL, MOVE, STREAMS];
