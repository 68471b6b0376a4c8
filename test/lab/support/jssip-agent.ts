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
  });
  agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
  return agent;
}
