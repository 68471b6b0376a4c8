import { clientOptions } from './client-options.ts';
import { type ClientPackage, type Connections, type TransportReports } from './connections.ts';
import { type RedisOptions } from './redis-options.ts';

/** One Redis: a connection for commands, and one that hears. */
export function openServer(redis: ClientPackage, options: RedisOptions, reports: TransportReports): Connections {
  const [node] = options.nodes;
  const shared = clientOptions(options);
  const client = redis.createClient({ ...shared, socket: { ...shared.socket, ...node } });
  const subscriber = client.duplicate();
  for (const one of [client, subscriber]) {
    one.on('error', reports.failed);
    one.on('ready', reports.ready);
    // The strategy never gives up, so this ends only when the client is closed.
    one.connect().catch(reports.failed);
  }
  return {
    send: (_key, command) => client.sendCommand(command),
    subscribe: (channel, hear) => {
      const subscribe = (): void => {
        subscriber.subscribe(channel, hear).catch(reports.failed);
      };
      if (subscriber.isReady) subscribe();
      else subscriber.once('ready', subscribe);
    },
    reset: () => {
      if (!client.isReady) return;
      client.destroy();
      client.connect().catch(reports.failed);
    },
    close: () => {
      for (const one of [client, subscriber]) if (one.isOpen) one.destroy();
      return Promise.resolve();
    },
  };
}
