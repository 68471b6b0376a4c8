import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMAND = 'dist/cli/main.js';
const SECRET = 'the secret of the relay';

/** Loaded into the process of the command before that begins: a message ends the first thread that is made, and nothing else. */
export const THREAD_KILLER = `data:text/javascript,process.once('worker', (thread) => process.once('message', () => thread.terminate()))`;

export interface Serving {
  /** Resolves with the port of the UDP listener. */
  readonly started: Promise<number>;
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly log: string }>;
}

export interface ServeOptions {
  readonly settings?: readonly string[];
  readonly nodeArguments?: readonly string[];
  /** The most descriptors that the system grants. */
  readonly openFiles?: number;
}

/** Processes of the command `serve` with the data plane `batch`, without the edge. */
export class BatchProcesses {
  readonly #children: ChildProcess[] = [];
  readonly #base = mkdtempSync(join(tmpdir(), 'epcscf-turn-batch-'));

  /** Starts a relay with four threads. */
  serve(port: number, { settings = [], nodeArguments = [], openFiles }: ServeOptions = {}): Serving {
    const listeners = `turn.listeners=[{transport: udp, address: 127.0.0.1, port: ${port}}]`;
    const keys = ['edge.enabled=false', 'turn.dataPlane=batch', 'turn.shards=4', 'log.format=json', listeners];
    const set = [...keys, 'turn.relay.addresses=[127.0.0.1]', `credentials.secret=${SECRET}`, ...settings];
    const command = [process.execPath, ...nodeArguments, COMMAND, 'serve', ...set.flatMap((key) => ['--set', key])];
    const limited =
      openFiles === undefined ? command : ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command];
    const [program = '', ...args] = limited;
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, HOME: this.#base, XDG_STATE_HOME: this.#base },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#children.push(child);
    let log = '';
    const started = new Promise<number>((resolve) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        const found = /"listeners":\["udp 127\.0\.0\.1:(\d+)"\].*"dataPlane":"batch"/.exec(log);
        if (found) resolve(Number(found[1]));
      });
    });
    return { child, started, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, log })) };
  }

  /** Kills them as nothing else does: kill -9. */
  kill(): void {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
  }

  /** After `kill`. */
  remove(): void {
    rmSync(this.#base, { recursive: true });
  }
}

/** What a user of the relay logs in with. */
export function credentialOf(user: string): { readonly username: string; readonly password: string } {
  const username = `9999999999:${user}`;
  return { username, password: createHmac('sha1', SECRET).update(username).digest('base64') };
}
