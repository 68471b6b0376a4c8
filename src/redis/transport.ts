import { randomInt } from 'node:crypto';
import type * as redisPackage from '@redis/client';
import { type RedisOptions, type RedisTlsOptions } from './redis-options.ts';

type ClientPackage = typeof redisPackage;

/** What comes of connections. */
export interface TransportReports {
  /** One of them is there, perhaps again. */
  readonly ready: () => void;
  readonly failed: (error: Error) => void;
}

/** Connections to a Redis of some kind, which come back by themselves. */
export interface RedisTransport {
  /** `key` says which node of a cluster is meant. Rejects with what went wrong; at once where there is no connection. */
  send(key: string | undefined, command: readonly string[]): Promise<unknown>;
  /** Whether Redis was there and said no. */
  isRefusal(error: unknown): boolean;
  /** From here on, whenever there is a connection. */
  subscribe(channel: string, hear: (message: string) => void): void;
  close(): Promise<void>;
}

const FIRST_BACK_OFF_MS = 50;
const LONGEST_BACK_OFF_MS = 2000;

/** Doubles from try to try, and is spread, so that a fleet does not come back at one moment. */
function backOffMs(tries: number): number {
  const fullMs = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.min(tries, 10), LONGEST_BACK_OFF_MS);
  return randomInt(Math.ceil(fullMs / 2), fullMs + 1);
}

/** Loads the client library, which costs nothing where no Redis is configured, and begins to connect. */
export async function openTransport(options: RedisOptions, reports: TransportReports): Promise<RedisTransport> {
  const redis = await import('@redis/client');
  const isRefusal = (error: unknown): boolean => error instanceof redis.ErrorReply;
  return { ...OPEN[options.kind](redis, options, reports), isRefusal };
}

type Connections = Omit<RedisTransport, 'isRefusal'>;

const OPEN = { server: openServer, sentinel: openSentinel, cluster: openCluster } as const;

function openServer(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const [node] = options.nodes;
  const shared = clientOptions(options);
  const client = redis.createClient({ ...shared, socket: { ...shared.socket, ...node } });
  const subscriber = client.duplicate();
  const connect = (one: typeof client): void => {
    one.on('error', reports.failed);
    one.on('ready', reports.ready);
    // The strategy never gives up, so this ends only when the client is closed.
    one.connect().catch(reports.failed);
  };
  connect(client);
  return {
    send: (_key, command) => client.sendCommand(command),
    subscribe: (channel, hear) => {
      subscriber.once('ready', () => {
        subscriber.subscribe(channel, hear).catch(reports.failed);
      });
      connect(subscriber);
    },
    close: () => {
      for (const one of [client, subscriber]) if (one.isOpen) one.destroy();
      return Promise.resolve();
    },
  };
}

function openCluster(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const shared = clientOptions(options);
  const cluster = redis.createCluster({
    rootNodes: options.nodes.map((node) => ({ socket: { ...shared.socket, ...node } })),
    defaults: shared,
    RESP: 2,
  });
  cluster.on('error', reports.failed);
  cluster.on('node-ready', reports.ready);
  const connecting = keepConnecting(() => cluster.connect(), reports);
  return {
    send: (key, command) => cluster.sendCommand(key, false, [...command]),
    subscribe: (channel, hear) => {
      connecting.whenThere(() => cluster.subscribe(channel, hear));
    },
    close: () => {
      connecting.stop();
      if (cluster.isOpen) cluster.destroy();
      return Promise.resolve();
    },
  };
}

function openSentinel(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const { sentinelPassword } = options;
  const sentinel = redis.createSentinel({
    name: options.masterName,
    sentinelRootNodes: [...options.nodes],
    nodeClientOptions: clientOptions(options),
    sentinelClientOptions: {
      ...anonymousOptions(options),
      ...(sentinelPassword && { password: sentinelPassword.revealText() }),
    },
    RESP: 2,
  });
  sentinel.on('error', (error: unknown) => {
    reports.failed(error instanceof Error ? error : new Error(String(error)));
  });
  sentinel.on('client-error', ({ error }: { error: Error }) => {
    reports.failed(error);
  });
  sentinel.on('ready', reports.ready);
  const connecting = keepConnecting(() => sentinel.connect(), reports);
  // A lease of the one connection to the master: commands share it in a pipeline, where each would wait for the one before it.
  let lease: ReturnType<typeof sentinel.acquire> | undefined;
  return {
    send: async (_key, command) => {
      lease ??= sentinel.acquire();
      const client = await lease;
      return client.sendCommand(false, [...command]);
    },
    subscribe: (channel, hear) => {
      connecting.whenThere(() => sentinel.subscribe(channel, hear));
    },
    close: async () => {
      connecting.stop();
      if (sentinel.isOpen) await sentinel.destroy();
    },
  };
}

function clientOptions(options: RedisOptions) {
  const { username, password, database } = options;
  return {
    ...anonymousOptions(options),
    ...(username !== undefined && { username }),
    ...(password && { password: password.revealText() }),
    ...(database > 0 && { database }),
  };
}

/** What all clients have in common. Nothing waits for a connection: who asks is told at once that there is none. */
function anonymousOptions({ tls, timeoutMs, maxWaiting }: RedisOptions) {
  return {
    socket: {
      connectTimeout: timeoutMs,
      reconnectStrategy: backOffMs,
      ...(tls && tlsOptions(tls)),
    },
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxWaiting,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    RESP: 2,
  } as const;
}

function tlsOptions({ ca, cert, key, serverName }: RedisTlsOptions) {
  return {
    tls: true,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  } as const;
}

/** Tries until it has succeeded once: what a cluster or sentinels tell of is followed by the client itself from there on. */
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
