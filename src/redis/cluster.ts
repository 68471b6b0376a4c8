import { backOffMs, clientOptions } from './client-options.ts';
import { type ClientPackage, type Connections, type TransportReports } from './connections.ts';
import { type RedisOptions } from './redis-options.ts';

/** Milliseconds after which the replacement of a node that is away is looked for. */
const REDISCOVER_MS = 1000;

/** The nodes of a Redis Cluster, of which some lead to the others. */
export function openCluster(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const shared = clientOptions(options);
  const cluster = redis.createCluster({
    rootNodes: options.nodes.map((node) => ({ socket: { ...shared.socket, ...node } })),
    defaults: shared,
    // A node that does not come back has its slots elsewhere.
    topologyRefreshOnReconnectionAttemptStrategy: REDISCOVER_MS,
    RESP: 2,
  });
  cluster.on('error', reports.failed);
  cluster.on('node-ready', reports.ready);
  const connecting = keepConnecting(() => cluster.connect(), reports);
  return {
    send: (key, command) => {
      if (key !== undefined) return cluster.sendCommand(key, false, [...command]);
      // Any node that is there will do: that one of them is away is not the end of the cluster.
      const node = cluster.masters.find(({ client }) => client?.isReady);
      return node?.client?.sendCommand(command) ?? Promise.reject(new Error('no node of the cluster is there'));
    },
    subscribe: (channel, hear) => {
      connecting.whenThere(() => cluster.subscribe(channel, hear));
    },
    reset: () => undefined,
    close: () => {
      connecting.stop();
      if (cluster.isOpen) cluster.destroy();
      return Promise.resolve();
    },
  };
}

/** Tries to connect until that has succeeded once. From then on the client library itself follows the changes of a cluster. */
function keepConnecting(connect: () => Promise<unknown>, { ready, failed }: TransportReports) {
  const waiting: (() => Promise<unknown>)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let state: 'connecting' | 'there' | 'stopped' = 'connecting';
  let tries = 0;
  const start = (work: () => Promise<unknown>): void => {
    work().catch(failed);
  };
  const attempt = async (): Promise<void> => {
    try {
      await connect();
      if (state === 'stopped') return;
      state = 'there';
      for (const work of waiting.splice(0)) start(work);
      ready();
    } catch (error) {
      if (state === 'stopped') return;
      failed(error instanceof Error ? error : new Error(String(error)));
      timer = setTimeout(() => void attempt(), backOffMs(tries++));
    }
  };
  void attempt();
  return {
    whenThere(work: () => Promise<unknown>): void {
      if (state === 'there') start(work);
      else waiting.push(work);
    },
    stop(): void {
      state = 'stopped';
      clearTimeout(timer);
    },
  };
}
