import { once } from 'node:events';
import { UA, type URI, WebSocketInterface } from 'jssip';
import { expect } from 'vitest';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { type AgentHome } from './agent-home.ts';

installBrowserGlobals();

export interface JssipOptions {
  readonly preloadedRoute?: boolean;
  readonly password?: string;
  /** Value of Authorization in each request, instead of a password. */
  readonly authorization?: string;
}

const agents: UA[] = [];

/** A JsSIP user agent that asks for a credential with each REGISTER and reconnects within a second; `stopAgents` ends it. */
export function createAgent(
  { url, domain, passwordOf }: AgentHome,
  user: string,
  { preloadedRoute = false, password = passwordOf(user), authorization }: JssipOptions = {},
): UA {
  const agent = new UA({
    sockets: new WebSocketInterface(url),
    uri: `sip:${user}@${domain}`,
    ...(authorization === undefined ? { password } : { authorization_jwt: authorization }),
    register_expires: 120,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 1,
    use_preloaded_route: preloadedRoute,
  });
  agents.push(agent);
  agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  return agent;
}

/** Ends all user agents there are. */
export function stopAgents(): void {
  for (const agent of agents.splice(0)) agent.stop();
}

export interface Answer {
  readonly status_code: number;
  getHeaders(name: string): string[];
}

export function credentialOf(response: Answer): unknown {
  return parseTurnCredential({ getAll: (name) => response.getHeaders(name) });
}

export async function registered(agent: UA): Promise<Answer> {
  const done = once(agent, 'registered');
  agent.start();
  const [event] = (await done) as [{ response: Answer }];
  return event.response;
}

export async function waitUntil(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  await expect.poll(condition, { timeout: timeoutMs, interval: 10 }).toBe(true);
}

/** What a session says of its end. */
export interface EndEvent {
  readonly originator: string;
  readonly cause: string;
  readonly message?: { readonly status_code?: number };
}

interface RenegotiateOptions {
  readonly useUpdate?: boolean;
}

interface ReferOptions {
  readonly eventHandlers: { readonly accepted: () => void };
}

/** Parts of a JsSIP session that the tests drive. */
export interface Session extends NodeJS.EventEmitter {
  answer(options: object): void;
  terminate(): void;
  sendInfo(type: string, body: string): void;
  renegotiate(options: RenegotiateOptions, done: () => void): boolean;
  refer(target: string, options: ReferOptions): void;
  isEstablished(): boolean;
  isEnded(): boolean;
}

export interface IncomingCall {
  readonly session: Session;
  /** Of its INVITE. */
  readonly body: string;
}

/** The next call that somebody makes to this user agent. */
export function incomingSession(agent: UA): Promise<IncomingCall> {
  return new Promise((resolve) => {
    (agent as NodeJS.EventEmitter).on(
      'newRTCSession',
      (event: { originator: string; session: Session; request: { body: string } }) => {
        if (event.originator === 'remote') resolve({ session: event.session, body: event.request.body });
      },
    );
  });
}

const NO_MEDIA = { mediaConstraints: { audio: false, video: false } };

export function call(
  agent: UA,
  target: string,
  extraHeaders: string[] = [],
  options: { readonly anonymous?: boolean } = {},
): Session {
  return agent.call(target, { ...NO_MEDIA, extraHeaders, ...options });
}

export function answer(session: Session): void {
  session.answer(NO_MEDIA);
}

/** A call that both sides have confirmed. */
export async function connect(caller: UA, callee: UA): Promise<{ outgoing: Session; incoming: Session }> {
  const invited = incomingSession(callee);
  const outgoing = call(caller, addressOf(callee));
  const { session: incoming } = await invited;
  const confirmed = [once(outgoing, 'confirmed'), once(incoming, 'confirmed')];
  answer(incoming);
  await Promise.all(confirmed);
  return { outgoing, incoming };
}

/** Refreshes the session description by re-INVITE, or by UPDATE; resolves when the other side has agreed. */
export function renegotiate(session: Session, options: RenegotiateOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!session.renegotiate(options, resolve)) reject(new Error('JsSIP is not ready for another offer'));
  });
}

/** How a call that is not answered ends. */
export async function failure(session: Session): Promise<EndEvent> {
  const [event] = (await once(session, 'failed')) as [EndEvent];
  return event;
}

interface OptionsHandlers {
  readonly succeeded: (event: { response: Answer }) => void;
  readonly failed: (event: { cause: string; response?: Answer }) => void;
}

/** In JsSIP, yet absent from its types. A target given as text gets a user part. */
function sendOptions(
  agent: UA,
  target: string | URI,
  options: { extraHeaders: string[]; eventHandlers: OptionsHandlers },
): void {
  (agent as unknown as { sendOptions(target: string | URI, body: undefined, options: object): void }).sendOptions(
    target,
    undefined,
    options,
  );
}

/** The answer to OPTIONS, a refusal too. */
export function askOptions(agent: UA, target: string | URI, extraHeaders: string[] = []): Promise<Answer> {
  return new Promise((resolve, reject) => {
    sendOptions(agent, target, {
      extraHeaders,
      eventHandlers: {
        succeeded: ({ response }) => {
          resolve(response);
        },
        failed: ({ cause, response }) => {
          if (response) resolve(response);
          else reject(new Error(cause));
        },
      },
    });
  });
}

/** `sip:user@domain` */
export function addressOf(agent: UA): string {
  return (agent as unknown as { configuration: { uri: URI } }).configuration.uri.toString();
}

/** Drops the WebSocket for good and without a word, as a page does that is closed. */
export function vanish(agent: UA): void {
  (agent as unknown as { transport: { disconnect(): void } }).transport.disconnect();
}
