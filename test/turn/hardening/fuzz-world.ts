import { parseIp } from '../../../src/core/ip.ts';
import { type TransportAddress } from '../../../src/core/transport-address.ts';
import { errorCode } from '../../../src/stun/attributes/error-code.ts';
import { nonce } from '../../../src/stun/attributes/nonce.ts';
import { reservationToken } from '../../../src/stun/attributes/reservation-token.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { type FakeRelay } from '../engine/fake-plane.ts';
import { address, decoded, REALM, World, type TestClient } from '../engine/world.ts';
import { signed, Type } from '../support/rfc8489-client.ts';
import { Granted, peerAttribute } from './granted.ts';
import { type Step, type Wish } from './fuzz-steps.ts';
import { encodeRaw, mutate, rawOf, type Mutation, type RawAttribute } from './hostile-message.ts';

const QUOTA = { perUser: 3, total: 4 };

/** Four clients of three users before an engine, and beside it a record of what they were granted. */
export class FuzzWorld {
  readonly reached = { allocations: 0, permissions: 0, channels: 0, toPeers: 0, toClients: 0 };
  readonly #world = new World(
    {
      quota: QUOTA,
      relay: { addresses: ['8.8.4.1', '2a00:1450::1'], ports: { min: 50_000, max: 50_009 }, portQuarantineSec: 60 },
    },
    { quiet: true },
  );
  readonly #granted = new Granted();
  readonly #clients: readonly TestClient[];
  readonly #tokens: Uint8Array[] = [];

  #ids = 0;

  constructor() {
    const places = [
      ['udp', '198.51.100.1:1'],
      ['tcp', '198.51.100.1:1'],
      ['udp', '198.51.100.2:1'],
      ['tls', '[2a00:1450::77]:1'],
    ] as const;
    const users = ['alice', 'alice', 'bob', 'carol'];
    this.#clients = places.map(([by, at], index) => this.#world.client(at, by).as(users[index] ?? '', { ttlSec: 1e6 }));
    for (const client of this.#clients) client.challenge();
    for (const client of this.#clients) client.inbox.length = 0;
  }

  take(one: Step): void {
    const world = this.#world;
    if (one.kind === 'wait') {
      if (one.timers) world.advance(one.seconds);
      else world.sleep(one.seconds);
    } else if (one.kind === 'set-clock') world.now = { ...world.now, unixMs: world.now.unixMs + one.bySec * 1000 };
    else if (one.kind === 'close') world.engine.onClientClosed(this.#client(one.who));
    else if (one.kind === 'peer') this.#hear(one.relay, one.from, one.length);
    else if (one.kind === 'send') this.#send(this.#client(one.who), one.wishes, one.mutations);
    else this.#ask(this.#client(one.who), one.method, one.wishes, one.mutations);
  }

  /** What holds after every step. */
  check(): void {
    const { allocations, reservations, relayPortsTaken, drops } = this.#world.engine.stats();
    const sessions = this.#world.engine.sessions();
    const relays = sessions.reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
    const open = [...this.#world.plane.open.values()];
    if (drops['engine-fault'] !== undefined) throw new Error('the engine failed on an input');
    if (sessions.length !== allocations) throw new Error('sessions and allocations disagree');
    if (relayPortsTaken !== relays + reservations || open.length !== relayPortsTaken) throw new Error('a port leaked');
    if (relayPortsTaken > QUOTA.total) throw new Error('more than the quota of all');
    for (const { user } of sessions) {
      const own = sessions
        .filter((other) => other.user === user)
        .reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
      if (own > QUOTA.perUser) throw new Error(`more than the quota of ${user}`);
    }
    for (const relay of open) this.#granted.check(relay, this.#world.now.monotonicMs);
    for (const client of this.#clients) {
      if (client.inbox.length > 0) throw new Error(`${client.key} got what it did not ask for`);
    }
  }

  /** Nothing is left once all has had its time. */
  finish(): void {
    this.#world.advance(4000);
    const { allocations, reservations, users, timers, relayPortsTaken } = this.#world.engine.stats();
    const left = allocations + reservations + users + timers + relayPortsTaken + this.#world.plane.open.size;
    if (left !== 0) throw new Error(`left behind: ${JSON.stringify(this.#world.engine.stats())}`);
  }

  #ask(client: TestClient, of: number, wishes: readonly Wish[], mutations: readonly Mutation[]): void {
    const transactionId = this.#nextId();
    const type = (of & 0xf) | ((of & 0x70) << 1) | ((of & 0xf80) << 2);
    const attributes = this.#attributes(wishes, transactionId);
    const { login, nonce: current } = client;
    if (!login || current === undefined) throw new Error('a client without a challenge');
    const credentials = [
      { type: Type.USERNAME, value: Buffer.from(login.username) },
      { type: Type.REALM, value: Buffer.from(REALM) },
      { type: Type.NONCE, value: Buffer.from(current) },
    ];
    // Mutated before it is signed: integrity is right, whatever else is not. A lie about lengths is told after.
    const honest = mutate(
      { type, transactionId, attributes },
      mutations.filter(({ kind }) => kind !== 'lie' && kind !== 'claim'),
    );
    const whole = signed(
      encodeRaw({ ...honest, attributes: [...honest.attributes, ...credentials] }),
      Type.MESSAGE_INTEGRITY,
      client.key16(),
    );
    const request = encodeRaw(
      mutate(
        rawOf(whole),
        mutations.filter(({ kind }) => kind === 'lie' || kind === 'claim'),
      ),
    );
    const answer = this.#exchange(client, request);
    if (!answer) return;
    if ([401, 438].includes(answer.get(errorCode)?.code ?? 0)) client.nonce = answer.get(nonce) ?? client.nonce;
    if (answer.messageClass === 'success') this.#note(client, of, answer, rawOf(request));
  }

  #note(client: TestClient, of: number, answer: StunMessage, request: ReturnType<typeof rawOf>): void {
    const relays = this.#relaysOf(client);
    const { monotonicMs } = this.#world.now;
    if (of === Method.Allocate) this.reached.allocations += 1;
    const given = answer.get(reservationToken);
    if (given) this.#tokens.push(Buffer.from(given));
    if (of === Method.CreatePermission) {
      this.reached.permissions += 1;
      this.#granted.permissions(relays, request, monotonicMs);
    }
    if (of !== Method.ChannelBind) return;
    this.reached.channels += 1;
    this.#granted.channel(relays, request, monotonicMs);
  }

  #exchange(client: TestClient, request: Buffer): StunMessage | undefined {
    this.#world.engine.onClientMessage(client, request);
    const [answer, ...more] = client.inbox.splice(0);
    if (more.length > 0) throw new Error('two answers to one request');
    if (this.#world.plane.sent.length > 0) throw new Error('a request sent data to a peer');
    return answer && decoded(answer);
  }

  #send(client: TestClient, wishes: readonly Wish[], mutations: readonly Mutation[]): void {
    const transactionId = this.#nextId();
    const attributes = this.#attributes(wishes, transactionId);
    this.#world.engine.onClientMessage(
      client,
      encodeRaw(mutate({ type: 0x0016, transactionId, attributes }, mutations)),
    );
    for (const { from, to } of this.#world.plane.sent.splice(0)) {
      const relay = this.#world.plane.open.get(from);
      if (relay?.client?.key !== client.key) throw new Error(`data left by ${from}, which is not the sender's`);
      if (!this.#granted.permits(relay, address(to), this.#world.now.monotonicMs))
        throw new Error(`data to ${to} passed`);
      this.reached.toPeers += 1;
    }
  }

  #hear(index: number, { address: text, port }: Wish & { kind: 'peer' }, length: number): void {
    const open = [...this.#world.plane.open.values()];
    const relay = open[index % Math.max(1, open.length)];
    const bytesOf = parseIp(text);
    if (!relay || !bytesOf) return;
    const from: TransportAddress = { family: bytesOf.length === 4 ? 4 : 6, address: text, port };
    // Sockets of relays hear their own family only.
    if (relay.relayed.family !== from.family) return;
    this.#world.engine.onPeerData(relay, from, Buffer.alloc(length));
    for (const client of this.#clients) {
      for (const indication of client.inbox.splice(0)) {
        decoded(indication);
        if (relay.client?.key !== client.key) throw new Error('data of a peer reached another client');
        if (!this.#granted.permits(relay, from, this.#world.now.monotonicMs)) throw new Error(`data of ${text} passed`);
        this.reached.toClients += 1;
      }
    }
  }

  #attributes(wishes: readonly Wish[], transactionId: Buffer): RawAttribute[] {
    return wishes.map((wish) => {
      if (wish.kind === 'bytes') return { type: wish.type, value: Buffer.from(wish.value) };
      if (wish.kind === 'token') return { type: 0x0022, value: this.#tokens.at(-1 - wish.which) ?? Buffer.alloc(8) };
      return peerAttribute(parseIp(wish.address) ?? Buffer.alloc(4), wish.port, transactionId);
    });
  }

  /** Counted, so that a seed finds the same bytes again: peer addresses are masked with it. */
  #nextId(): Buffer {
    const id = Buffer.alloc(12, 0x5a);
    id.writeUInt32BE(this.#ids++, 8);
    return id;
  }

  #relaysOf(client: TestClient): FakeRelay[] {
    return [...this.#world.plane.open.values()].filter((relay) => relay.client?.key === client.key);
  }

  #client(index: number): TestClient {
    const client = this.#clients[index];
    if (!client) throw new Error(`no client ${index}`);
    return client;
  }
}
