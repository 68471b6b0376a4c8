import { parseIp } from '../../../src/base/ip.ts';
import {
  formatTransportAddress,
  sameTransportAddress,
  type TransportAddress,
} from '../../../src/base/transport-address.ts';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import { accessToken } from '../../../src/stun/attributes/rfc7635.ts';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import { errorCode, nonce } from '../../../src/stun/attributes/rfc8489.ts';
import { xorRelayedAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { heldToken, tokenVerifier } from '../../credentials/access-token/support.ts';
import { type FakeRelay } from '../engine/fake-plane.ts';
import { address, decoded, REALM, TestClient, World } from '../engine/world.ts';
import { signed, Type } from '../support/rfc8489-client.ts';
import { Granted } from './granted.ts';
import { Given, MOBILITY_TICKET } from './fuzz-given.ts';
import { checkConnections, checkPorts, QUOTA, TCP_RELAY } from './fuzz-limits.ts';
import { Owners } from './fuzz-owners.ts';
import { type PeerWish, type Step, type Wish } from './fuzz-steps.ts';
import { FuzzTcp } from './fuzz-tcp.ts';
import { encodeRaw, mutate, rawOf, type Mutation } from './hostile-message.ts';

const PLACES = [
  ['alice', 'udp', '198.51.100.1:1'],
  ['alice', 'tcp', '198.51.100.1:1'],
  ['bob', 'udp', '198.51.100.2:1'],
  ['carol', 'tls', '[2a00:1450::77]:1'],
  ['alice', 'tcp', '198.51.100.1:2'],
  ['alice', 'udp', '198.51.100.3:1'],
  ['bob', 'tcp', '198.51.100.2:2'],
] as const;

/** Who is known by an access token, as the others by a password. */
const TOKEN_HOLDER = 'carol';

/** Seven clients of three users before an engine, and beside it a record of what they were granted. */
export class FuzzWorld {
  readonly reached = {
    allocations: 0,
    permissions: 0,
    channels: 0,
    toPeers: 0,
    toClients: 0,
    moves: 0,
    connections: 0,
    accepted: 0,
    joined: 0,
  };
  readonly #world = new World(
    {
      quota: QUOTA,
      relay: { addresses: ['8.8.4.1', '2a00:1450::1'], ports: { min: 50_000, max: 50_009 }, portQuarantineSec: 60 },
      mobility: true,
      tcpRelay: TCP_RELAY,
    },
    { quiet: true, tokens: tokenVerifier() },
  );
  readonly #granted = new Granted();
  readonly #owners = new Owners();
  readonly #tcp = new FuzzTcp((client) => {
    this.#reconnect(client);
  });
  /** As they are now: a connection that has gone is followed by another from the same address and port. */
  readonly #clients: TestClient[];
  readonly #given = new Given();
  readonly #last = new Map<TestClient, { readonly of: number; readonly request: Buffer }>();
  /** Who waits for the answer to a Connect, by transaction. */
  readonly #connecting = new Map<string, TestClient>();
  #heard: TestClient | undefined;
  #gone: TestClient | undefined;
  #ids = 0;

  constructor() {
    this.#world.plane.tcp = this.#tcp;
    this.#clients = PLACES.map(([user, by, at]) => {
      const client = this.#world.client(at, by);
      if (user === TOKEN_HOLDER) return client.withToken(heldToken(this.#world.now, { wishedTtlSec: 1e6 }));
      return client.as(user, { ttlSec: 1e6 });
    });
    for (const client of this.#clients) client.challenge();
    for (const client of this.#clients) client.inbox.length = 0;
  }

  take(one: Step): void {
    this.#heard = undefined;
    this.#gone = undefined;
    if ('who' in one) {
      const client = this.#client(one.who);
      // What comes on a connection that is joined to a peer's is the peer's.
      if (this.#tcp.isJoined(client) && one.kind !== 'close') return;
      this.#heard = client;
      if (one.kind === 'close') this.#close(client);
      else if (one.kind === 'send') this.#send(client, one.wishes, one.mutations);
      else if (one.kind === 'frame') this.#frame(client, one.channel);
      else if (one.kind === 'again') this.#again(client);
      else this.#ask(client, one.method, one.wishes, one.mutations);
    } else if (one.kind === 'peer') this.#hear(one.relay, one.from, one.length);
    else if (one.kind === 'accept') this.#accept(one.relay, one.from);
    else if (one.kind === 'wait' || one.kind === 'set-clock') this.#pass(one);
    else if (one.kind === 'taken') this.#taken(one.which);
    else this.#hungUp(one.which);
  }

  #pass(one: Extract<Step, { kind: 'wait' | 'set-clock' }>): void {
    const world = this.#world;
    if (one.kind === 'set-clock') world.now = { ...world.now, unixMs: world.now.unixMs + one.bySec * 1000 };
    else if (one.timers) world.advance(one.seconds);
    else world.sleep(one.seconds);
  }

  /** What holds after every step. */
  check(): void {
    const open = [...this.#world.plane.open.values()];
    checkPorts(this.#world, open);
    checkConnections(this.#world, this.#tcp);
    for (const relay of open) this.#granted.check(relay, this.#world.now.monotonicMs);
    this.#owners.check(open, this.#heard, this.#gone);
    for (const client of this.#clients) this.#deferred(client, client.inbox.splice(0));
  }

  /** Nothing is left once all has had its time. */
  finish(): void {
    this.#world.advance(4000);
    const { allocations, reservations, users, timers, relayPortsTaken, peerConnections } = this.#world.engine.stats();
    const held = allocations + reservations + users + timers + relayPortsTaken + peerConnections;
    const left = held + this.#world.plane.open.size + this.#tcp.live.size;
    if (left !== 0) throw new Error(`left behind: ${JSON.stringify(this.#world.engine.stats())}`);
  }

  #ask(client: TestClient, of: number, wishes: readonly Wish[], mutations: readonly Mutation[]): void {
    const transactionId = this.#nextId();
    const type = (of & 0xf) | ((of & 0x70) << 1) | ((of & 0xf80) << 2);
    const attributes = this.#given.attributes(wishes, transactionId);
    const { login, nonce: current } = client;
    if (!login || current === undefined) throw new Error('a client without a challenge');
    const bringsToken = of === Method.Allocate || of === Method.Refresh;
    const credentials = [
      ...(client.token && bringsToken ? [{ type: accessToken.type, value: client.token.token }] : []),
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
    this.#submit(client, of, request);
  }

  #again(client: TestClient): void {
    const last = this.#last.get(client);
    // Of a client that is awaited this is the Refresh that began its move, and no use of the new path.
    if (this.#owners.isAwaited(client, this.#world.plane.open.values())) this.#heard = undefined;
    if (last) this.#submit(client, last.of, last.request);
  }

  #submit(client: TestClient, of: number, request: Buffer): void {
    this.#last.set(client, { of, request });
    const answer = this.#exchange(client, of, request);
    if (!answer) return;
    if ([401, 438].includes(answer.get(errorCode)?.code ?? 0)) client.nonce = answer.get(nonce) ?? client.nonce;
    if (answer.messageClass === 'success') this.#note(client, of, answer, rawOf(request));
  }

  #note(client: TestClient, of: number, answer: StunMessage, request: ReturnType<typeof rawOf>): void {
    const relays = this.#relaysOf(client);
    const { monotonicMs } = this.#world.now;
    const ticket = answer.get(mobilityTicket);
    this.#given.note(answer);
    if (of === Method.Allocate) {
      this.reached.allocations += 1;
      const told = answer.getAll(xorRelayedAddress).map((at) => this.#relayAt(at, client));
      this.#owners.made(told, client, userOf(client), ticket?.toString('hex'));
    }
    if (of === Method.Refresh) this.#noteMove(client, ticket, request);
    if (of === Method.ConnectionBind) this.#noteJoined(client);
    if (of === Method.CreatePermission) {
      this.reached.permissions += 1;
      this.#granted.permissions(relays, request, monotonicMs);
    }
    if (of !== Method.ChannelBind) return;
    this.reached.channels += 1;
    this.#granted.channel(relays, request, monotonicMs);
  }

  #noteMove(client: TestClient, ticket: Buffer | undefined, request: ReturnType<typeof rawOf>): void {
    const shown = request.attributes.find(({ type }) => type === MOBILITY_TICKET);
    if (!shown) {
      if (ticket) throw new Error('a ticket for who showed none');
      return;
    }
    this.reached.moves += 1;
    this.#owners.moved({
      client,
      user: userOf(client),
      transaction: Buffer.from(request.transactionId).toString('hex'),
      shown: Buffer.from(shown.value).toString('hex'),
      given: ticket?.toString('hex'),
      open: this.#world.plane.open.values(),
    });
  }

  #noteJoined(client: TestClient): void {
    this.reached.joined += 1;
    const joined = [...this.#tcp.live.values()].filter((connection) => connection.client === client);
    const owner = joined[0] && this.#world.plane.relayAt(joined[0].relayed, 'tcp')?.client;
    if (joined.length !== 1 || !(owner instanceof TestClient)) throw new Error('bound to nothing');
    if (userOf(owner) !== userOf(client)) throw new Error('bound the connection of another user');
  }

  #exchange(client: TestClient, of: number, request: Buffer): StunMessage | undefined {
    const transaction = request.toString('hex', 8, 20);
    // A repeated Connect is refused at once, while the first one waits for its own answer.
    const isRepeated = this.#connecting.has(transaction);
    if (of === Method.Connect) this.#connecting.set(transaction, client);
    this.#world.engine.onClientMessage(client, request);
    const all = client.inbox.splice(0);
    const answers = all.filter((bytes) => bytes.toString('hex', 8, 20) === transaction);
    if (answers.length > 0 && !isRepeated) this.#connecting.delete(transaction);
    this.#deferred(
      client,
      all.filter((bytes) => !answers.includes(bytes)),
    );
    const [answer, ...more] = answers;
    if (more.length > 0) throw new Error('two answers to one request');
    if (this.#world.plane.sent.length > 0) throw new Error('a request sent data to a peer');
    return answer && decoded(answer);
  }

  /** Each is the answer to a Connect of this client. */
  #deferred(client: TestClient, all: readonly Buffer[]): void {
    for (const bytes of all) {
      const transaction = bytes.toString('hex', 8, 20);
      if (this.#connecting.get(transaction) !== client) throw new Error(`${client.key} got what it did not ask for`);
      this.#connecting.delete(transaction);
      this.#noteConnection(decoded(bytes));
    }
  }

  #noteConnection(message: StunMessage): void {
    const id = message.get(connectionId);
    if ((id !== undefined) === (message.messageClass === 'error'))
      throw new Error('an answer to Connect that tells nothing');
    if (id === undefined) return;
    this.#given.note(message);
    this.reached.connections += 1;
  }

  #taken(which: number): void {
    const waiting = [...this.#tcp.live.values()].filter(({ state }) => state === 'connecting');
    const connection = waiting[which % Math.max(1, waiting.length)];
    if (connection) connection.state = 'open';
    this.#world.engine.onPeerConnected(connection?.id ?? which);
  }

  #hungUp(which: number): void {
    const all = [...this.#tcp.live.values()];
    const connection = all[which % Math.max(1, all.length)];
    if (connection) this.#tcp.end(connection.id);
    this.#world.engine.onPeerConnectionEnded(connection?.id ?? which);
  }

  #accept(index: number, from: PeerWish): void {
    const [relay, peer] = this.#reaching(index, from, 'tcp');
    if (!relay || !peer) return;
    const id = this.#world.engine.onPeerAccepted(relay, peer);
    if (id === undefined) return;
    this.#tcp.accepted(relay, id, peer);
    if (!this.#granted.permits(relay, peer, this.#world.now.monotonicMs)) throw new Error(`${from.address} got in`);
    const owner = this.#clients.find((client) => client === relay.client);
    const [attempt, ...more] = owner?.inbox.splice(0) ?? [];
    if (!attempt || more.length > 0 || decoded(attempt).get(connectionId) !== id)
      throw new Error('a peer came unannounced');
    this.#noteConnection(decoded(attempt));
    this.reached.accepted += 1;
  }

  #frame(client: TestClient, channel: number): void {
    const { plane, engine } = this.#world;
    const awaited = this.#owners.isAwaited(client, plane.open.values());
    const frame = Buffer.from([channel >> 8, channel & 0xff, 0, 1, 7, 0, 0, 0]);
    engine.onClientMessage(client, frame);
    const passed = plane.passedOn.splice(0);
    if (passed.length !== (awaited ? 1 : 0)) throw new Error('ChannelData went the wrong way');
  }

  /** Over UDP nobody hears of it. A connection that is joined is the plane's. */
  #close(client: TestClient): void {
    if (client.transport === 'udp') return;
    const joined = [...this.#tcp.live.values()].find((connection) => connection.client === client);
    if (joined) {
      this.#tcp.end(joined.id);
      this.#world.engine.onPeerConnectionEnded(joined.id);
      return;
    }
    this.#heard = undefined;
    this.#gone = client;
    this.#world.engine.onClientClosed(client);
    this.#reconnect(client);
  }

  #reconnect(gone: ClientPath): void {
    const at = this.#clients.findIndex((client) => client === gone);
    const { remote, transport, login, token, nonce: current } = this.#client(at);
    const next = new TestClient(this.#world, remote, transport);
    next.login = login;
    next.token = token;
    next.nonce = current;
    this.#clients[at] = next;
  }

  #send(client: TestClient, wishes: readonly Wish[], mutations: readonly Mutation[]): void {
    const transactionId = this.#nextId();
    const attributes = this.#given.attributes(wishes, transactionId);
    this.#world.engine.onClientMessage(
      client,
      encodeRaw(mutate({ type: 0x0016, transactionId, attributes }, mutations)),
    );
    for (const { from, to } of this.#world.plane.sent.splice(0)) {
      const relay = this.#world.plane.relayAt(from, 'udp');
      if (relay?.client !== client) throw new Error(`data left by ${from}, which is not the sender's`);
      if (!this.#granted.permits(relay, address(to), this.#world.now.monotonicMs))
        throw new Error(`data to ${to} passed`);
      this.reached.toPeers += 1;
    }
  }

  #hear(index: number, wish: PeerWish, length: number): void {
    const [relay, from] = this.#reaching(index, wish, 'udp');
    if (!relay || !from) return;
    this.#world.engine.onPeerData(relay, from, Buffer.alloc(length));
    for (const client of this.#clients) {
      for (const indication of client.inbox.splice(0)) {
        decoded(indication);
        if (relay.client !== client) throw new Error('data of a peer reached another client');
        if (!this.#granted.permits(relay, from, this.#world.now.monotonicMs))
          throw new Error(`data of ${wish.address} passed`);
        this.reached.toClients += 1;
      }
    }
  }

  /** An open relay, and a peer that can reach it: sockets of relays hear their own family and protocol only. */
  #reaching(
    index: number,
    { address: text, port }: PeerWish,
    protocol: FakeRelay['protocol'],
  ): [FakeRelay | undefined, TransportAddress | undefined] {
    const open = [...this.#world.plane.open.values()].filter((relay) => relay.protocol === protocol);
    const relay = open[index % Math.max(1, open.length)];
    const family = parseIp(text)?.length === 4 ? 4 : 6;
    return [relay, relay?.relayed.family === family ? { family, address: text, port } : undefined];
  }

  /** Counted, so that a seed finds the same bytes again: peer addresses are masked with it. */
  #nextId(): Buffer {
    const id = Buffer.alloc(12, 0x5a);
    id.writeUInt32BE(this.#ids++, 8);
    return id;
  }

  #relaysOf(client: TestClient): FakeRelay[] {
    return [...this.#world.plane.open.values()].filter((relay) => relay.client === client);
  }

  /** That of the client, as a relay of UDP and one of TCP may have the same address and port. */
  #relayAt(relayed: TransportAddress, client: TestClient): FakeRelay {
    const relay = this.#relaysOf(client).find((one) => sameTransportAddress(one.relayed, relayed));
    if (!relay) throw new Error(`told of ${formatTransportAddress(relayed)}, which is not open`);
    return relay;
  }

  #client(index: number): TestClient {
    const client = this.#clients[index];
    if (!client) throw new Error(`no client ${index}`);
    return client;
  }
}

function userOf({ login }: TestClient): string {
  return login?.username ?? '';
}
