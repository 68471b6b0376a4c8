import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { parseConfig } from '../../src/config/load.ts';
import { composeServer, Server } from '../../src/server/server.ts';
import { type AgentHome } from './agent-home.ts';
import { type Hss } from './hss.ts';
import { startKamailioCore, type KamailioCore, type KamailioCoreOptions } from './kamailio-core.ts';

export const DOMAIN = 'ims.example';
export const PASSWORD = 'a-password-of-all';

let users = 0;

/** The name of a user that no other test has. */
export function newUser(name: string): string {
  return `${name}${++users}`;
}

export function uriOf(user: string): string {
  return `sip:${user}@${DOMAIN}`;
}
/** The edge's side towards the core has an address of its own, by which the core knows it. */
const EDGE_ADDRESS = '127.0.0.2';

export type CoreTransport = 'udp' | 'tcp';
type Registrations = ReturnType<Server['snapshot']>['registrations'];

/** An edge with its TURN server on loopback. */
export interface Home extends AsyncDisposable {
  readonly server: Server;
  /** `wss://…` */
  readonly url: string;
  registrationsOf(aor: string): Registrations;
  /** Ends the connections of a user without a word. */
  cut(aor: string): void;
}

/** The same with Kamailio as the core behind it. */
export interface Ims extends Home {
  readonly core: KamailioCore;
}

export interface HomeOptions {
  readonly domain?: string;
  /** Whether `message` events hold the messages. */
  readonly traces?: boolean;
  readonly edge?: NonNullable<ConfigInput['edge']>;
  /** Sections of their own. */
  readonly more?: Pick<ConfigInput, 'credentials' | 'oauth'>;
}

export interface ImsOptions extends HomeOptions {
  readonly transport: CoreTransport;
  readonly forks?: boolean;
  /** Whether the core tells what it does to registrations. */
  readonly regEvent?: boolean;
  /** Whom the core asks for its users. */
  readonly hss?: Hss;
  /** Whether the core is where emergency calls go, too. */
  readonly takesEmergencies?: boolean;
}

/** With the embedded core, unless `edge` says otherwise. */
export async function startHome({ domain = DOMAIN, traces = false, edge, more }: HomeOptions = {}): Promise<Home> {
  const server = await composeServer(
    parseConfig({
      domain,
      ...more,
      edge: {
        transaction: { t1Ms: 100, t2Ms: 500, t4Ms: 500 },
        demoPage: false,
        ...edge,
        listen: { addresses: ['127.0.0.1'], port: 0 },
      },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    }),
    { state: new MemoryState(), logger: silentLogger },
  );
  Server.wrap(server, { messageText: traces });
  const { webSocket = '' } = await server.start();
  const registrationsOf = (aor: string): Registrations =>
    server.snapshot().registrations.filter((registration) => registration.aor === aor);
  return {
    server,
    url: webSocket,
    registrationsOf,
    cut: (aor) => {
      for (const { flowId } of registrationsOf(aor)) server.closeFlow(flowId, 'cut');
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A core that takes the edges of `behind` for its own. */
export function startCore(
  kamailio: string,
  { domain = DOMAIN, ...options }: Partial<Pick<KamailioCoreOptions, 'domain' | 'forks' | 'regEvent' | 'hss'>> = {},
): Promise<KamailioCore> {
  return startKamailioCore({ program: kamailio, domain, password: PASSWORD, edgeAddress: EDGE_ADDRESS, ...options });
}

/** `edge.core` of an edge before this core. */
export function behind({ address, port }: KamailioCore, transport: CoreTransport, takesEmergencies = false) {
  const uris = [`sip:${address}:${port};transport=${transport}`];
  const listen = { addresses: [EDGE_ADDRESS], port: 0 };
  return { kind: 'external', uris, ...(takesEmergencies && { emergency: { uris } }), listen } as const;
}

export async function startIms(
  kamailio: string,
  { transport, forks = false, regEvent = false, hss, takesEmergencies, edge, ...options }: ImsOptions,
): Promise<Ims> {
  const core = await startCore(kamailio, { domain: options.domain ?? DOMAIN, forks, regEvent, ...(hss && { hss }) });
  const external = { ...behind(core, transport, takesEmergencies), ...edge?.core };
  const home = await startHome({ ...options, edge: { ...edge, core: external } });
  return {
    ...home,
    core,
    [Symbol.asyncDispose]: async () => {
      await home[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
    },
  };
}

/** Where user agents of these tests register; every user has the same password. */
export function homeOf({ url }: Ims): AgentHome {
  return { url, domain: DOMAIN, passwordOf: () => PASSWORD };
}
