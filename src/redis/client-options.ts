import { randomInt } from 'node:crypto';
import { type RedisOptions, type RedisTlsOptions } from './redis-options.ts';

const FIRST_BACK_OFF_MS = 50;
const LONGEST_BACK_OFF_MS = 2000;

/** Milliseconds until the next try to connect: twice as many with each try, and randomized, so that a fleet does not reconnect at one moment. */
export function backOffMs(tries: number): number {
  const fullMs = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.min(tries, 10), LONGEST_BACK_OFF_MS);
  return randomInt(Math.ceil(fullMs / 2), fullMs + 1);
}

export function clientOptions(options: RedisOptions) {
  const { username, password, database } = options;
  return {
    ...anonymousOptions(options),
    ...(username !== undefined && { username }),
    ...(password && { password: password.revealText() }),
    ...(database > 0 && { database }),
  };
}

/** The options of every client. No command waits for a connection: without one it fails at once. */
export function anonymousOptions({ tls, timeoutMs, maxWaiting }: RedisOptions) {
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
