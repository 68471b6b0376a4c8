import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSystemCalls } from '../../src/turn/kernel/system-calls.ts';

const COMMAND = 'dist/cli/main.js';
/** Loaded into the process of the command before that begins: a message ends the first thread that is made, and nothing else. */
const THREAD_KILLER = `data:text/javascript,process.once('worker', (thread) => process.once('message', () => thread.terminate()))`;

let base: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: npm run build`);
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-batch-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

interface Serving {
  /** Resolves with the port of the UDP listener. */
  readonly started: Promise<number>;
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly log: string }>;
}

interface LogLine {
  readonly msg: string;
}

/** Runs a relay alone with four threads. */
function serve(port: number, nodeArguments: readonly string[] = []): Serving {
  const listeners = `turn.listeners=[{transport: udp, address: 127.0.0.1, port: ${port}}]`;
  const keys = ['edge.enabled=false', 'turn.dataPlane=batch', 'turn.shards=4', 'log.format=json', listeners];
  const child = spawn(
    process.execPath,
    [...nodeArguments, COMMAND, 'serve', ...keys.flatMap((key) => ['--set', key])],
    {
      env: { PATH: process.env.PATH, HOME: base, XDG_STATE_HOME: base },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  children.push(child);
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

describe.runIf(loadSystemCalls().ok)('epcscf-turn serve with the data plane batch', () => {
  it('a second process takes no clients of the first: it ends with 1, and names the key', async () => {
    const port = await serve(0).started;
    const { code, log } = await serve(port).ended;
    expect(log).toMatch(/in use.*turn\.listeners/s);
    expect(code).toBe(1);
  });

  it('of two that start at once on a port, one serves', async () => {
    const { started, ended } = serve(0);
    const port = await started;
    children.splice(0).forEach((child) => child.kill('SIGKILL'));
    await ended;
    const both = [serve(port), serve(port)];
    const refused = await Promise.race(both.map(({ ended: end }, i) => end.then(({ code }) => ({ code, i }))));
    expect(refused.code).toBe(1);
    expect(await both[1 - refused.i]?.started).toBe(port);
  });

  it('ends in order and with 1 when one of its threads dies, and the log says so', async () => {
    const { child, started, ended } = serve(0, ['--import', THREAD_KILLER]);
    await started;
    child.send('now');
    const { code, log } = await ended;
    const messages = log.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as LogLine).msg]));
    expect(messages.slice(-2)).toEqual(['the data plane of the TURN server has failed', 'TURN server stopped']);
    expect(log).toContain('a thread of the data plane ended with code 1');
    expect(code).toBe(1);
  });
});
