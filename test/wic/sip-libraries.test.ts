import { once } from 'node:events';
import { UA, WebSocketInterface } from 'jssip';
import { Inviter, Registerer, SessionState, UserAgent } from 'sip.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  attachTurnCredentials,
  attachTurnCredentialsSipJs,
  type CredentialFailure,
  type TurnCredentialOptions,
  type TurnCredentials,
} from '../../src/wic/index.ts';
import { installBrowserGlobals, sampleSdp } from '../edge/support/browser-globals.ts';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';
import { FakePeerConnection } from './fake-user-agent.ts';

installBrowserGlobals();

/** A registered client under the helper. */
interface Client {
  readonly turn: TurnCredentials;
  readonly changes: string[];
  readonly failures: CredentialFailure[];
  /** As the library does by itself before the registration ends. */
  readonly registerAgain: () => void;
}

type Start = (server: EdgeServer, options?: TurnCredentialOptions) => Promise<Client>;

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

function recorders(options: TurnCredentialOptions) {
  const changes: string[] = [];
  const failures: CredentialFailure[] = [];
  const all: TurnCredentialOptions = {
    ...options,
    firstRetryMs: 50,
    onChange: ([server]) => changes.push(server?.username.split(':')[1] ?? ''),
    onFailure: (failure) => failures.push(failure),
  };
  return { changes, failures, all };
}

const startJsSip: Start = async (server, options = {}) => {
  const ua = new UA({
    sockets: new WebSocketInterface(server.url),
    uri: 'sip:alice@example.com',
    password: PASSWORDS.get('alice')!.revealText(),
    register_expires: 120,
  });
  const { changes, failures, all } = recorders(options);
  const turn = attachTurnCredentials(ua, all);
  endings.push(() => {
    turn.detach();
    ua.stop();
  });
  const registered = once(ua, 'registered');
  ua.start();
  await registered;
  const registerAgain = (): void => {
    ua.register();
  };
  return { turn, changes, failures, registerAgain };
};

const startSipJs: Start = async (server, options = {}) => {
  const userAgent = new UserAgent({
    uri: UserAgent.makeURI('sip:alice@example.com')!,
    authorizationUsername: 'alice',
    authorizationPassword: PASSWORDS.get('alice')!.revealText(),
    transportOptions: { server: server.url },
    logBuiltinEnabled: false,
    gracefulShutdown: false,
  });
  const { changes, failures, all } = recorders(options);
  const turn = attachTurnCredentialsSipJs(userAgent, all);
  endings.push(() => {
    turn.detach();
    return userAgent.stop();
  });
  await userAgent.start();
  const registerer = new Registerer(userAgent, { expires: 120, extraHeaders: ['X-App: 1'] });
  await registerer.register();
  await expect.poll(() => server.edge.snapshot().registrations.length).toBe(1);
  const registerAgain = (): void => {
    void registerer.register();
  };
  return { turn, changes, failures, registerAgain };
};

describe.each([
  ['JsSIP', startJsSip],
  ['SIP.js', startSipJs],
])('%s against an edge', (_name, start) => {
  it('has the credential of the registration', async () => {
    await using server = await startEdge(edgeOptions());
    const { turn, changes } = await start(server, { ttlSec: 600 });
    const { uris } = edgeOptions().credential;
    expect(await turn.ready()).toEqual([
      { urls: uris, username: expect.stringMatching(/^\d+:u1$/) as string, credential: 'p/1=' },
    ]);
    expect(server.issuer.requests[0]!.wishedTtlSec).toBe(600);
    expect(changes).toEqual(['u1']);
  });

  it('sees the credential of a silent re-REGISTER', async () => {
    await using server = await startEdge(edgeOptions());
    const { changes, registerAgain } = await start(server);
    await expect.poll(() => changes).toEqual(['u1']);
    registerAgain();
    await expect.poll(() => changes).toEqual(['u1', 'u2']);
    expect(server.events.named('registered')).toMatchObject([{ refresh: false }, { refresh: true }]);
  });

  it('refreshes by OPTIONS before the end, again and again', async () => {
    await using server = await startEdge(edgeOptions());
    const { changes, turn } = await start(server, { ttlSec: 2, refreshAt: 0.2, jitter: 0 });
    await expect.poll(() => changes, { timeout: 5000 }).toEqual(['u1', 'u2', 'u3']);
    expect(turn.iceServers()).toHaveLength(1);
    expect(server.events.named('credential-issued').map(({ via }) => via)).toEqual(['REGISTER', 'OPTIONS', 'OPTIONS']);
  });

  it('tries again after error=, and asks no more when that says denied', async () => {
    await using server = await startEdge(edgeOptions());
    const { changes, failures, turn } = await start(server);
    await expect.poll(() => changes).toEqual(['u1']);
    server.issuer.failure = 'unavailable';
    turn.refresh();
    await expect
      .poll(() => failures[0])
      .toMatchObject({ error: 'unavailable', retryInMs: expect.any(Number) as number });
    server.issuer.failure = 'denied';
    turn.refresh();
    await expect.poll(() => failures[1]).toEqual({ error: 'denied' });
  });

  it('honours Retry-After of a 503', async () => {
    await using server = await startEdge(edgeOptions({ credential: { burst: 1, intervalSec: 30 } }));
    const { changes, failures, turn } = await start(server);
    await expect.poll(() => changes).toEqual(['u1']);
    turn.refresh();
    await expect.poll(() => failures[0]).toMatchObject({ error: 'quota' });
    expect(failures[0]!.retryInMs).toBeGreaterThan(25_000);
  });
});

it('moves a running call of SIP.js, whose session description handlers it finds by itself', async () => {
  await using server = await startEdge(edgeOptions());
  const connections: FakePeerConnection[] = [];
  const turns: TurnCredentials[] = [];
  const offers: string[] = [];
  const create = async (user: string): Promise<UserAgent> => {
    const userAgent = new UserAgent({
      uri: UserAgent.makeURI(`sip:${user}@example.com`)!,
      authorizationUsername: user,
      authorizationPassword: PASSWORDS.get(user)!.revealText(),
      transportOptions: { server: server.url },
      logBuiltinEnabled: false,
      gracefulShutdown: false,
      sessionDescriptionHandlerFactory: () => {
        const peerConnection = new FakePeerConnection({ iceServers: turn.iceServers() });
        connections.push(peerConnection);
        return {
          peerConnection,
          close: () => undefined,
          getDescription: () => {
            offers.push(user);
            return Promise.resolve({ body: sampleSdp(user), contentType: 'application/sdp' });
          },
          hasDescription: () => true,
          setDescription: () => Promise.resolve(),
          sendDtmf: () => false,
        };
      },
      delegate: { onInvite: (invitation) => void invitation.accept() },
    });
    const turn = attachTurnCredentialsSipJs(userAgent);
    turns.push(turn);
    endings.push(() => {
      turn.detach();
      return userAgent.stop();
    });
    await userAgent.start();
    await new Registerer(userAgent, { expires: 120 }).register();
    await turn.ready();
    return userAgent;
  };
  const alice = await create('alice');
  await create('bob');
  const call = new Inviter(alice, UserAgent.makeURI('sip:bob@example.com')!);
  await call.invite();
  await expect.poll(() => call.state).toBe(SessionState.Established);
  expect(offers).toEqual(['alice', 'bob']);
  turns[0]!.moveCalls();
  await vi.waitFor(() => {
    expect(offers).toEqual(['alice', 'bob', 'alice', 'bob']);
  });
  expect(connections.map(({ restarts }) => restarts)).toEqual([1, 0]);
  await call.bye();
});
