import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TurnClient } from '../turn/support/turn-client.ts';
import { daemon, peer } from './peers.ts';
import { until, type RedisPeer } from './redis.ts';
import { REALM } from './redis-fleet.ts';
import { freePort } from '../support/free-port.ts';

export const turnserver = peer('turnserver');

export interface Coturn extends AsyncDisposable {
  readonly port: number;
  readonly at: { readonly family: 4; readonly address: string; readonly port: number };
}

/** coturn that reads its users from a Redis, and knows nobody else. */
export async function startCoturn({ port: redisPort, folder }: RedisPeer): Promise<Coturn> {
  const port = await freePort();
  const connection = `ip=127.0.0.1 dbname=0 port=${redisPort} connect_timeout=5`;
  const coturn = daemon(turnserver ?? '', [
    ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--no-rfc5780', '--allow-loopback-peers', '--simple-log'],
    '--lt-cred-mech',
    `--realm=${REALM}`,
    `--redis-userdb=${connection}`,
    `--redis-statsdb=${connection}`,
    '--listening-ip=127.0.0.1',
    '--relay-ip=127.0.0.1',
    `--listening-port=${port}`,
    `--pidfile=${join(folder, 'coturn.pid')}`,
    `--log-file=${join(folder, 'coturn.log')}`,
  ]);
  const at = { family: 4, address: '127.0.0.1', port } as const;
  await until(async () => {
    const probe = await TurnClient.connect({ transport: 'udp', server: at });
    const answered = await Promise.race([probe.binding().then(() => true), sleep(200, false)]);
    probe.close();
    return answered;
  });
  return { port, at, [Symbol.asyncDispose]: () => coturn.stop() };
}
