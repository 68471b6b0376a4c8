import { randomBytes } from 'node:crypto';
import { type Now } from '../../../src/base/clock.ts';
import { type AddressFamily } from '../../../src/base/ip.ts';
import { silentLogger, type LogFields } from '../../../src/base/logger.ts';
import {
  type TransportAddress,
  formatTransportAddress,
  transportAddress,
} from '../../../src/base/transport-address.ts';
import { TypedEvents } from '../../../src/base/typed-events.ts';
import { withAccessTokens } from '../../../src/credentials/combined.ts';
import { type CredentialVerifier } from '../../../src/credentials/credential.ts';
import { accessToken } from '../../../src/stun/attributes/rfc7635.ts';
import { errorCode, nonce, realm, username } from '../../../src/stun/attributes/rfc8489.ts';
import { requestedTransport } from '../../../src/stun/attributes/rfc8656.ts';
import { longTermKeyMd5 } from '../../stun/long-term-key.ts';
import { Method, type MessageClass } from '../../../src/stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../../../src/stun/message.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { type ClientPath, type ClientTransport } from '../../../src/turn/contract/client-path.ts';
import { type TurnEngineOptions } from '../../../src/turn/engine/engine-options.ts';
import { createTurnEngine, type TurnEngine } from '../../../src/turn/engine/engine.ts';
import { type TurnEvents } from '../../../src/turn/engine/observe/turn-events.ts';
import { type WrapRequests } from '../../../src/turn/engine/requests/serve-request.ts';
import { unwrap } from '../../support/unwrap.ts';
import { plainCrossing } from '../contract/plain-crossing.ts';
import { FakePlane, type FakeRelay } from './fake-plane.ts';
import { FakeVerifier, passwordFor } from './fake-verifier.ts';

export const REALM = 'ims.example.org';
/** 2026-01-01T00:00:00Z */
export const START_SEC = 1_767_225_600;

const EVENT_NAMES = [
  'allocation-created',
  'allocation-refreshed',
  'allocation-ended',
  'relay-ended',
  'allocation-moved',
  'peer-connected',
  'peer-closed',
  'permission-created',
  'channel-bound',
  'authentication-refused',
  'request-refused',
  'peer-denied',
] as const satisfies readonly (keyof TurnEvents)[];

export function engineOptions(changes: Partial<TurnEngineOptions> = {}): TurnEngineOptions {
  return {
    realm: REALM,
    realms: { byListener: [], byOrigin: new Map() },
    passwordAlgorithms: ['sha256', 'md5'],
    usernameAnonymity: false,
    software: undefined,
    nonceLifetimeSec: 3600,
    relay: { addresses: ['8.8.4.1', '2a00:1450::1'], ports: { min: 50_000, max: 50_999 }, portQuarantineSec: 60 },
    listeners: [address('8.8.4.1:3478'), address('[2a00:1450::1]:3478')],
    ownAddresses: [],
    allocation: {
      defaultLifetimeSec: 600,
      maxLifetimeSec: 3600,
      permissionLifetimeSec: 300,
      channelLifetimeSec: 600,
      permissions: 8,
      channels: 6,
    },
    quota: { perUser: 10, total: 20 },
    peers: { allow: [], deny: [], allowPrivate: false },
    legacyChannelNumbers: false,
    expiryPolicy: 'cap',
    reservationSec: 30,
    mobility: false,
    tcpRelay: { connectTimeoutSec: 30, pendingPerAllocation: 3, connectionsPerAllocation: 4, connections: 6 },
    dontFragment: true,
    ...changes,
  };
}

/** `192.0.2.1:80` or `[2001:db8::1]:80` */
export function address(text: string): TransportAddress {
  const colon = text.lastIndexOf(':');
  const made = transportAddress(text.slice(0, colon).replace(/^\[|\]$/g, ''), Number(text.slice(colon + 1)));
  if (!made) throw new Error(`no transport address: ${text}`);
  return made;
}

/** An engine with everything around it faked. An error the engine logs fails the test, unless `faults` expects it. */
export class World {
  readonly options: TurnEngineOptions;
  readonly plane: FakePlane;
  readonly verifier: FakeVerifier;
  readonly engine: TurnEngine;
  readonly events: { readonly name: keyof TurnEvents; readonly event: object }[] = [];
  readonly logged: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  readonly emitter = new TypedEvents<TurnEvents>((error) => {
    throw error;
  });
  readonly deadlines: (number | undefined)[] = [];
  /** By socket. */
  readonly clients = new Map<number, TestClient>();
  /** Answers that left another way than their request came. */
  readonly detours: { readonly origin: TransportAddress; readonly remote: TransportAddress; readonly bytes: Buffer }[] =
    [];
  now: Now = { monotonicMs: 5_000, unixMs: START_SEC * 1000 };
  faults = false;
  randomInt: (below: number) => number;
  #clients = 0;

  constructor(
    changes: Partial<TurnEngineOptions> = {},
    {
      wrapRequests,
      quiet = false,
      accessTokensFor,
      tokens,
    }: {
      readonly wrapRequests?: WrapRequests;
      readonly quiet?: boolean;
      readonly accessTokensFor?: string;
      /** Takes the requests with ACCESS-TOKEN. */
      readonly tokens?: CredentialVerifier;
    } = {},
  ) {
    this.verifier = new FakeVerifier(accessTokensFor);
    this.options = engineOptions(changes);
    const byFamily = { 4: [] as string[], 6: [] as string[] };
    for (const text of this.options.relay.addresses) byFamily[text.includes(':') ? 6 : 4].push(text);
    this.plane = new FakePlane(byFamily);
    let seed = 1;
    this.randomInt = (below) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (const name of quiet ? [] : EVENT_NAMES) this.emitter.on(name, (event) => this.events.push({ name, event }));
    const engine = createTurnEngine(this.options, {
      plane: quiet ? this.plane : plainCrossing(this.plane),
      verifier: tokens ? withAccessTokens(tokens, this.verifier) : this.verifier,
      now: () => this.now,
      randomBytes: (count) => randomBytes(count),
      randomInt: (below) => this.randomInt(below),
      events: this.emitter,
      wrapRequests,
      sendFrom: (origin, remote, data) => this.detours.push({ origin, remote, bytes: Buffer.from(data) }),
      logger: quiet ? silentLogger : this.#logger(),
      onDeadlineChanged: (deadlineMs) => this.deadlines.push(deadlineMs),
    });
    this.engine = quiet ? engine : engineOfPlainData(engine);
    this.plane.sink = this.engine;
    this.plane.onMessage = (client, data) => this.clients.get(client.socket)?.inbox.push(data);
  }

  /** Moves both clocks; timers run as an owner with one timeout would run them. */
  advance(seconds: number): void {
    this.sleep(seconds);
    this.engine.runTimers(this.now);
  }

  /** Moves both clocks and lets no timer run. */
  sleep(seconds: number): void {
    const { monotonicMs, unixMs } = this.now;
    this.now = { monotonicMs: monotonicMs + seconds * 1000, unixMs: unixMs + seconds * 1000 };
  }

  client(remote = `198.51.100.${10 + this.#clients++}:40000`, transport: ClientTransport = 'udp'): TestClient {
    return new TestClient(this, address(remote), transport);
  }

  of<Name extends keyof TurnEvents>(name: Name): TurnEvents[Name][] {
    return this.events.filter((entry) => entry.name === name).map(({ event }) => event as TurnEvents[Name]);
  }

  causes(name: 'authentication-refused' | 'request-refused' | 'peer-denied' | 'allocation-ended'): string[] {
    return this.of(name).map(({ cause }) => cause);
  }

  #logger() {
    const at = (level: string) => (fields: LogFields, message: string) => {
      this.logged.push({ level, message, fields });
    };
    const error = (fields: LogFields, message: string): void => {
      at('error')(fields, message);
      if (!this.faults) throw new Error(message, { cause: fields.err });
    };
    return { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error };
  }
}

/** The engine as another thread would reach it: `TestClient` and `FakeRelay` are more than the contract lets cross. */
function engineOfPlainData(engine: TurnEngine): TurnEngine {
  const plain = plainCrossing(engine);
  return new Proxy(engine, {
    get(target, name) {
      if (typeof name !== 'string' || !/^on[A-Z]/.test(name)) {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      }
      return (...args: unknown[]): unknown => {
        const event = Reflect.get(plain, name) as (...args: unknown[]) => unknown;
        return event(...args.map(asContract));
      };
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

function asContract(value: unknown): unknown {
  if (value instanceof TestClient) {
    const { transport, remote, local, key, socket, from } = value;
    return { transport, remote, local, key, socket, from };
  }
  if (typeof value !== 'object' || value === null || !('slot' in value) || !('relayed' in value)) return value;
  return { slot: value.slot, relayed: value.relayed };
}

export type Build = (message: StunWriter) => unknown;

interface Login {
  readonly username: string;
  readonly password: string;
}

/** What a client of RFC 7635 has been given. */
interface HeldToken {
  readonly kid: string;
  readonly macKey: Buffer;
  readonly token: Buffer;
}

const CARRIES_TOKEN: ReadonlySet<number> = new Set([Method.Allocate, Method.Refresh]);

/** A client as the wire sees it: keeps realm and nonce of the last challenge and signs with them. */
export class TestClient implements ClientPath {
  readonly transport: ClientTransport;
  readonly remote: TransportAddress;
  readonly local = address('8.8.4.1:3478');
  readonly key: string;
  readonly socket: number;
  readonly from: string;
  readonly inbox: Buffer[] = [];
  login: Login | undefined;
  token: HeldToken | undefined;
  nonce: string | undefined;
  realm = REALM;
  readonly #world: World;

  constructor(world: World, remote: TransportAddress, transport: ClientTransport) {
    this.#world = world;
    this.remote = remote;
    this.transport = transport;
    this.key = `${transport} ${formatTransportAddress(remote)} ${formatTransportAddress(this.local)}`;
    this.from = remote.address;
    this.socket = world.clients.size + 1;
    world.clients.set(this.socket, this);
  }

  get relay(): FakeRelay {
    return this.#world.plane.relayOf(this.key);
  }

  /** Of an allocation with two. */
  relayOf(family: AddressFamily): FakeRelay {
    return this.#world.plane.relayOf(this.key, family);
  }

  get relayed(): TransportAddress {
    return this.relay.relayed;
  }

  as(user: string, options: { ttlSec?: number; keyId?: string; password?: string } = {}): this {
    const t = Math.floor(this.#world.now.unixMs / 1000) + (options.ttlSec ?? 86_400);
    const name = `${t}:${user}`;
    return this.with({ username: name, password: options.password ?? passwordFor(name, options.keyId) });
  }

  with(login: Login): this {
    this.login = login;
    this.token = undefined;
    return this;
  }

  /** With an access token: RFC 7635 §9 has it in Allocate and Refresh alone. */
  withToken(token: HeldToken): this {
    this.login = { username: token.kid, password: '' };
    this.token = token;
    return this;
  }

  /** The key of the long-term mechanism with MD5, or the session key of a token. */
  key16(): Buffer {
    if (this.token) return this.token.macKey;
    const { username: name, password } = this.login!;
    return longTermKeyMd5(name, this.realm, password);
  }

  /** A request signed with the login and the nonce of the last challenge, as bytes. */
  signed(method: number, build: Build = () => undefined, transactionId: Buffer = randomBytes(12)): Buffer {
    return this.#named(method, build, transactionId).addIntegrity(this.key16()).finish();
  }

  /** The same with MESSAGE-INTEGRITY-SHA256 alone. */
  signedSha256(method: number, build: Build): Buffer {
    const writer = this.#named(method, build, randomBytes(12));
    return writer.addIntegrity(this.key16(), 'sha256').finish();
  }

  #named(method: number, build: Build, transactionId: Buffer): StunWriter {
    const writer = new StunWriter(method, 'request', transactionId);
    build(writer);
    if (this.token && CARRIES_TOKEN.has(method)) writer.add(accessToken, this.token.token);
    return writer.add(username, this.login!.username).add(realm, this.realm).add(nonce, this.nonce!);
  }

  /** Hands bytes to the engine and returns what came back, decoded; at most one answer. */
  exchange(bytes: Buffer): StunMessage | undefined {
    const before = this.inbox.length;
    this.#world.engine.onClientMessage(this, bytes);
    const answers = this.inbox.slice(before);
    if (answers.length > 1) throw new Error(`${answers.length} answers to one request`);
    return answers[0] && decoded(answers[0]);
  }

  /** The whole handshake: a challenge first when no nonce is known, then the signed request. */
  request(method: number, build?: Build, transactionId?: Buffer): StunMessage {
    if (this.nonce === undefined) this.challenge(method);
    const answer = this.exchange(this.signed(method, build, transactionId));
    if (!answer) throw new Error('no answer');
    return answer;
  }

  challenge(method: number = Method.Allocate): StunMessage {
    const answer = this.exchange(plain(method, 'request'));
    this.nonce = answer!.get(nonce)!;
    return answer!;
  }

  allocate(build: Build = () => undefined, transactionId?: Buffer): StunMessage {
    const withTransport: Build = (message) => {
      message.add(requestedTransport, 17);
      build(message);
    };
    return this.request(Method.Allocate, withTransport, transactionId);
  }

  indicate(method: number, build: Build): void {
    this.exchange(plain(method, 'indication', build));
  }
}

/** A message without credentials. */
export function plain(method: number, messageClass: MessageClass, build: Build = () => undefined): Buffer {
  const writer = new StunWriter(method, messageClass, randomBytes(12));
  build(writer);
  return writer.finish();
}

export function decoded(bytes: Buffer): StunMessage {
  return unwrap(decodeMessage(bytes));
}

/** 0 for a success, else the error code. */
export function codeOf(answer: StunMessage | undefined): number {
  if (!answer) throw new Error('no answer');
  return answer.messageClass === 'success' ? 0 : answer.get(errorCode)!.code;
}
