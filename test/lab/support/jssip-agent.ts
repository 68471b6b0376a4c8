import { once } from 'node:events';
import { UA, WebSocketInterface } from 'jssip';
import { type Lab } from '../../../src/lab/start-lab.ts';
import { installBrowserGlobals } from '../../edge/support/browser-globals.ts';

/** A JsSIP agent of a lab user, that asks for a credential. It trusts nothing but the lab's CA. */
export function createAgent(lab: Lab, name: string): UA {
  installBrowserGlobals();
  Object.assign(globalThis, { WebSocket: lab.WebSocket });
  const user = lab.users[name]!;
  const agent = new UA({
    sockets: new WebSocketInterface(lab.webSocket),
    uri: user.uri,
    password: user.password,
    register_expires: 120,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 1,
  });
  agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  return agent;
}

/** A response as JsSIP shows it. */
export interface Answer {
  readonly status_code: number;
  readonly reason_phrase: string;
  getHeader(name: string): string | undefined;
  getHeaders(name: string): string[];
}

export async function registered(agent: UA): Promise<Answer> {
  const [event] = (await once(agent, 'registered')) as [{ response: Answer }];
  return event.response;
}

/** What JsSIP says when it gives a REGISTER up; `response` is null when there was none. */
export async function registrationFailed(agent: UA): Promise<{ cause: string; response: Answer | null }> {
  const [event] = (await once(agent, 'registrationFailed')) as [{ cause: string; response: Answer | null }];
  return event;
}

/** Parts of a JsSIP session that tests drive. */
export interface Session extends NodeJS.EventEmitter {
  answer(options: object): void;
  terminate(): void;
  isEstablished(): boolean;
}

const SILENT = { mediaConstraints: { audio: false, video: false } };

/** Calls without media. */
export function call(agent: UA, target: string): Session {
  return agent.call(target, SILENT);
}

/** Answers every call without media. */
export function answerCalls(agent: UA): void {
  agent.on('newRTCSession', (event: { originator: string; session: unknown }) => {
    if (event.originator === 'remote') (event.session as Session).answer(SILENT);
  });
}
