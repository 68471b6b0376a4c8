import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { daemon, peer, type Daemon } from './peers.ts';
import { freePort } from '../support/free-port.ts';

export const redisServer = peer('redis-server');

const START_TIMEOUT_MS = 10_000;

export interface Heard extends AsyncDisposable {
  readonly messages: readonly (readonly [string, string])[];
}

export interface RedisPeer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** What a tool of coturn, or an operator, would type into redis-cli. */
  cli(...command: string[]): Promise<unknown>;
  /** Collects what is published on channels of that pattern: channel and message. */
  hear(pattern: string): Promise<Heard>;
  kill(): Promise<void>;
  /** The process stands still, and its connections stay. */
  freeze(): void;
  thaw(): void;
  start(): Promise<void>;
}

export interface RedisPeerOptions {
  readonly port?: number;
  readonly url?: (port: number) => string;
  /** Of `cli` and `hear`. */
  readonly login?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly ca: string };
  /** In the place of everything that makes a plain server. */
  readonly program?: readonly string[];
}

/** Debian's redis-server on a free port of loopback, with its files in a folder of its own. `settings`: further lines of its configuration. */
export async function startRedis(
  settings: readonly string[] = [],
  { port, url, login, tls, program }: RedisPeerOptions = {},
): Promise<RedisPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'epcscf-redis-'));
  const ownPort = port ?? (await freePort());
  const ownUrl = url?.(ownPort) ?? `redis://127.0.0.1:${ownPort}`;
  const options = {
    url: ownUrl,
    RESP: 2,
    ...login,
    socket: { reconnectStrategy: false, ...(tls && ({ tls: true, ...tls } as const)) },
  } as const;
  let process: Daemon | undefined;
  const cli = async (...command: string[]): Promise<unknown> => {
    const client = createClient(options);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  };
  const start = async (): Promise<void> => {
    const args = ['--port', String(ownPort), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    process = daemon(redisServer ?? '', program ?? [...args, ...settings]);
    await until(async () => (await cli('PING')) === 'PONG');
  };
  const kill = async (): Promise<void> => {
    await process?.stop();
    process = undefined;
  };
  await start();
  return {
    port: ownPort,
    url: ownUrl,
    folder,
    cli,
    hear: async (pattern) => {
      const client = createClient(options);
      client.on('error', () => undefined);
      await client.connect();
      const messages: (readonly [string, string])[] = [];
      await client.pSubscribe(pattern, (message, channel) => messages.push([channel, message]));
      return {
        messages,
        [Symbol.asyncDispose]: () => {
          client.destroy();
          return Promise.resolve();
        },
      };
    },
    kill,
    start,
    freeze: () => process?.process.kill('SIGSTOP'),
    thaw: () => process?.process.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until it is so; what is asked may fail. */
export async function until(isSo: () => Promise<boolean> | boolean, timeoutMs = START_TIMEOUT_MS): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const now = await Promise.resolve()
      .then(isSo)
      .catch(() => false);
    if (now) return;
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${isSo.toString()}`);
    await sleep(20);
  }
}
