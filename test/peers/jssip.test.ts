import { once } from 'node:events';
import { UA, URI, WebSocketInterface } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../../src/sip/turn-credential.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';

installBrowserGlobals();

const agents: UA[] = [];

afterEach(() => {
  for (const agent of agents.splice(0)) agent.stop();
});

function createAgent(server: EdgeServer, user: string, options: { readonly preloadedRoute?: boolean } = {}): UA {
  const agent = new UA({
    sockets: new WebSocketInterface(server.url),
    uri: `sip:${user}@example.com`,
    password: PASSWORDS.get(user)!.revealText(),
    register_expires: 120,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 1,
    use_preloaded_route: options.preloadedRoute ?? false,
  });
  agents.push(agent);
  agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  return agent;
}

interface Answer {
  readonly status_code: number;
  getHeaders(name: string): string[];
}

function credentialOf(response: Answer): unknown {
  return parseTurnCredential({ getAll: (name) => response.getHeaders(name) });
}

async function registered(agent: UA): Promise<Answer> {
  const done = once(agent, 'registered');
  agent.start();
  const [event] = (await done) as [{ response: Answer }];
  return event.response;
}

async function waitUntil(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 8000, interval: 10 }).toBe(true);
}

/** Parts of a JsSIP session that the tests drive. */
interface Session extends NodeJS.EventEmitter {
  answer(options: object): void;
  terminate(): void;
  sendInfo(type: string, body: string): void;
  isEstablished(): boolean;
  isEnded(): boolean;
}

function incomingSession(agent: UA): Promise<{ session: Session; body: string }> {
  return new Promise((resolve) => {
    (agent as NodeJS.EventEmitter).on(
      'newRTCSession',
      (event: { originator: string; session: Session; request: { body: string } }) => {
        if (event.originator === 'remote') resolve({ session: event.session, body: event.request.body });
      },
    );
  });
}

function call(agent: UA, target: string): Session {
  return agent.call(target, { mediaConstraints: { audio: false, video: false } });
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
    const response = await new Promise<Answer>((resolve, reject) => {
      sendOptions(agent, target, {
        extraHeaders: ['TURN-Cred-Req: turn;ttl=7200'],
        eventHandlers: {
          succeeded: ({ response: answer }) => {
            resolve(answer);
          },
          failed: ({ cause }) => {
            reject(new Error(cause));
          },
        },
      });
    });
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
      session.answer({ mediaConstraints: { audio: false, video: false } });
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

interface OptionsHandlers {
  readonly succeeded: (event: { response: Answer }) => void;
  readonly failed: (event: { cause: string }) => void;
}

/** In JsSIP, yet absent from its types. A target given as text gets a user part. */
function sendOptions(
  agent: UA,
  target: string | URI,
  options: { extraHeaders: string[]; eventHandlers: OptionsHandlers },
) {
  (agent as unknown as { sendOptions(target: string | URI, body: undefined, options: object): void }).sendOptions(
    target,
    undefined,
    options,
  );
}
