import {
  type Invitation,
  Inviter,
  Registerer,
  type SessionDescriptionHandler,
  type SessionState,
  UserAgent,
  type UserAgentDelegate,
} from 'sip.js';
import { expect } from 'vitest';
import { installBrowserGlobals, sampleSdp } from '../edge/support/browser-globals.ts';
import { type AgentHome } from './agent-home.ts';

installBrowserGlobals();

export interface AgentOptions {
  readonly password?: string;
  /** Registers by RFC 5626, which SIP.js does only if it is told. */
  readonly outbound?: boolean;
  /** Value of Authorization in its REGISTER, instead of a password. */
  readonly authorization?: string;
}

export interface Agent {
  readonly uri: string;
  readonly userAgent: UserAgent;
  readonly registerer: Registerer;
  /** Bodies that the other side's session descriptions had. */
  readonly received: string[];
}

/** SIP.js user agents, which stop while the edge is there to answer: SIP.js waits for that. */
export class Agents implements AsyncDisposable {
  readonly #userAgents: UserAgent[] = [];
  readonly #home: AgentHome;

  constructor(home: AgentHome) {
    this.#home = home;
  }

  async create(user: string, delegate: UserAgentDelegate = {}, options: AgentOptions = {}): Promise<Agent> {
    const { url, domain, passwordOf } = this.#home;
    const received: string[] = [];
    const uri = `sip:${user}@${domain}`;
    const userAgent = new UserAgent({
      uri: UserAgent.makeURI(uri)!,
      authorizationUsername: user,
      authorizationPassword: options.password ?? passwordOf(user),
      transportOptions: { server: url },
      logBuiltinEnabled: false,
      reconnectionAttempts: 3,
      reconnectionDelay: 1,
      sessionDescriptionHandlerFactory: () => describer(user, received),
      delegate,
    });
    this.#userAgents.push(userAgent);
    await userAgent.start();
    const registerer = new Registerer(userAgent, {
      expires: 120,
      extraHeaders: [
        'TURN-Cred-Req: turn',
        ...(options.authorization === undefined ? [] : [`Authorization: ${options.authorization}`]),
      ],
      ...(options.outbound && { regId: 1 }),
    });
    return { uri, userAgent, registerer, received };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const userAgent of this.#userAgents) await userAgent.stop();
  }
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

export class Deferred<T> {
  resolve: (value: T) => void = () => undefined;
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}

export interface Answer {
  getHeaders(name: string): string[];
}

/** The 200; rejects with the status of anything else. */
export async function register({ registerer }: Agent): Promise<Answer> {
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

/** The answer to OPTIONS to the home domain that asks for a credential. */
export function refreshCredential({ userAgent }: Agent, domain: string): Promise<Answer> {
  const target = UserAgent.makeURI(`sip:${domain}`)!;
  const own = userAgent.configuration.uri;
  const core = userAgent.userAgentCore;
  const message = core.makeOutgoingRequestMessage('OPTIONS', target, own, target, {}, ['TURN-Cred-Req: turn']);
  return new Promise((resolve) => {
    core.request(message, {
      onAccept: ({ message: answer }) => {
        resolve(answer);
      },
    });
  });
}

export async function reaches(session: { readonly state: SessionState }, state: SessionState): Promise<void> {
  await expect.poll(() => session.state, { timeout: 15_000, interval: 10 }).toBe(state);
}

export interface Ringing {
  readonly outgoing: Inviter;
  readonly incoming: Invitation;
  readonly alice: Agent;
  readonly bob: Agent;
}

/** Both register, and the first calls the second, who has not answered yet. */
export async function rings(
  agents: Agents,
  users: readonly [string, string] = ['alice', 'bob'],
  options: AgentOptions = {},
): Promise<Ringing> {
  const invited = new Deferred<Invitation>();
  const alice = await agents.create(users[0], {}, options);
  const bob = await agents.create(
    users[1],
    {
      onInvite: (invitation) => {
        invited.resolve(invitation);
      },
    },
    options,
  );
  await register(alice);
  await register(bob);
  const outgoing = new Inviter(alice.userAgent, UserAgent.makeURI(bob.uri)!);
  await outgoing.invite();
  return { outgoing, incoming: await invited.promise, alice, bob };
}
