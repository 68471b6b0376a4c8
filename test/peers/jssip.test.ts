import { once } from 'node:events';
import { type UA, URI } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';
import {
  answer,
  askOptions,
  call,
  createAgent as createAgentAt,
  credentialOf,
  incomingSession,
  type JssipOptions,
  registered,
  stopAgents,
  waitUntil,
} from './jssip-agents.ts';

afterEach(stopAgents);

function createAgent({ url }: EdgeServer, user: string, options: JssipOptions = {}): UA {
  const passwordOf = (name: string): string => PASSWORDS.get(name)!.revealText();
  return createAgentAt({ url, domain: 'example.com', passwordOf }, user, options);
}

describe('JsSIP', () => {
  it('registers with digest and finds its credential in the 200', async () => {
    await using server = await startEdge(edgeOptions());
    const response = await registered(createAgent(server, 'alice'));
    expect(credentialOf(response)).toMatchObject({ kind: 'credential', name: 'u1', password: 'p/1=' });
    expect(server.events.named('registered')).toMatchObject([
      { aor: 'sip:alice@example.com', expiresSec: 120, refresh: false },
    ]);
  });

  it.each<[string, string | URI]>([
    ['a URI without a user', new URI('sip', '', 'example.com')],
    ['the bare domain', 'example.com'],
    ['the URI of the domain as text', 'sip:example.com'],
  ])('refreshes its credential by OPTIONS to %s, with an SDP content type and no body', async (_what, target) => {
    await using server = await startEdge(edgeOptions());
    const agent = createAgent(server, 'alice');
    await registered(agent);
    const response = await askOptions(agent, target, ['TURN-Cred-Req: turn;ttl=7200']);
    expect(credentialOf(response)).toMatchObject({ kind: 'credential', name: 'u2', ttlSec: 7200 });
  });

  it.each([{ preloadedRoute: false }, { preloadedRoute: true }])(
    'calls, sends INFO and hangs up, with pre-loaded route $preloadedRoute',
    async (options) => {
      await using server = await startEdge(edgeOptions());
      const alice = createAgent(server, 'alice', options);
      const bob = createAgent(server, 'bob', options);
      await registered(alice);
      await registered(bob);
      const incoming = incomingSession(bob);
      const outgoing = call(alice, 'sip:bob@example.com');
      const offer = once(outgoing, 'sdp') as Promise<[{ sdp: string }]>;
      const { session, body } = await incoming;
      expect(body).toBe((await offer)[0].sdp);

      const confirmed = [once(outgoing, 'confirmed'), once(session, 'confirmed')];
      answer(session);
      await Promise.all(confirmed);
      const info = once(session, 'newInfo') as Promise<[{ info: { body: string } }]>;
      outgoing.sendInfo('text/plain', 'hello');
      expect((await info)[0].info.body).toBe('hello');

      const ended = once(outgoing, 'ended');
      session.terminate();
      await ended;
      expect([outgoing.isEnded(), session.isEnded()]).toEqual([true, true]);
    },
  );

  it('that calls anonymously is hung up on by the callee, as its Contact is a temporary GRUU', async () => {
    await using server = await startEdge(edgeOptions());
    const [alice, bob] = [createAgent(server, 'alice'), createAgent(server, 'bob')];
    await registered(alice);
    await registered(bob);
    const incoming = incomingSession(bob);
    const outgoing = call(alice, 'sip:bob@example.com', [], { anonymous: true });
    const { session } = await incoming;
    const confirmed = [once(outgoing, 'confirmed'), once(session, 'confirmed')];
    answer(session);
    await Promise.all(confirmed);
    const ended = once(outgoing, 'ended') as Promise<[{ originator: string; cause: string }]>;
    session.terminate();
    expect((await ended)[0]).toMatchObject({ originator: 'remote', cause: 'Terminated' });
  });

  it('cancels a call that rings', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = createAgent(server, 'alice');
    const bob = createAgent(server, 'bob');
    await registered(alice);
    await registered(bob);
    const incoming = incomingSession(bob);
    const outgoing = call(alice, 'sip:bob@example.com');
    const progress = once(outgoing, 'progress');
    const { session } = await incoming;
    await progress;
    const failed = once(session, 'failed') as Promise<[{ originator: string; cause: string }]>;
    outgoing.terminate();
    expect((await failed)[0]).toMatchObject({ originator: 'remote', cause: 'Canceled' });
    await waitUntil(() => server.edge.snapshot().transactions === 0);
  });

  it('exchanges messages', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = createAgent(server, 'alice');
    const bob = createAgent(server, 'bob');
    await registered(alice);
    await registered(bob);
    const message = once(bob as NodeJS.EventEmitter, 'newMessage') as Promise<[{ request: { body: string } }]>;
    alice.sendMessage('sip:bob@example.com', 'grüße', { contentType: 'text/plain;charset=utf-8' });
    expect((await message)[0].request.body).toBe('grüße');
  });

  it('unregisters, and the registration ends', async () => {
    await using server = await startEdge(edgeOptions());
    const agent = createAgent(server, 'alice');
    await registered(agent);
    const done = once(agent, 'unregistered');
    agent.unregister();
    await done;
    expect(server.events.named('unregistered')).toMatchObject([{ cause: 'requested' }]);
    expect(server.issuer.released).toHaveLength(1);
    expect(server.edge.snapshot().registrations).toEqual([]);
  });

  it('comes back after close 1012 and registers as the same device', async () => {
    await using server = await startEdge(edgeOptions());
    const agent = createAgent(server, 'alice');
    await registered(agent);
    const disconnected = once(agent, 'disconnected') as Promise<[{ code: number }]>;
    const again = once(agent, 'registered');
    await server.restart();
    expect((await disconnected)[0].code).toBe(1012);
    await again;
    const [first, second] = server.events.named('registered');
    expect(second!.registrationId).toBe(first!.registrationId);
    expect(second!.flowId).not.toBe(first!.flowId);
    expect(server.issuer.released).toEqual([]);
  });
});
