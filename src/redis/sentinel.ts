import { anonymousOptions } from './client-options.ts';
import { type ClientPackage, type Connections, type TransportReports } from './connections.ts';
import { type RedisNode, type RedisOptions } from './redis-options.ts';
import { openServer } from './server.ts';
import { within } from './within.ts';

/** Milliseconds between two questions to the sentinels who the master is. */
const ASK_MS = 1000;

/** What a sentinel says. Of two that differ, the one of the later epoch has heard of a failover that the other has not. */
interface MasterView {
  readonly node: RedisNode;
  readonly epoch: number;
}

/** The server that the sentinels call the master, whichever that is at the moment. */
export function openSentinel(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const { masterName, timeoutMs } = options;
  const subscriptions: Parameters<Connections['subscribe']>[] = [];
  let master: (MasterView & { readonly connections: Connections }) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const sentinels = options.nodes.map((node) => openOne(redis, options, node));
  /** What the sentinels say of the master. A sentinel that does not answer in time is left out. */
  const askAll = async (): Promise<MasterView[]> => {
    const answers = sentinels.map(async (sentinel) => {
      const asked = sentinel.sendCommand(['SENTINEL', 'MASTER', masterName]).catch(() => undefined);
      return readMaster(await within(timeoutMs, asked));
    });
    return (await Promise.all(answers)).filter((view) => view !== undefined);
  };
  const follow = async (view: MasterView): Promise<void> => {
    const before = master;
    if (isClosed || (before && (view.epoch < before.epoch || isSame(view.node, before.node)))) return;
    const connections = openServer(redis, { ...options, nodes: [view.node] }, reports);
    master = { ...view, connections };
    for (const subscription of subscriptions) connections.subscribe(...subscription);
    await before?.connections.close();
  };
  const ask = async (): Promise<void> => {
    const [latest] = (await askAll()).sort((a, b) => b.epoch - a.epoch);
    if (latest) await follow(latest);
    else reports.failed(new Error(`no sentinel says where the master ${masterName} is`));
  };
  const keepAsking = (): void => {
    void ask().finally(() => {
      if (!isClosed) timer = setTimeout(keepAsking, ASK_MS);
    });
  };
  for (const sentinel of sentinels) sentinel.once('ready', () => void ask());
  keepAsking();
  return {
    send: (key, command) => master?.connections.send(key, command) ?? Promise.reject(new Error('no master is known')),
    subscribe: (...subscription) => {
      subscriptions.push(subscription);
      master?.connections.subscribe(...subscription);
    },
    reset: () => master?.connections.reset(),
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      for (const sentinel of sentinels) sentinel.destroy();
      await master?.connections.close();
    },
  };
}

/** Opens a connection to one sentinel. An unreachable sentinel is tried again, and not reported while others answer. */
function openOne(redis: ClientPackage, options: RedisOptions, node: RedisNode) {
  const shared = anonymousOptions(options);
  const { sentinelPassword } = options;
  const client = redis.createClient({
    ...shared,
    ...(sentinelPassword && { password: sentinelPassword.revealText() }),
    socket: { ...shared.socket, ...node },
  });
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  return client;
}

function isSame(a: RedisNode, b: RedisNode): boolean {
  return a.host === b.host && a.port === b.port;
}

/** Reads the answer to `SENTINEL MASTER`: a list in which names and values alternate. */
function readMaster(answer: unknown): MasterView | undefined {
  const texts: unknown[] = Array.isArray(answer) ? answer : [];
  const valueOf = (name: string): string => {
    const value = texts[texts.indexOf(name) + 1];
    return texts.includes(name) && typeof value === 'string' ? value : '';
  };
  const host = valueOf('ip');
  const port = Number(valueOf('port'));
  const epoch = Number(valueOf('config-epoch'));
  return host !== '' && port > 0 && epoch >= 0 ? { node: { host, port }, epoch } : undefined;
}
