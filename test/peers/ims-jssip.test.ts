import { once } from 'node:events';
import { type UA, URI } from 'jssip';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sampleSdp } from '../edge/support/browser-globals.ts';
import { DOMAIN, homeOf, type Ims, newUser, startIms, uriOf } from './ims.ts';
import {
  addressOf,
  answer,
  askOptions,
  call,
  connect,
  createAgent,
  credentialOf,
  failure,
  incomingSession,
  type JssipOptions,
  registered,
  renegotiate,
  type Session,
  stopAgents,
  vanish,
  waitUntil,
} from './jssip-agents.ts';
import { peer } from './peers.ts';

const kamailio = peer('kamailio');

afterEach(stopAgents);

describe.skipIf(!kamailio).each(['udp', 'tcp'] as const)('JsSIP with Kamailio behind the edge, by %s', (transport) => {
  let ims: Ims;

  beforeAll(async () => {
    ims = await startIms(kamailio!, { transport, edge: { limits: { messageBytes: 131_072 } } });
  });

  afterAll(() => ims[Symbol.asyncDispose]());

  const agentOf = (user: string, options?: JssipOptions): UA => createAgent(homeOf(ims), user, options);

  async function pair(): Promise<{ alice: UA; bob: UA }> {
    const alice = agentOf(newUser('alice'));
    const bob = agentOf(newUser('bob'));
    await registered(alice);
    await registered(bob);
    return { alice, bob };
  }

  /** Cuts the user's WebSocket; resolves when it is registered again over another one. */
  async function reconnect(agent: UA): Promise<void> {
    const disconnected = once(agent, 'disconnected');
    const back = once(agent, 'registered');
    ims.cut(addressOf(agent));
    await disconnected;
    await back;
  }

  it('registers with digest and finds its credential in the 200', async () => {
    const user = newUser('alice');
    const response = await registered(agentOf(user));
    expect(credentialOf(response)).toMatchObject({ kind: 'credential' });
    expect(ims.registrationsOf(uriOf(user))).toMatchObject([
      { expiresSec: expect.toSatisfy((sec) => sec > 100) as number },
    ]);
  });

  it('is told that the password is wrong', async () => {
    const user = newUser('alice');
    const agent = agentOf(user, { password: 'of-somebody-else' });
    const failed = once(agent, 'registrationFailed') as Promise<[{ response: { status_code: number }; cause: string }]>;
    agent.start();
    const [{ response, cause }] = await failed;
    expect([response.status_code, cause]).toEqual([401, 'Authentication Error']);
    expect(credentialOf(response as never)).toBeUndefined();
    expect(ims.registrationsOf(uriOf(user))).toEqual([]);
  });

  it('refreshes its credential by OPTIONS, of which the core hears nothing', async () => {
    const agent = agentOf(newUser('alice'));
    await registered(agent);
    const response = await askOptions(agent, new URI('sip', '', DOMAIN), ['TURN-Cred-Req: turn;ttl=1800']);
    expect(credentialOf(response)).toMatchObject({ kind: 'credential', ttlSec: 1800 });
  });

  it('never shows the core a TURN-Cred-Req, which that would answer with 400', async () => {
    const agent = agentOf(newUser('alice'));
    await registered(agent);
    for (const header of ['TURN-Cred-Req: turn', 'TURN-Cred-Req-Hdr: turn']) {
      expect((await askOptions(agent, uriOf('nobody'), [header])).status_code).toBe(404);
      const { message } = await failure(call(agent, uriOf('nobody'), [header]));
      expect(message?.status_code).toBe(404);
    }
  });

  it('calls with the session descriptions untouched, sends INFO, renegotiates by re-INVITE and UPDATE, and each side can hang up', async () => {
    const { alice, bob } = await pair();
    const invited = incomingSession(bob);
    const first = call(alice, addressOf(bob));
    const offer = once(first, 'sdp') as Promise<[{ sdp: string }]>;
    const { session, body } = await invited;
    expect(body).toBe((await offer)[0].sdp);
    expect(body).toContain(sampleSdp('').slice(-60));
    const confirmed = [once(first, 'confirmed'), once(session, 'confirmed')];
    answer(session);
    await Promise.all(confirmed);
    await converse(first, session);

    const { outgoing, incoming } = await connect(bob, alice);
    await converse(incoming, outgoing);
  });

  /** The first hangs up in the end. */
  async function converse(one: Session, other: Session): Promise<void> {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const info = once(to, 'newInfo') as Promise<[{ info: { body: string } }]>;
      from.sendInfo('text/plain', 'hello');
      expect((await info)[0].info.body).toBe('hello');
      await renegotiate(from);
      await renegotiate(from, { useUpdate: true });
    }
    const ended = once(other, 'ended');
    one.terminate();
    await ended;
    expect([one.isEnded(), other.isEnded()]).toEqual([true, true]);
  }

  it('cancels a call that rings', async () => {
    const { alice, bob } = await pair();
    const invited = incomingSession(bob);
    const outgoing = call(alice, addressOf(bob));
    const progress = once(outgoing, 'progress');
    const { session } = await invited;
    await progress;
    const failed = failure(session);
    outgoing.terminate();
    expect(await failed).toMatchObject({ originator: 'remote', cause: 'Canceled' });
  });

  it('is told that the other side declined, and that nobody is there', async () => {
    const { alice, bob } = await pair();
    const invited = incomingSession(bob);
    const declined = failure(call(alice, addressOf(bob)));
    (await invited).session.terminate();
    expect((await declined).message?.status_code).toBe(480);
    expect((await failure(call(alice, uriOf('nobody')))).message?.status_code).toBe(404);
  });

  it('exchanges messages, the longest of 64 kB', async () => {
    const { alice, bob } = await pair();
    for (const text of ['grüße', 'x'.repeat(65_536)]) {
      const message = once(bob as NodeJS.EventEmitter, 'newMessage') as Promise<[{ request: { body: string } }]>;
      const accepted = new Promise<void>((resolve, reject) => {
        alice.sendMessage(addressOf(bob), text, {
          contentType: 'text/plain;charset=utf-8',
          eventHandlers: {
            succeeded: () => {
              resolve();
            },
            failed: ({ cause }: { cause: string }) => {
              reject(new Error(cause));
            },
          },
        } as never);
      });
      expect((await message)[0].request.body === text).toBe(true);
      await accepted;
    }
  });

  it('refers the other side to a third user and hears how that went', async () => {
    const { alice, bob } = await pair();
    const carol = agentOf(newUser('carol'));
    await registered(carol);
    const { outgoing, incoming } = await connect(alice, bob);
    incoming.on('refer', ({ accept }: { accept: (init: undefined, options: object) => void }) => {
      accept(undefined, { mediaConstraints: { audio: false, video: false } });
    });
    const invited = incomingSession(carol);
    const accepted = new Promise<void>((resolve) => {
      outgoing.refer(addressOf(carol), { eventHandlers: { accepted: resolve } });
    });
    answer((await invited).session);
    await accepted;
  });

  it('subscribes to another user and is notified', async () => {
    const { alice, bob } = await pair();
    (bob as NodeJS.EventEmitter).on('newSubscribe', ({ request }: { request: never }) => {
      const notifier = bob.notify(request, 'text/plain', {});
      notifier.on('subscribe', (isEnd: boolean) => {
        if (isEnd) notifier.terminate('bye');
        else notifier.notify('here');
      });
      notifier.start();
    });
    const subscriber = alice.subscribe(addressOf(bob), 'presence', 'text/plain', { expires: 60 });
    const bodies: (string | undefined)[] = [];
    subscriber.on('notify', (_isFinal, _request, body) => bodies.push(body));
    subscriber.subscribe();
    await waitUntil(() => bodies.includes('here'));
    const ended = once(subscriber, 'terminated');
    subscriber.terminate();
    await ended;
    await waitUntil(() => bodies.at(-1) === 'bye');
  });

  it('unregisters, and who calls then hears at once that nobody is there', async () => {
    const { alice, bob } = await pair();
    const done = once(bob, 'unregistered');
    bob.unregister();
    await done;
    expect(ims.registrationsOf(addressOf(bob))).toEqual([]);
    expect((await failure(call(alice, addressOf(bob)))).message?.status_code).toBe(404);
  });

  it.each(['the caller', 'the callee'])(
    'loses the WebSocket of %s in a call, reconnects, and both sides can still hang up',
    async (who) => {
      for (const hangsUp of ['the one that was away', 'the other']) {
        const { alice, bob } = await pair();
        const { outgoing, incoming } = await connect(alice, bob);
        const [agent, own, other] =
          who === 'the caller' ? ([alice, outgoing, incoming] as const) : ([bob, incoming, outgoing] as const);
        await reconnect(agent);
        const info = once(own, 'newInfo');
        other.sendInfo('text/plain', 'still there?');
        await info;
        const [first, second] = hangsUp === 'the other' ? [other, own] : [own, other];
        const ended = once(second, 'ended') as Promise<[{ originator: string; cause: string }]>;
        first.terminate();
        expect((await ended)[0]).toMatchObject({ originator: 'remote', cause: 'Terminated' });
      }
    },
  );

  it('is gone: the core hears 430 and forgets it, and who calls again hears at once that nobody is there', async () => {
    const { alice, bob } = await pair();
    vanish(bob);
    await waitUntil(() => ims.registrationsOf(addressOf(bob)).length === 0);
    expect((await failure(call(alice, addressOf(bob)))).message?.status_code).toBe(480);
    expect((await failure(call(alice, addressOf(bob)))).message?.status_code).toBe(404);
  });

  it('leaves no transaction behind', async () => {
    await waitUntil(() => ims.server.snapshot().stats.edge?.transactions === 0);
  });
});

describe.skipIf(!kamailio)('JsSIP on several devices, with Kamailio behind the edge', () => {
  let ims: Ims;

  beforeAll(async () => {
    ims = await startIms(kamailio!, { transport: 'udp', forks: true, edge: { core: { deregisterAfterSec: 1 } } });
  });

  afterAll(() => ims[Symbol.asyncDispose]());

  it('rings on both, and the one that does not answer is cancelled', async () => {
    const alice = createAgent(homeOf(ims), newUser('alice'));
    const bob = newUser('bob');
    const devices = [createAgent(homeOf(ims), bob), createAgent(homeOf(ims), bob)] as const;
    for (const agent of [alice, ...devices]) await registered(agent);
    const invited = devices.map(incomingSession);
    const outgoing = call(alice, uriOf(bob));
    const [first, second] = (await Promise.all(invited)).map(({ session }) => session) as [Session, Session];
    const confirmed = Promise.all([once(outgoing, 'confirmed'), once(second, 'confirmed')]);
    const cancelled = failure(first);
    answer(second);
    expect(await cancelled).toMatchObject({ originator: 'remote', cause: 'Canceled' });
    await confirmed;
    const ended = once(second, 'ended');
    outgoing.terminate();
    await ended;
  });

  it('leaves no ghost of a page that was loaded again', async () => {
    const user = newUser('bob');
    const accepted: string[] = [];
    ims.server.on('message', ({ from, method, status, callId }) => {
      if (from === 'core' && method === 'REGISTER' && status === 200) accepted.push(callId);
    });
    const before = createAgent(homeOf(ims), user);
    await registered(before);
    const [callId] = accepted.slice(-1);
    vanish(before);
    const after = createAgent(homeOf(ims), user);
    expect((await registered(after)).getHeaders('Contact')).toHaveLength(2);
    await waitUntil(() => accepted.filter((id) => id === callId).length === 2);
    const third = createAgent(homeOf(ims), user);
    expect((await registered(third)).getHeaders('Contact')).toHaveLength(2);
  });

  it('rings on the page that was loaded again though the core still has the page of before', async () => {
    const user = newUser('bob');
    const alice = createAgent(homeOf(ims), newUser('alice'));
    const before = createAgent(homeOf(ims), user);
    const after = createAgent(homeOf(ims), user);
    for (const agent of [alice, before, after]) await registered(agent);
    vanish(before);
    await waitUntil(() => ims.registrationsOf(uriOf(user)).length === 1);
    const { outgoing, incoming } = await connect(alice, after);
    const ended = once(incoming, 'ended');
    outgoing.terminate();
    await ended;
  });
});
