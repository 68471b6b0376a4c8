import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createServer, type Server } from '../../src/server.ts';
import { startKamailioCore, type KamailioCore } from './kamailio-core.ts';

export const DOMAIN = 'ims.example';
export const PASSWORD = 'a-password-of-all';
/** The edge's side towards the core has an address of its own, by which the core knows it. */
export const EDGE_ADDRESS = '127.0.0.2';

export type CoreTransport = 'udp' | 'tcp';

/** An edge with its TURN server on loopback, and Kamailio as the core behind it. */
export interface Ims extends AsyncDisposable {
  readonly server: Server;
  readonly core: KamailioCore;
  /** `wss://…` */
  readonly url: string;
}

export interface ImsOptions {
  readonly transport: CoreTransport;
  readonly forks?: boolean;
  readonly edge?: NonNullable<ConfigInput['edge']>;
}

export async function startIms(kamailio: string, { transport, forks = false, edge = {} }: ImsOptions): Promise<Ims> {
  const core = await startKamailioCore({
    program: kamailio,
    domain: DOMAIN,
    password: PASSWORD,
    edgeAddress: EDGE_ADDRESS,
    forks,
  });
  const server = await createServer(
    {
      domain: DOMAIN,
      edge: {
        ...edge,
        listen: { addresses: ['127.0.0.1'], port: 0 },
        demoPage: false,
        core: {
          kind: 'external',
          uris: [`sip:${core.address}:${core.port};transport=${transport}`],
          listen: { addresses: [EDGE_ADDRESS], port: 0 },
          ...edge.core,
        },
      },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    },
    { state: new MemoryState(), logger: silentLogger },
  );
  const { webSocket = '' } = await server.start();
  return {
    server,
    core,
    url: webSocket,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await core[Symbol.asyncDispose]();
    },
  };
}
