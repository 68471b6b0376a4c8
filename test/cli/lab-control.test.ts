import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UA, WebSocketInterface } from 'jssip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustingWebSocket } from '../../src/lab/trusting-web-socket.ts';
import { exampleOf } from '../docs/example.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { peer } from '../peers/peers.ts';

const run = promisify(execFile);
const COMMAND = 'dist/cli/main.js';
const EPHEMERAL = [
  '--set',
  'edge.listen.port=0',
  '--set',
  'turn.listeners=[{transport: udp, address: 127.0.0.1, port: 0}]',
  '--set',
  'log.level=warn',
];

interface Ready {
  readonly lab?: string;
  readonly caFile: string;
  readonly webSocket: string;
  readonly users: readonly { name: string; password: string }[];
}

let base: string;
const children = new Set<ChildProcess>();
beforeAll(() => {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: npm run build`);
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-lab-control-'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(base, { recursive: true });
});

function start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, 'serve', ...EPHEMERAL, ...args], {
    env: { PATH: process.env.PATH, HOME: base, XDG_STATE_HOME: base, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** What it prints until it ends by itself. */
async function toTheEnd(args: readonly string[], environment?: Record<string, string>) {
  const child = start(args, environment);
  let [stdout, stderr] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** A server whose first output `matches`, and a function that stops it and tells its exit code. */
async function serve(args: readonly string[], matches: RegExp, environment?: Record<string, string>) {
  const child = start(args, environment);
  let [stdout, stderr] = ['', ''];
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise<void>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (matches.test(stdout)) resolve();
    });
    child.once('close', () => {
      reject(new Error(`it ended: ${stdout}${stderr}`));
    });
  });
  const stop = (): Promise<number | null> =>
    new Promise((resolve) => {
      child.once('close', resolve);
      child.kill('SIGTERM');
    });
  return { stdout, stop };
}

async function serveReady(args: readonly string[], environment?: Record<string, string>) {
  const { stdout, stop } = await serve(['--json', ...args], /\n/, environment);
  return { ready: JSON.parse(stdout) as Ready, stop };
}

function curl(ready: Ready, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run('curl', ['-sS', '--max-time', '20', '--cacert', ready.caFile, ...args]);
}

const hasCurl = peer('curl') !== undefined;

describe.skipIf(!hasCurl)('epcscf-turn serve --lab-control, asked by curl', () => {
  it('tells a page of no users that a configuration names', async () => {
    const { ready, stop } = await serveReady([
      '--lab-control',
      '--set',
      'edge.core.users=[{name: carol, password: hers}]',
    ]);
    const page = ready.webSocket.replace('wss:', 'https:');
    const setup: unknown = JSON.parse((await curl(ready, new URL('setup.json', page).href)).stdout);
    expect(setup).toEqual({ domain: 'localhost', approach: 'shared-key', path: '/', lab: '/lab' });
    expect(await stop()).toBe(0);
  });

  it('does what the guide says from a shell, while JsSIP registers', async () => {
    const [setting, ...commands] = exampleOf('docs/guide/lab-http.md', 'curl').split('\n');
    expect(setting).toMatch(/^LAB=https:\/\/localhost:8443\/lab CA=~\/\.local\/state\/epcscf-turn\/ca\.pem$/);
    const { ready, stop } = await serveReady(['--lab-control']);
    installBrowserGlobals();
    Object.assign(globalThis, { WebSocket: trustingWebSocket(readFileSync(ready.caFile, 'utf8')) });
    const { password } = ready.users.find(({ name }) => name === 'alice')!;
    const sockets = new WebSocketInterface(ready.webSocket);
    const agent = new UA({ sockets, uri: 'sip:alice@localhost', password });
    agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
    const script = ['set -eu', `LAB=${ready.lab!} CA=${ready.caFile}`, ...commands.map((line) => `${line}\necho`)];
    const told = run('bash', ['-c', script.join('\n')], { timeout: 60_000 });
    agent.start();
    const lines = (await told).stdout.split('\n').filter((line) => line !== '');
    agent.stop();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { domain: 'localhost', users: [{ name: 'alice', password }, { name: 'bob' }, { name: 'echo' }] },
      { type: 'registered', user: 'alice' },
      { granted: true },
      { granted: false, code: 401 },
      { type: 'authentication-refused', user: 'alice', cause: 'expired' },
      { kind: 'turn-answer', code: 486, user: 'alice', times: 1, fired: 0, active: true },
      { granted: false, code: 486 },
      { events: [{ type: 'registered' }, { type: 'fault-fired' }] },
    ]);
    expect(await stop()).toBe(0);
  });

  it('follows events with curl, and stops though somebody follows', async () => {
    const { ready, stop } = await serveReady(['--lab-control']);
    const follower = spawn('curl', ['-sSN', '--cacert', ready.caFile, `${ready.lab!}/events/stream`]);
    children.add(follower);
    let text = '';
    const heard = new Promise<void>((resolve) => {
      follower.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.includes('"fault-ended"')) resolve();
      });
    });
    const ended = new Promise((resolve) => follower.once('close', resolve));
    await curl(ready, `${ready.lab!}/faults`, '-d', '{"kind":"flow-cut"}');
    await heard;
    expect(text).toMatch(/^id: \d+\ndata: \{"seq":\d+,/m);
    expect(await stop()).toBe(0);
    await ended;
  });

  it('names its address and its document in the banner, and nothing of the kind without the flag', async () => {
    const open = await serve(['--lab-control'], /Ctrl-C/);
    expect(open.stdout).toMatch(
      /Lab control https:\/\/localhost:(\d+)\/lab\n +https:\/\/localhost:\1\/lab\/openapi\.json\n/,
    );
    expect(await open.stop()).toBe(0);
    const { ready, stop } = await serveReady([]);
    expect(ready).not.toHaveProperty('lab');
    const shut = `${ready.webSocket.replace('wss', 'https')}lab`;
    const { stdout } = await curl(ready, '-w', '%{http_code}', shut);
    expect(stdout).toBe('not found\n404');
    expect(await stop()).toBe(0);
  });

  it('asks everybody for the token of the file, or of the environment', async () => {
    const file = join(base, 'token');
    const token = 'a-token-of-24-characters';
    writeFileSync(file, `${token}\n`);
    const given: [string[], Record<string, string>][] = [
      [['--lab-token-file', file], {}],
      [[], { EPCSCF_LAB_TOKEN: token }],
    ];
    for (const [args, environment] of given) {
      const { ready, stop } = await serveReady(['--lab-control', ...args], environment);
      const status = ['-o', '/dev/null', '-w', '%{http_code}', ready.lab!];
      expect((await curl(ready, ...status)).stdout).toBe('401');
      expect((await curl(ready, '-H', `Authorization: Bearer ${token}`, ...status)).stdout).toBe('200');
      expect(await stop()).toBe(0);
    }
  });
});

describe('epcscf-turn serve --lab-control', () => {
  it('starts on an address that others reach only with a token', async () => {
    const open = ['--lab-control', '--set', 'edge.listen.addresses=0.0.0.0'];
    expect(await toTheEnd(open)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        '--lab-control: others reach the edge by way of 0.0.0.0; name a --lab-token-file, or listen on 127.0.0.1 only\n',
    });
  });

  it.each<[string, string[], RegExp, Record<string, string>?]>([
    [
      'a token that is too short',
      ['--lab-control'],
      /^EPCSCF_LAB_TOKEN: expected at least 16 characters, got 5\n$/,
      { EPCSCF_LAB_TOKEN: 'short' },
    ],
    [
      'a token with a space',
      ['--lab-control'],
      /^EPCSCF_LAB_TOKEN: expected one line of printable ASCII/,
      { EPCSCF_LAB_TOKEN: 'sixteen characters' },
    ],
    [
      'a file that is not there',
      ['--lab-control', '--lab-token-file', '/nonexistent'],
      /^--lab-token-file: cannot read \/nonexistent \(ENOENT\)/,
    ],
    [
      'a token for nothing',
      ['--lab-token-file', '/etc/hostname'],
      /^--lab-token-file: expected --lab-control with it\n$/,
    ],
    [
      'no edge to carry it',
      ['--lab-control', '--set', 'edge.enabled=false'],
      /^--lab-control: expected edge\.enabled: true/,
    ],
  ])('ends with 2 and one line for %s', async (_what, args, line, environment) => {
    const { code, stdout, stderr } = await toTheEnd(args, environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('leaves a token in the environment alone when it is not asked for', async () => {
    const { ready, stop } = await serveReady([], { EPCSCF_LAB_TOKEN: 'short' });
    expect(ready).not.toHaveProperty('lab');
    expect(await stop()).toBe(0);
  });
});
