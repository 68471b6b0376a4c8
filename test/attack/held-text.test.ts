import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PADDING, wrongPassword } from './support/password-guessers.ts';
import { Random } from './support/random.ts';
import { SipClient } from './support/sip-client.ts';
import { type User, Victim, victimConfig } from './support/victim.ts';
import { type VictimStatus } from './support/victim-messages.ts';

/** V8 takes two bytes for each character of a text that has one such in it. */
const WIDE_PADDING = [...PADDING, 'X-Padding: €'];
const KILOBYTE = 1024;
/** Until tables of a fixed size, such as those of addresses read of late, are full. */
const ROUNDS = 8;
const SETTLE_MS = 5000;

const random = new Random(8259);

/** What stays of messages of 62 KB when they are answered, and their senders gone. */
describe('memory that stays of messages of 62 KB', () => {
  let victim: Victim;
  const open: SipClient[] = [];

  beforeAll(async () => {
    const many = 100_000;
    const limits = {
      exempt: [],
      authenticationFailures: 1000,
      authenticationFailuresPerAddress: many,
      messagesPerSec: many,
      messageBurst: many,
      messageBurstPerAddress: many,
      requestBurstPerIdentity: many,
      handshakeBurstPerAddress: many,
      connectionsPerAddress: many,
    };
    victim = await Victim.start(victimConfig({ edge: { limits } }));
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await victim.stop();
  });

  async function connectAs(user: User): Promise<SipClient> {
    const client = await SipClient.connect(victim, { user, localAddress: '127.0.0.1', random, patienceMs: SETTLE_MS });
    open.push(client);
    return client;
  }

  async function settled(): Promise<VictimStatus> {
    await Promise.all(open.splice(0).map((client) => client.close()));
    await victim.statusWhen(({ edge }) => edge?.flows === 0 && edge.transactions === 0, SETTLE_MS);
    return victim.status(true);
  }

  /**
   * Bytes of heap that stay of each of `count`. What is compiled meanwhile stays too, so that as many come before the first look, and again where it
   * seems too much: what is held is held each time.
   */
  async function heldOf(what: string, count: number, once: () => Promise<void>): Promise<number> {
    let sent = 0;
    const round = async (): Promise<VictimStatus> => {
      for (const end = sent + count; sent < end; sent++) await once();
      return settled();
    };
    let before = await round();
    let bytes = Infinity;
    for (let i = 0; i < ROUNDS && bytes >= KILOBYTE; i++) {
      const after = await round();
      bytes = Math.round((after.memory.heapUsed - before.memory.heapUsed) / count);
      expect(after.objects).toEqual(before.objects);
      before = after;
    }
    console.log(`${bytes} bytes of heap stay of each ${what}`);
    return bytes;
  }

  it('is less than a kilobyte of each failed login', async () => {
    let client: SipClient | undefined;
    const held = await heldOf('failed login', 250, async () => {
      if (!client?.isOpen) client = await connectAs('mallory');
      expect((await client.request(wrongPassword(client, random))).status).toBe(401);
    });
    expect(held).toBeLessThan(KILOBYTE);
  });

  it('is less than a kilobyte of each nonce that was used', async () => {
    let client: SipClient | undefined;
    const held = await heldOf('nonce that was used', 100, async () => {
      if (!client?.isOpen) client = await connectAs('alice');
      await client.register(WIDE_PADDING, 0);
    });
    expect(held).toBeLessThan(KILOBYTE);
  });

  it('is less than a kilobyte of each registration that lapsed with its WebSocket, and nothing of that', async () => {
    const held = await heldOf('registration that lapsed', 100, async () => {
      const client = await connectAs('alice');
      await client.register(WIDE_PADDING);
      client.cut();
    });
    expect(held).toBeLessThan(KILOBYTE);
  });
});
