import { type ConfigInput, type Server } from '../../../src/index.ts';
import { parseTurnCredential, type ReceivedTurnCredential } from '../../../src/wic/index.ts';
import { PASSWORDS } from '../../edge/support/edge-options.ts';
import { Wic } from '../../edge/support/wic.ts';
import { WicSocket } from '../../edge/support/wic-socket.ts';

/** What a server needs to have for `registeredWic`. */
export const WIC_HOME = {
  domain: 'example.com',
  edge: {
    listen: { addresses: ['127.0.0.1'], port: 0 },
    demoPage: false,
    core: { users: [...PASSWORDS].map(([name, password]) => ({ name, password })) },
  },
} satisfies ConfigInput;

export interface RegisteredWic {
  /** What came with the last REGISTER. */
  readonly answer: ReceivedTurnCredential | undefined;
  /** Throws when no credential came. */
  readonly credential: { readonly username: string; readonly password: string };
  /** REGISTER once more, which brings another answer. */
  refresh(): Promise<ReceivedTurnCredential | undefined>;
  deregister(): Promise<void>;
  close(): Promise<void>;
}

/** A client of the server's edge that has registered, and asked for a TURN credential. */
export async function registeredWic(server: Server, user = 'alice'): Promise<RegisteredWic> {
  const socket = await WicSocket.connect(server.addresses.webSocket!);
  const wic = new Wic(user, socket);
  let answer: ReceivedTurnCredential | undefined;
  const refresh = async (): Promise<ReceivedTurnCredential | undefined> => {
    const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': 'turn' } });
    answer = parseTurnCredential((name) => headers.getAll(name));
    return answer;
  };
  await refresh();
  return {
    get answer() {
      return answer;
    },
    get credential() {
      if (answer?.kind !== 'credential') throw new Error(`no credential: ${JSON.stringify(answer)}`);
      return answer;
    },
    refresh,
    deregister: async () => {
      await wic.register({ expires: 0 });
    },
    close: async () => {
      await socket.close();
    },
  };
}
