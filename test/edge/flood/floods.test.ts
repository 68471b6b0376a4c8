import { describe, expect, it } from 'vitest';
import { type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge, type EdgeServer } from '../support/edge-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Wic } from '../support/wic.ts';
import { formatText } from '../../sip/message-text.ts';

const ATTACKER = '127.0.0.66';
const NAT = '127.0.0.77';

async function wicAt(server: EdgeServer, user: string, localAddress: string): Promise<Wic> {
  return new Wic(user, await server.connect({ localAddress }));
}

function wrongProof(wic: Wic, challenge: SipResponse, request: SipRequest): string {
  return wic.authorization(challenge, request).replace(/response="[^"]*"/, `response="${'0'.repeat(32)}"`);
}

/** REGISTER with a wrong password; what is answered. */
async function guess(wic: Wic): Promise<string> {
  const first = wic.buildRegister();
  wic.send(first);
  const challenge = await wic.socket.response(401);
  const again = wic.buildRegister();
  again.headers.append('Authorization', wrongProof(wic, challenge, again));
  wic.send(again);
  await expect.poll(() => wic.socket.unread, { timeout: 10_000 }).toHaveLength(1);
  const [status = ''] = wic.socket.unread;
  await wic.socket.response(Number(status));
  return status;
}

describe('a flood', () => {
  it('of requests over many connections of one address is answered 503, while a client elsewhere is served', async () => {
    const limits = { messageBurstPerAddress: 100, messagesPerSecPerAddress: 1 };
    await using server = await startEdge(edgeOptions({ limits }), { clock: new FakeClock() });
    const attackers = await Promise.all(['alice', 'bob', 'carol'].map((user) => wicAt(server, user, ATTACKER)));
    for (let i = 0; i < 100; i++) for (const attacker of attackers) attacker.send(attacker.buildRegister());
    const honest = await wicAt(server, 'alice', NAT);
    await honest.register();
    for (const { socket } of attackers) {
      await expect.poll(() => socket.frames.length, { timeout: 10_000 }).toBe(100);
    }
    const frames = attackers.flatMap(({ socket }) => socket.frames);
    const refused = frames.filter((frame) => frame.startsWith('SIP/2.0 503'));
    expect(refused.length).toBeGreaterThan(150);
    expect(refused.every((frame) => /\r\nRetry-After: \d+\r\n/.test(frame))).toBe(true);
    expect(server.errors).toEqual([]);
  });

  it('of one connection ends that connection alone', async () => {
    await using server = await startEdge(edgeOptions({ limits: { messageBurst: 50, messagesPerSec: 1 } }), {
      clock: new FakeClock(),
    });
    const attacker = await wicAt(server, 'bob', NAT);
    const honest = await wicAt(server, 'alice', NAT);
    const text = formatText(attacker.buildRegister());
    for (let i = 0; i < 60; i++) attacker.socket.send(text);
    expect(await attacker.socket.closed).toBe(1008);
    await honest.register();
  });

  it('of handshakes is answered 429 with Retry-After, while a client elsewhere connects', async () => {
    const limits = { handshakeBurstPerAddress: 5, handshakesPerSecPerAddress: 1 };
    await using server = await startEdge(edgeOptions({ limits }), { clock: new FakeClock() });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => wicAt(server, 'bob', ATTACKER)));
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(5);
    expect(server.events.named('flow-refused')[0]).toMatchObject({ remoteAddress: ATTACKER, cause: 'handshake-rate' });
    expect(server.events.named('limited')[0]).toEqual({ flowId: undefined, cause: 'handshake-rate' });
    await (await wicAt(server, 'alice', NAT)).register();
  });

  it('of guesses at one password makes the guesser wait, and no other user of the same address', async () => {
    await using server = await startEdge(edgeOptions({ limits: { authenticationFailuresPerIdentity: 3 } }), {
      clock: new FakeClock(),
    });
    const answers: string[] = [];
    for (let i = 0; i < 5; i++) {
      const attacker = await wicAt(server, 'alice', NAT);
      answers.push(await guess(attacker));
      await attacker.socket.close();
    }
    expect(answers).toEqual(['401', '401', '401', '503', '503']);
    const neighbour = await wicAt(server, 'bob', NAT);
    await neighbour.register();
    const elsewhere = await wicAt(server, 'alice', ATTACKER);
    await elsewhere.register();
  });

  it('of guesses at many passwords ends each connection that goes on with it', async () => {
    await using server = await startEdge(edgeOptions({ limits: { authenticationFailuresPerAddress: 3 } }), {
      clock: new FakeClock(),
    });
    const attacker = await wicAt(server, 'alice', ATTACKER);
    for (let i = 0; i < 3; i++) await guess(attacker);
    const first = attacker.buildRegister();
    attacker.send(first);
    const challenge = await attacker.socket.response(401);
    const last = attacker.buildRegister();
    last.headers.append('Authorization', wrongProof(attacker, challenge, last));
    attacker.send(last);
    expect(await attacker.socket.closed).toBe(1008);
    await (await wicAt(server, 'alice', ATTACKER)).register();
  });
});
