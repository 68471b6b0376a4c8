import { type Invitation, Inviter, Messager, RegistererState, type Session, SessionState, UserAgent } from 'sip.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { sampleSdp } from '../edge/support/browser-globals.ts';
import { DOMAIN, homeOf, type Ims, newUser, startIms } from './ims.ts';
import { peer } from './peers.ts';
import {
  type Agent,
  Agents,
  type Answer,
  Deferred,
  reaches,
  refreshCredential,
  register,
  rings,
} from './sipjs-agents.ts';

const kamailio = peer('kamailio');

const newPair = (): [string, string] => [newUser('alice'), newUser('bob')];
const credentialOf = (response: Answer): unknown =>
  parseTurnCredential({ getAll: (name) => response.getHeaders(name) });

describe.skipIf(!kamailio).each(['udp', 'tcp'] as const)('SIP.js with Kamailio behind the edge, by %s', (transport) => {
  let ims: Ims;

  beforeAll(async () => {
    ims = await startIms(kamailio!, { transport, edge: { limits: { messageBytes: 131_072 } } });
  });

  afterAll(() => ims[Symbol.asyncDispose]());

  it('registers with digest and refreshes its credential by OPTIONS', async () => {
    await using agents = new Agents(homeOf(ims));
    const alice = await agents.create(newUser('alice'));
    expect(credentialOf(await register(alice))).toMatchObject({ kind: 'credential' });
    expect(alice.registerer.state).toBe(RegistererState.Registered);
    expect(credentialOf(await refreshCredential(alice, DOMAIN))).toMatchObject({ kind: 'credential' });
  });

  it('is told that the password is wrong', async () => {
    await using agents = new Agents(homeOf(ims));
    const alice = await agents.create(newUser('alice'), {}, { password: 'of-somebody-else' });
    await expect(register(alice)).rejects.toThrow('REGISTER: 401');
    expect(ims.registrationsOf(alice.uri)).toEqual([]);
  });

  it.each(['the caller', 'the callee'])(
    'calls with the session descriptions untouched, sends INFO, re-invites, and %s hangs up',
    async (who) => {
      await using agents = new Agents(homeOf(ims));
      const { outgoing, incoming, alice, bob } = await rings(agents, newPair());
      await incoming.accept();
      await reaches(outgoing, SessionState.Established);
      await reaches(incoming, SessionState.Established);
      const [alicesName, bobsName] = [alice, bob].map(({ uri }) => uri.slice(4, -DOMAIN.length - 1)) as [
        string,
        string,
      ];
      expect([alice.received, bob.received]).toEqual([[sampleSdp(bobsName)], [sampleSdp(alicesName)]]);
      for (const [from, to] of [
        [outgoing, incoming],
        [incoming, outgoing],
      ] as const) {
        await informs(from, to);
        await reinvites(from);
      }
      expect([alice.received.length, bob.received.length]).toEqual([3, 3]);
      const [first, second] = who === 'the caller' ? [outgoing, incoming] : [incoming, outgoing];
      await first.bye();
      await reaches(second, SessionState.Terminated);
    },
  );

  it('cancels a call that rings, and is told of one that is declined', async () => {
    await using agents = new Agents(homeOf(ims));
    const cancelled = await rings(agents, newPair());
    await cancelled.outgoing.cancel();
    await reaches(cancelled.incoming, SessionState.Terminated);
    await reaches(cancelled.outgoing, SessionState.Terminated);
    const declined = await rings(agents, newPair());
    await declined.incoming.reject({ statusCode: 486 });
    await reaches(declined.outgoing, SessionState.Terminated);
  });

  it('exchanges messages, the longest of 64 kB', async () => {
    await using agents = new Agents(homeOf(ims));
    const bodies: string[] = [];
    const alice = await agents.create(newUser('alice'));
    const bob = await agents.create(newUser('bob'), {
      onMessage: (message) => {
        void message.accept();
        bodies.push(message.request.body);
      },
    });
    await register(alice);
    await register(bob);
    const sent = ['grüße', 'x'.repeat(65_536)];
    for (const text of sent) await new Messager(alice.userAgent, UserAgent.makeURI(bob.uri)!, text).message();
    await expect.poll(() => bodies.length, { timeout: 15_000 }).toBe(2);
    // SIP.js does not wait for the answer, so one may overtake the other.
    expect(sent.filter((text) => !bodies.includes(text))).toHaveLength(0);
  });

  it('refers the other side to a third user and hears how that went', async () => {
    await using agents = new Agents(homeOf(ims));
    const { outgoing, incoming } = await rings(agents, newPair());
    const carol = await agents.create(newUser('carol'), {
      onInvite: (invitation) => {
        void invitation.accept();
      },
    });
    await register(carol);
    incoming.delegate = {
      onRefer: (referral) => {
        void referral.accept().then(() => referral.makeInviter().invite());
      },
    };
    await incoming.accept();
    await reaches(outgoing, SessionState.Established);
    const notified = new Deferred<string>();
    await outgoing.refer(UserAgent.makeURI(carol.uri)!, {
      onNotify: (notification) => {
        void notification.accept();
        if (notification.request.body.includes('200')) notified.resolve(notification.request.body);
      },
    });
    expect(await notified.promise).toContain('SIP/2.0 200');
    await outgoing.bye();
  });

  it('unregisters, and who calls then hears at once that nobody is there', async () => {
    await using agents = new Agents(homeOf(ims));
    const [alice, bob] = [await agents.create(newUser('alice')), await agents.create(newUser('bob'))];
    await register(alice);
    await register(bob);
    await bob.registerer.unregister();
    await expect.poll(() => ims.registrationsOf(bob.uri)).toEqual([]);
    expect(await refusalOf(alice, bob.uri)).toBe(404);
  });

  it.each([false, true])(
    'loses its WebSocket in a call, reconnects, and both sides can still hang up; outbound: %s',
    async (outbound) => {
      for (const hangsUp of ['the one that was away', 'the other']) {
        await using agents = new Agents(homeOf(ims));
        const { outgoing, incoming, bob } = await rings(agents, newPair(), { outbound });
        const acknowledged = new Deferred<undefined>();
        incoming.delegate = {
          ...incoming.delegate,
          onAck: () => {
            acknowledged.resolve(undefined);
          },
        };
        await incoming.accept();
        await acknowledged.promise;
        await reconnect(bob);
        await informs(outgoing, incoming);
        const [first, second] = hangsUp === 'the other' ? [outgoing, incoming] : [incoming, outgoing];
        await first.bye();
        await reaches(second, SessionState.Terminated);
      }
    },
  );

  it('is gone: the core hears 430 and forgets it, and who calls again hears at once that nobody is there', async () => {
    await using agents = new Agents(homeOf(ims));
    const [alice, bob] = [await agents.create(newUser('alice')), await agents.create(newUser('bob'))];
    await register(alice);
    await register(bob);
    await bob.userAgent.transport.disconnect();
    await expect.poll(() => ims.registrationsOf(bob.uri)).toEqual([]);
    expect(await refusalOf(alice, bob.uri)).toBe(480);
    expect(await refusalOf(alice, bob.uri)).toBe(404);
    await bob.userAgent.transport.connect();
  });

  /** Cuts the user's WebSocket; resolves when it is registered again over another one. */
  async function reconnect(agent: Agent): Promise<void> {
    const back = new Deferred<undefined>();
    agent.userAgent.delegate = {
      onConnect: () => {
        back.resolve(undefined);
      },
    };
    ims.cut(agent.uri);
    await back.promise;
    await register(agent);
  }
});

describe.skipIf(!kamailio)('SIP.js on several devices, with Kamailio behind the edge', () => {
  let ims: Ims;

  beforeAll(async () => {
    ims = await startIms(kamailio!, { transport: 'udp', forks: true });
  });

  afterAll(() => ims[Symbol.asyncDispose]());

  it('rings on both, and the one that does not answer is cancelled', async () => {
    await using agents = new Agents(homeOf(ims));
    const bob = newUser('bob');
    const invited: [Deferred<Invitation>, Deferred<Invitation>] = [new Deferred(), new Deferred()];
    const alice = await agents.create(newUser('alice'));
    await register(alice);
    for (const { resolve } of invited) {
      await register(
        await agents.create(bob, {
          onInvite: (invitation) => {
            resolve(invitation);
          },
        }),
      );
    }
    const outgoing = new Inviter(alice.userAgent, UserAgent.makeURI(`sip:${bob}@${DOMAIN}`)!);
    await outgoing.invite();
    const [first, second] = [await invited[0].promise, await invited[1].promise];
    await second.accept();
    await reaches(first, SessionState.Terminated);
    await reaches(outgoing, SessionState.Established);
    await outgoing.bye();
    await reaches(second, SessionState.Terminated);
  });
});

async function informs(from: Session, to: Session): Promise<void> {
  const informed = new Deferred<string>();
  to.delegate = {
    onInfo: (info) => {
      void info.accept();
      informed.resolve(info.request.body);
    },
  };
  await from.info({
    requestOptions: { body: { content: 'hello', contentType: 'text/plain', contentDisposition: 'render' } },
  });
  expect(await informed.promise).toBe('hello');
}

function reinvites(session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const requestDelegate = {
      onAccept: () => {
        resolve();
      },
      onReject: () => {
        reject(new Error('the re-INVITE was refused'));
      },
    };
    void session.invite({ requestDelegate });
  });
}

/** How a call that cannot be made is refused. */
function refusalOf({ userAgent }: Agent, uri: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const requestDelegate = {
      onReject: (response: { message: { statusCode: number | undefined } }) => {
        resolve(response.message.statusCode);
      },
    };
    void new Inviter(userAgent, UserAgent.makeURI(uri)!).invite({ requestDelegate });
  });
}
