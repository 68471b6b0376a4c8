import { type Invitation, Inviter, Messager, RegistererState, type Session, SessionState, UserAgent } from 'sip.js';
import { describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { sampleSdp } from '../edge/support/browser-globals.ts';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';
import { type AgentHome } from './agent-home.ts';
import { Agents, Deferred, reaches, refreshCredential, register, rings } from './sipjs-agents.ts';

function homeOf({ url }: EdgeServer): AgentHome {
  return { url, domain: 'example.com', passwordOf: (user) => PASSWORDS.get(user)!.revealText() };
}

describe('SIP.js', () => {
  it('registers with digest and finds its credential in the 200', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const alice = await agents.create('alice');
    const response = await register(alice);
    expect(alice.registerer.state).toBe(RegistererState.Registered);
    expect(parseTurnCredential({ getAll: (name) => response.getHeaders(name) })).toMatchObject({
      kind: 'credential',
      name: 'u1',
      password: 'p/1=',
    });
  });

  it('refreshes its credential by OPTIONS', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const alice = await agents.create('alice');
    await register(alice);
    const response = await refreshCredential(alice, 'example.com');
    expect(parseTurnCredential({ getAll: (name) => response.getHeaders(name) })).toMatchObject({ name: 'u2' });
  });

  it('calls, sends INFO and hangs up, with the session descriptions untouched', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const { outgoing, incoming, alice, bob } = await rings(agents);
    await incoming.accept();
    await reaches(outgoing, SessionState.Established);
    await reaches(incoming, SessionState.Established);
    expect([alice.received, bob.received]).toEqual([[sampleSdp('bob')], [sampleSdp('alice')]]);
    const informed = new Promise<string>((resolve) => {
      outgoing.delegate = {
        onInfo: (info) => {
          void info.accept();
          resolve(info.request.body);
        },
      };
    });
    await incoming.info({
      requestOptions: {
        body: { content: 'hello', contentType: 'text/plain', contentDisposition: 'render' },
      },
    });
    expect(await informed).toBe('hello');
    await incoming.bye();
    await reaches(outgoing, SessionState.Terminated);
  });

  it('cancels a call that rings', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const { outgoing, incoming } = await rings(agents);
    await outgoing.cancel();
    await reaches(incoming, SessionState.Terminated);
    await reaches(outgoing, SessionState.Terminated);
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
  });

  it('is told of a rejected call', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const { outgoing, incoming } = await rings(agents);
    await incoming.reject({ statusCode: 486 });
    await reaches(outgoing, SessionState.Terminated);
  });

  it.each(['target', 'transferee'] as const)(
    'is transferred with consultation; the target holds the call, and the %s hangs up',
    async (who) => {
      await using server = await startEdge(edgeOptions());
      await using agents = new Agents(homeOf(server));
      const { outgoing: toBob, incoming: atBob, alice } = await rings(agents);
      await atBob.accept();
      await reaches(toBob, SessionState.Established);
      const acknowledged: Invitation[] = [];
      const carol = await agents.create('carol', {
        onInvite: (invitation) => {
          // SIP.js takes no ACK once it has an offer of its own out.
          invitation.delegate = { onAck: () => acknowledged.push(invitation) };
          void invitation.accept();
        },
      });
      await register(carol);
      const toCarol = new Inviter(alice.userAgent, UserAgent.makeURI(carol.uri)!);
      await toCarol.invite();
      await reaches(toCarol, SessionState.Established);

      const transferred = new Deferred<Session>();
      atBob.delegate = {
        onRefer: (referral) => {
          void referral.accept();
          const inviter = referral.makeInviter();
          void inviter.invite();
          transferred.resolve(inviter);
        },
      };
      await toBob.refer(toCarol);
      const transferee = await transferred.promise;
      await reaches(transferee, SessionState.Established);
      await expect.poll(() => acknowledged).toHaveLength(2);
      const target = acknowledged[1]!;
      // To of the INVITE is carol's Contact, and so her From from now on.
      expect(target.request.to.uri.toString()).not.toContain('carol');

      const held = new Deferred<boolean>();
      await target.invite({
        requestDelegate: {
          onAccept: () => {
            held.resolve(true);
          },
          onReject: () => {
            held.resolve(false);
          },
        },
      });
      expect(await held.promise).toBe(true);
      await (who === 'target' ? target : transferee).bye();
      await reaches(transferee, SessionState.Terminated);
      await reaches(target, SessionState.Terminated);
    },
  );

  it('exchanges messages', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const got = new Deferred<string>();
    const alice = await agents.create('alice');
    const bob = await agents.create('bob', {
      onMessage: (message) => {
        void message.accept();
        got.resolve(message.request.body);
      },
    });
    await register(alice);
    await register(bob);
    await new Messager(alice.userAgent, UserAgent.makeURI('sip:bob@example.com')!, 'grüße').message();
    expect(await got.promise).toBe('grüße');
  });

  it('comes back after close 1012 and registers again', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const back = new Deferred<undefined>();
    const alice = await agents.create('alice', {
      onDisconnect: () => {
        alice.userAgent.delegate = {
          onConnect: () => {
            back.resolve(undefined);
          },
        };
      },
    });
    await register(alice);
    await server.restart();
    await back.promise;
    await register(alice);
    expect(server.edge.snapshot().registrations).toHaveLength(1);
  });

  it('unregisters', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(homeOf(server));
    const alice = await agents.create('alice');
    await register(alice);
    await alice.registerer.unregister();
    await expect.poll(() => server.edge.snapshot().registrations).toEqual([]);
  });
});
