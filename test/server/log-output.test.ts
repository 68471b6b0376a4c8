import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const LINES = 500;

/** Each way for a process to end, after it has logged its lines. */
const WAYS = {
  'has nothing left to do': ``,
  'asks for its end': `process.exit(3);`,
  'throws where nobody catches': `throw new Error('nobody catches this');`,
  'rejects where nobody catches': `void Promise.reject(new Error('nobody catches this'));`,
  'stops on SIGTERM': `process.on('SIGTERM', () => { log('stopping'); process.exit(0); }); setInterval(() => 0, 1000);
    setTimeout(() => { log('more'); process.kill(process.pid, 'SIGTERM'); }, 10);`,
  'ends by a signal to itself': `endLog(); process.kill(process.pid, 'SIGHUP');`,
  'reports a failure': `process.exit(reportFailure(new Error('a failure of the start')));`,
} as const;

let folder: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-log-'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A program that logs, and then does what `body` says. */
async function program(name: string, body: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const contents = `
    import { createLogger } from './src/server/logger.ts';
    import { endLog } from './src/server/log-output.ts';
    import { reportFailure } from './src/cli/exit.ts';
    const logger = await createLogger({ log: { level: 'info', format: 'json' } });
    const log = (message) => logger.info({}, message);
    ${body}`;
  await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pino-pretty'],
    // pino is CommonJS and asks for require.
    banner: { js: `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);` },
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

function start(file: string, standardError: 'pipe' | number): ChildProcess {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', standardError] });
  children.push(child);
  return child;
}

interface Line {
  readonly msg: string;
  readonly lines?: number;
}

/** The lines of the log within what was printed, in their order. */
function logged(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line) as Line);
}

function numbers(lines: readonly Line[]): number[] {
  return lines.map(({ msg }) => Number(/^line (\d+)/.exec(msg)?.[1] ?? -1)).filter((number) => number >= 0);
}

const ALL = Array.from({ length: LINES }, (_, i) => i);
const LOG_ALL = `for (let i = 0; i < ${LINES}; i++) log('line ' + i);`;

describe('the log of a process', () => {
  it.each(Object.entries(WAYS))('loses no line and keeps their order when it %s', async (name, body) => {
    const file = await program(name.replaceAll(' ', '-'), `${LOG_ALL}\n${body}`);
    const log = join(folder, 'log.txt');
    await once(start(file, openSync(log, 'w')), 'close');
    expect(numbers(logged(readFileSync(log, 'utf8')))).toEqual(ALL);

    const child = start(file, 'pipe');
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(child, 'close');
    expect(numbers(logged(text))).toEqual(ALL);
  });

  it('has what was logged before the words about a failure', async () => {
    for (const name of ['throws where nobody catches', 'reports a failure'] as const) {
      const file = await program('words', `${LOG_ALL}\n${WAYS[name]}`);
      const log = join(folder, 'words.txt');
      await once(start(file, openSync(log, 'w')), 'close');
      const text = readFileSync(log, 'utf8');
      expect(text.indexOf(`"line ${LINES - 1}"`)).toBeLessThan(text.search(/nobody catches|a failure of/));
    }
  });

  it('reaches a reader whole who is slower than the process that ends', async () => {
    const file = await program('slow', `for (let i = 0; i < 4 * ${LINES}; i++) log('line ' + i + '.'.repeat(200));`);
    const child = start(file, 'pipe');
    await new Promise((resolve) => setTimeout(resolve, 300));
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(child, 'close');
    expect(numbers(logged(text))).toEqual(Array.from({ length: 4 * LINES }, (_, i) => i));
  });

  it('keeps neither the event loop nor the memory while nobody reads it, and then tells how many lines were dropped', async () => {
    const count = 20_000;
    const file = await program(
      'unread',
      `
      for (let turn = 0, i = 0; i < ${count}; turn++) {
        for (let k = 0; k < 100; k++, i++) log('line ' + i + '.'.repeat(500));
        await new Promise(setImmediate);
      }
      console.log('turns');
      process.on('SIGTERM', () => { log('last'); process.exit(0); });
      setInterval(() => 0, 1000);`,
    );
    const child = start(file, 'pipe');
    // The child goes on while nobody reads.
    await once(child.stdout ?? child, 'data');
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await expect.poll(() => text.includes('lines of the log were dropped')).toBe(true);
    child.kill('SIGTERM');
    await once(child, 'close');

    const lines = logged(text);
    const written = numbers(lines);
    expect(written).toEqual(written.map((_, i) => i));
    expect(text.length).toBeLessThan(2_000_000);
    const told = lines.find(({ msg }) => msg.includes('were dropped'));
    expect(told?.lines).toBe(count - written.length);
    expect(lines.at(-1)?.msg).toBe('last');
  });

  it('ends with its process though nobody reads it', async () => {
    const file = await program('deaf', `for (let i = 0; i < 2_000; i++) log('.'.repeat(500)); process.exit(0);`);
    const [code] = (await once(start(file, 'pipe'), 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('is given up by a process whose reader is gone, which goes on', async () => {
    const file = await program(
      'gone',
      `setInterval(() => log('nobody'), 5); process.on('SIGTERM', () => process.exit(0)); console.log('up');
      setTimeout(() => console.log('going on'), 200);`,
    );
    const child = start(file, 'pipe');
    child.stderr?.destroy();
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
    await expect.poll(() => text).toContain('going on');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('formats nothing of a line whose level is off', async () => {
    const file = await program(
      'off',
      `logger.debug({ get field() { throw new Error('read'); } }, 'off'); log('line 0');`,
    );
    const log = join(folder, 'off.txt');
    await once(start(file, openSync(log, 'w')), 'close');
    expect(numbers(logged(readFileSync(log, 'utf8')))).toEqual([0]);
  });
});
