import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DATA_PLANE } from '../support/data-plane.ts';

const COMMAND = 'dist/cli/main.js';
const START_TIMEOUT_MS = 10_000;

/** The line that `serve --json` prints. */
export interface Ready {
  readonly page: string;
  readonly webSocket: string;
  readonly turnUris: readonly string[];
  readonly turn: readonly { transport: string; address: string; port: number }[];
  readonly realm: string;
  readonly stateDir: string;
  readonly users: readonly { name: string; password: string }[];
}

export interface ServerProcess {
  readonly ready: Ready;
  /** Km as the state folder holds it. */
  readonly km: string;
  /** What was logged so far. */
  log(): string;
  /** Sends SIGINT, which drains nothing; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** The built command on ports of the system's choice, in a state folder of its own. */
export async function startServerProcess(
  settings: readonly string[] = [],
  options: readonly string[] = [],
): Promise<ServerProcess> {
  const stateDir = mkdtempSync(join(tmpdir(), 'epcscf-turn-e2e-'));
  const listeners = ['udp', 'tcp', 'tls'].map((transport) => `{transport: ${transport}, address: 127.0.0.1, port: 0}`);
  const assignments = [
    `stateDir=${stateDir}`,
    'edge.listen.port=0',
    `turn.listeners=[${listeners.join(', ')}]`,
    `turn.dataPlane=${DATA_PLANE}`,
    'log.format=json',
    ...settings,
  ];
  const flags = [...options, ...assignments.flatMap((assignment) => ['--set', assignment])];
  const child = spawn(process.execPath, [COMMAND, 'serve', '--json', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    const ready = JSON.parse(await firstLine(child)) as Ready;
    return {
      ready,
      km: readFileSync(join(stateDir, 'km.key'), 'utf8').trim(),
      log: () => log,
      async stop() {
        child.kill('SIGINT');
        const code = await exited;
        rmSync(stateDir, { recursive: true, force: true });
        return code;
      },
    };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`${COMMAND} did not get ready (is it built? npm run build): ${log}`, { cause });
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('timeout'));
    }, START_TIMEOUT_MS);
    child.once('exit', (code) => {
      reject(new Error(`exit code ${code ?? 'none'}`));
    });
    if (!child.stdout) throw new Error('no standard output');
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
  });
}
