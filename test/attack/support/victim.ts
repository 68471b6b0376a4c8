import { fork, type ChildProcess } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ConfigInput } from '../../../src/index.ts';
import { DATA_PLANE } from '../../support/data-plane.ts';
import { type Ask, type Reply, type Started, type VictimStatus } from './victim-messages.ts';

export const DOMAIN = 'ims.test';
export const USERS = { alice: 'alice-password', bob: 'bob-password', mallory: 'mallory-password' } as const;
export type User = keyof typeof USERS;

const ANSWER_MS = 20_000;
const KM = 'attack-test-km';
const LOOPBACK = '127.0.0.1';

/** A config as an operator would have it, but for ports, short waits for what a test waits for, and users. */
export function victimConfig(overrides: Pick<ConfigInput, 'edge' | 'turn'> = {}): ConfigInput {
  return {
    domain: DOMAIN,
    credentials: { secret: KM, pseudonymKey: 'attack-test-pseudonym-key' },
    edge: {
      listen: { addresses: [LOOPBACK], port: 0 },
      demoPage: false,
      core: { users: Object.entries(USERS).map(([name, password]) => ({ name, password })) },
      ...overrides.edge,
    },
    turn: {
      listeners: (['udp', 'tcp', 'tls'] as const).map((transport) => ({ transport, address: LOOPBACK, port: 0 })),
      relay: { addresses: [LOOPBACK] },
      dataPlane: DATA_PLANE,
      ...overrides.turn,
    },
  };
}

export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** A server in a child process. */
export class Victim {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #asked = 0;
  #exit: string | undefined;
  #stderr = '';
  #started: Started | undefined;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    process.on('message', (reply: Reply & { readonly id: number }) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    process.on('exit', (code, signal) => {
      this.#exit = `exited with ${code ?? signal ?? 'nothing'}: ${this.#stderr}`;
      for (const fail of this.#waiting.values()) fail({ failed: this.#exit });
    });
  }

  static async start(config: ConfigInput = victimConfig()): Promise<Victim> {
    const folder = mkdtempSync(join(tmpdir(), 'attack-'));
    const child = fork(await bundle(), { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const victim = new Victim(child, folder);
    const { started } = await victim.#ask({ do: 'start', config: { ...config, stateDir: folder } });
    victim.#started = started;
    return victim;
  }

  /** Why the process is gone, or `undefined` while it lives. */
  get exit(): string | undefined {
    return this.#exit;
  }

  get webSocketUrl(): string {
    const [https] = this.#started?.https ?? [];
    return `wss://${LOOPBACK}:${https?.port ?? 0}/`;
  }

  get https(): TransportAddress {
    return this.#started!.https[0]!;
  }

  turn(transport: 'udp' | 'tcp' | 'tls'): TransportAddress {
    return this.#started!.turn.find((listener) => listener.transport === transport)!;
  }

  /** With `collect` the garbage is collected first. */
  async status(collect = false): Promise<VictimStatus> {
    const { status } = await this.#ask({ do: 'status', collect });
    return status!;
  }

  /** The certificate to trust. */
  get ca(): string {
    return readFileSync(this.#started!.caFile, 'utf8');
  }

  /** Asks until `holds`, and returns the last status in any case. */
  async statusWhen(holds: (status: VictimStatus) => boolean, withinMs: number): Promise<VictimStatus> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const status = await this.status();
      if (holds(status) || Date.now() > deadline) return status;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async stop(): Promise<void> {
    if (this.#exit === undefined) {
      const gone = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(ask: AskWithoutId): Promise<Reply> {
    if (this.#exit !== undefined) return Promise.reject(new Error(this.#exit));
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the server process did not answer "${ask.do}" for ${ANSWER_MS} ms`));
      }, ANSWER_MS);
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer);
        if (reply.failed === undefined) resolve(reply);
        else reject(new Error(reply.failed));
      });
      this.#process.send({ ...ask, id });
    });
  }
}

type AskWithoutId = Ask extends infer Each ? (Each extends Ask ? Omit<Each, 'id'> : never) : never;

/** What the edge would hand out, minted here so that a test can choose when it ends. */
export function mintCredential(expiresAtSec: number, user = randomBytes(6).toString('hex')): Credential {
  const username = `${Math.floor(expiresAtSec)}:${user}`;
  return { username, password: createHmac('sha1', KM).update(username).digest('base64') };
}

/** Node 20 runs no TypeScript: each thread's script becomes one file, beside the packages that it imports. */
let bundled: Promise<string> | undefined;
function bundle(): Promise<string> {
  const outdir = fileURLToPath(new URL(`../../../node_modules/.cache/attack/${process.pid}`, import.meta.url));
  bundled ??= build({
    entryPoints: {
      victim: fileURLToPath(new URL('victim-process.ts', import.meta.url)),
      'shard-entry': fileURLToPath(new URL('../../../src/turn/dataplane/batch/shard-entry.ts', import.meta.url)),
    },
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
  }).then(() => {
    writeFileSync(join(outdir, 'package.json'), JSON.stringify({ type: 'module' }));
    process.once('exit', () => {
      rmSync(outdir, { recursive: true, force: true });
    });
    return join(outdir, 'victim.js');
  });
  return bundled;
}
