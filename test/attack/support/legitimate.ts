import {
  channelNumber,
  lifetime,
  requestedTransport,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipResponse } from '../../../src/sip/message.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { TurnClient } from '../../turn/support/turn-client.ts';
import { type Random } from './random.ts';
import { SipClient } from './sip-client.ts';
import { UdpClient } from './udp-client.ts';
import { DOMAIN, mintCredential, type Credential, type Victim } from './victim.ts';

/** How long anything may take while the server is under attack. Far beyond what it does take. */
const PATIENCE_MS = 10_000;
const CHANNEL = 0x4001;
const HOUR_SEC = 3600;

export interface LegitimateOptions {
  readonly victim: Victim;
  readonly random: Random;
}

/** A client over UDP with its allocation. */
interface Caller {
  readonly client: UdpClient;
  readonly relayed: TransportAddress;
}

/** Two clients that keep their allocations through the whole attack: each round refreshes them and sends media both ways. */
export class LongCall {
  readonly #callers: readonly [Caller, Caller];

  private constructor(callers: readonly [Caller, Caller]) {
    this.#callers = callers;
  }

  static async begin(options: LegitimateOptions): Promise<LongCall> {
    const callers = [await allocate(options), await allocate(options)] as const;
    const call = new LongCall(callers);
    await call.#bindChannels();
    return call;
  }

  async round(): Promise<void> {
    const [left, right] = this.#callers;
    for (const { client } of this.#callers) {
      await client.turn.request(Method.Refresh, (writer) => writer.add(lifetime, 600));
    }
    await this.#bindChannels();
    await passMedia(left.client, right.client);
    await passMedia(right.client, left.client);
  }

  /** Deletes the allocations, as the end of a call does. */
  async end(): Promise<void> {
    for (const { client } of this.#callers) {
      await client.turn.request(Method.Refresh, (writer) => writer.add(lifetime, 0));
      client.close();
    }
  }

  async #bindChannels(): Promise<void> {
    const [left, right] = this.#callers;
    await bind(left.client, right.relayed);
    await bind(right.client, left.relayed);
  }
}

/** A whole short call over UDP: allocate, bind, media both ways, delete. */
export async function shortCall(options: LegitimateOptions): Promise<void> {
  const call = await LongCall.begin(options);
  await call.round();
  await call.end();
}

/** Allocations over TCP and TLS that reach each other. */
export function streamCall({ victim }: LegitimateOptions): Promise<void> {
  return patiently(() => streamCallOnce(victim));
}

async function streamCallOnce(victim: Victim): Promise<void> {
  const clients = await Promise.all((['tcp', 'tls'] as const).map((transport) => openStream(victim, transport)));
  try {
    const [left, right] = clients as [TurnClient, TurnClient];
    await Promise.all([left.allocate(), right.allocate()]);
    await left.bindChannel(CHANNEL, right.relayed!);
    await right.bindChannel(CHANNEL, left.relayed!);
    left.sendChannel(CHANNEL, Buffer.from('over a stream'));
    await right.receive();
    right.sendChannel(CHANNEL, Buffer.from('and back'));
    await left.receive();
    for (const client of clients) await client.refresh(0);
  } finally {
    for (const client of clients) client.close();
  }
}

/** Registers with digest, gets a credential, renews it by OPTIONS, allocates with it, sends and hears a MESSAGE, and leaves. */
export async function sipRound({ victim, random }: LegitimateOptions): Promise<void> {
  const connect = (user: 'alice' | 'bob') =>
    SipClient.connect(victim, { user, localAddress: '127.0.0.1', random, patienceMs: PATIENCE_MS });
  const alice = await connect('alice');
  const bob = await connect('bob');
  try {
    await bob.register();
    bob.onRequest = (request) => createResponse(request, request.method === 'MESSAGE' ? 200 : 486);
    const registered = await alice.register(['TURN-Cred-Req: turn']);
    await allocateOverTcp(victim, credentialOf(registered));
    const renewed = await alice.request({
      method: 'OPTIONS',
      uri: `sip:${DOMAIN}`,
      headers: ['TURN-Cred-Req: turn'],
    });
    await allocateOverTcp(victim, credentialOf(renewed));
    const delivered = await alice.request({ method: 'MESSAGE', uri: bob.aor, body: 'hello' });
    if (delivered.status !== 200) throw new Error(`MESSAGE: ${delivered.status} ${delivered.reason}`);
    await alice.register([], 0);
  } finally {
    await Promise.all([alice.close(), bob.close()]);
  }
}

/** Over a stream nothing is repeated, so a client that hears nothing for long begins anew. */
async function patiently(attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

function allocateOverTcp(victim: Victim, credential: Credential): Promise<void> {
  return patiently(() => allocateOnce(victim, credential));
}

async function allocateOnce(victim: Victim, credential: Credential): Promise<void> {
  const client = await TurnClient.connect({ transport: 'tcp', server: victim.turn('tcp'), ...credential });
  try {
    await client.allocate();
    await client.refresh(0);
  } finally {
    client.close();
  }
}

function credentialOf({ headers, status }: SipResponse): Credential {
  const username = headers.get('TURN-Username');
  const password = headers.get('TURN-Password');
  if (status !== 200 || username === undefined || password === undefined) {
    throw new Error(`no credential in a ${status}: ${headers.get('TURN-Cred-Rsp') ?? ''}`);
  }
  return { username, password };
}

function openStream(victim: Victim, transport: 'tcp' | 'tls'): Promise<TurnClient> {
  const credential = legitimateCredential();
  return TurnClient.connect({ transport, server: victim.turn(transport), ca: victim.ca, ...credential });
}

async function allocate({ victim, random }: LegitimateOptions): Promise<Caller> {
  const client = await UdpClient.open({
    server: victim.turn('udp'),
    localAddress: '127.0.0.1',
    credential: legitimateCredential(),
    random,
    patienceMs: PATIENCE_MS,
  });
  const response = await client.turn.request(Method.Allocate, (writer) => writer.add(requestedTransport, 17));
  return { client, relayed: response.get(xorRelayedAddress)! };
}

function legitimateCredential(): Credential {
  return mintCredential(Date.now() / 1000 + HOUR_SEC);
}

async function bind(client: UdpClient, peer: TransportAddress): Promise<void> {
  await client.turn.request(Method.ChannelBind, (writer) =>
    writer.add(channelNumber, CHANNEL).add(xorPeerAddress, peer),
  );
}

/** Media may be lost under a flood, so it is repeated until the other side has some. */
async function passMedia(from: UdpClient, to: UdpClient): Promise<void> {
  const payload = Buffer.from('media');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(CHANNEL, 0);
  head.writeUInt16BE(payload.length, 2);
  const packet = Buffer.concat([head, payload]);
  await new Promise<void>((resolve, reject) => {
    const again = setInterval(() => {
      from.send(packet);
    }, 50);
    const end = setTimeout(() => {
      clearInterval(again);
      reject(new Error(`no media for ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
    to.onData = (bytes) => {
      if (!bytes.equals(packet)) return;
      clearInterval(again);
      clearTimeout(end);
      resolve();
    };
    from.send(packet);
  });
}
