import {
  Inviter,
  type Invitation,
  Messager,
  Registerer,
  RegistererState,
  type SessionDescriptionHandler,
  SessionState,
  UserAgent,
  type UserAgentDelegate,
} from 'sip.js';
import { describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../../src/sip/turn-credential.ts';
import { installBrowserGlobals, sampleSdp } from '../edge/support/browser-globals.ts';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';

installBrowserGlobals();

/** Stops the user agents while the edge is there to answer: SIP.js waits for that. */
class Agents implements AsyncDisposable {
  readonly #userAgents: UserAgent[] = [];
  readonly #server: EdgeServer;

  constructor(server: EdgeServer) {
    this.#server = server;
  }

  async create(user: string, delegate: UserAgentDelegate = {}): Promise<Agent> {
    const received: string[] = [];
    const userAgent = new UserAgent({
      uri: UserAgent.makeURI(`sip:${user}@example.com`)!,
      authorizationUsername: user,
      authorizationPassword: PASSWORDS.get(user)!.revealText(),
      transportOptions: { server: this.#server.url },
      logBuiltinEnabled: false,
      reconnectionAttempts: 3,
      reconnectionDelay: 1,
      sessionDescriptionHandlerFactory: () => describer(user, received),
      delegate,
    });
    this.#userAgents.push(userAgent);
    await userAgent.start();
    const registerer = new Registerer(userAgent, { expires: 120, extraHeaders: ['TURN-Cred-Req: turn'] });
    return { userAgent, registerer, received };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const userAgent of this.#userAgents) await userAgent.stop();
  }
}

interface Agent {
  readonly userAgent: UserAgent;
  readonly registerer: Registerer;
  /** Bodies that the other side's session descriptions had. */
  readonly received: string[];
}

function describer(user: string, received: string[]): SessionDescriptionHandler {
  return {
    close: () => undefined,
    getDescription: () => Promise.resolve({ body: sampleSdp(user), contentType: 'application/sdp' }),
    hasDescription: (contentType) => contentType === 'application/sdp',
    setDescription: (sdp) => {
      received.push(sdp);
      return Promise.resolve();
    },
    sendDtmf: () => false,
  };
}

class Deferred<T> {
  resolve: (value: T) => void = () => undefined;
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}

interface Answer {
  getHeaders(name: string): string[];
}

async function register({ registerer }: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const requestDelegate = {
      onAccept: (response: { message: Answer }) => {
        resolve(response.message);
      },
      onReject: (response: { message: { statusCode: number | undefined } }) => {
        reject(new Error(`REGISTER: ${response.message.statusCode ?? 0}`));
      },
    };
    void registerer.register({ requestDelegate });
  });
}

async function reaches(session: { readonly state: SessionState }, state: SessionState): Promise<void> {
  await expect.poll(() => session.state, { timeout: 5000, interval: 10 }).toBe(state);
}

async function rings(agents: Agents): Promise<{ outgoing: Inviter; incoming: Invitation; alice: Agent; bob: Agent }> {
  const invited = new Deferred<Invitation>();
  const alice = await agents.create('alice');
  const bob = await agents.create('bob', {
    onInvite: (invitation) => {
      invited.resolve(invitation);
    },
  });
  await register(alice);
  await register(bob);
  const outgoing = new Inviter(alice.userAgent, UserAgent.makeURI('sip:bob@example.com')!);
  await outgoing.invite();
  return { outgoing, incoming: await invited.promise, alice, bob };
}

describe('SIP.js', () => {
  it('registers with digest and finds its credential in the 200', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(server);
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
    await using agents = new Agents(server);
    const { userAgent, ...agent } = await agents.create('alice');
    await register({ userAgent, ...agent });
    const target = UserAgent.makeURI('sip:example.com')!;
    const own = userAgent.configuration.uri;
    const core = userAgent.userAgentCore;
    const message = core.makeOutgoingRequestMessage('OPTIONS', target, own, target, {}, ['TURN-Cred-Req: turn']);
    const response = await new Promise<Answer>((resolve) => {
      core.request(message, {
        onAccept: ({ message: answer }) => {
          resolve(answer);
        },
      });
    });
    expect(parseTurnCredential({ getAll: (name) => response.getHeaders(name) })).toMatchObject({ name: 'u2' });
  });

  it('calls, sends INFO and hangs up, with the session descriptions untouched', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(server);
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
    await using agents = new Agents(server);
    const { outgoing, incoming } = await rings(agents);
    await outgoing.cancel();
    await reaches(incoming, SessionState.Terminated);
    await reaches(outgoing, SessionState.Terminated);
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
  });

  it('is told of a rejected call', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(server);
    const { outgoing, incoming } = await rings(agents);
    await incoming.reject({ statusCode: 486 });
    await reaches(outgoing, SessionState.Terminated);
  });

  it('exchanges messages', async () => {
    await using server = await startEdge(edgeOptions());
    await using agents = new Agents(server);
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
    await using agents = new Agents(server);
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
    await using agents = new Agents(server);
    const alice = await agents.create('alice');
    await register(alice);
    await alice.registerer.unregister();
    await expect.poll(() => server.edge.snapshot().registrations).toEqual([]);
  });
});
