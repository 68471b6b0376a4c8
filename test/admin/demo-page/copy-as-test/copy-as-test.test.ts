import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { check } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORIES } from './stories.ts';
import { Tape } from './tape.ts';

const run = promisify(execFile);
const BUILT = 'dist/lab/start-lab.js';
const ALL_MS = 280_000;
const names = Object.keys(STORIES);
const texts = names.map((name) => STORIES[name]!.test());

/** A project of its own, with this package by its name and what a written test imports besides. */
function createProject(): string {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
  const project = mkdtempSync(join(tmpdir(), 'epcscf-turn-copied-'));
  const link = (name: string, target: string): void => {
    const path = join(project, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, 'dir');
  };
  const installed = join(project, 'node_modules', 'epcscf-turn');
  cpSync('dist', join(installed, 'dist'), { recursive: true });
  cpSync('package.json', join(installed, 'package.json'));
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), 'jssip', 'vitest', '@roamhq/wrtc', '@types/node']) {
    link(name, resolve('node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'a-wic', type: 'module', private: true }));
  return project;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

describe('a test that the page wrote', () => {
  let project: string;
  const files = names.map((_, place) => `story-${place}.test.ts`);

  beforeAll(() => {
    project = createProject();
    for (const [place, file] of files.entries()) writeFileSync(join(project, file), texts[place]!);
  });
  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it('passes, whatever the story', { timeout: ALL_MS + 20_000 }, async () => {
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const options = ['--no-isolate', '--no-file-parallelism', '--reporter=json', '--outputFile=report.json'];
    const environment = { PATH: process.env.PATH, HOME: project, NO_COLOR: '1' };
    const ended = await run(process.execPath, [vitest, 'run', ...options], {
      cwd: project,
      env: environment,
      timeout: ALL_MS,
    }).catch((error: unknown) => error as { stdout: string; stderr: string });
    expect(existsSync(join(project, 'report.json')), ended.stdout + ended.stderr).toBe(true);
    const report = JSON.parse(readFileSync(join(project, 'report.json'), 'utf8')) as Report;
    const results = report.testResults.map(({ name, message, assertionResults }) => {
      const story = names[files.findIndex((file) => name.endsWith(`/${file}`))];
      return [story, assertionResults.flatMap(({ failureMessages }) => failureMessages).join('\n') || message];
    });
    expect(Object.fromEntries(results)).toEqual(Object.fromEntries(names.map((name) => [name, ''])));
  });

  it('has types that a strict project takes', { timeout: 120_000 }, async () => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const flags = '--noEmit --strict --module nodenext --target es2023 --lib es2023,esnext.disposable,dom --types node';
    const ended = await run(process.execPath, [tsc, ...flags.split(' '), '--skipLibCheck', ...files], {
      cwd: project,
    }).catch((error: unknown) => error as { stdout: string; stderr: string });
    expect(ended.stdout + ended.stderr).toBe('');
  });
});

describe('the text of a written test', () => {
  it.each(names.map((name, place) => [name, place] as const))('is formatted: %s', async (_, place) => {
    expect(await check(texts[place]!, { parser: 'typescript', singleQuote: true, printWidth: 120 })).toBe(true);
  });

  it('is the whole of a short story, and no more', () => {
    expect(new Tape().registers('alice').test()).toMatchInlineSnapshot(`
      "import { once } from 'node:events';
      import JsSIP from 'jssip';
      import { startLab, type Lab } from 'epcscf-turn/testing';
      import { expect, it, onTestFinished } from 'vitest';

      function createAgent(lab: Lab, account: { uri: string; password: string }): JsSIP.UA {
        const agent = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(lab.webSocket), ...account });
        agent.registrator().setExtraHeaders(['TURN-Cred-Req: turn']);
        onTestFinished(() => agent.stop());
        return agent;
      }

      it('alice registers', async () => {
        await using lab = await startLab({ users: ['alice'] });
        Object.assign(globalThis, { WebSocket: lab.WebSocket });

        const alice = createAgent(lab, lab.users.alice);
        alice.start();
        const [aliceRegistered] = await once(alice, 'registered');
        await lab.waitFor('registered', ({ user }) => user === 'alice');
        expect(aliceRegistered.response.getHeader('TURN-Lifetime')).toMatch(/^\\d+$/);
        expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
      }, 60_000);
      "
    `);
  });

  it('imports WebRTC for Node only for a call, and the helper only for a refresh', () => {
    const called = new Tape().registers('alice').calls('alice', 'busy', 486).test();
    const refreshed = new Tape()
      .registers('alice')
      .did('alice', 'refresh')
      .answer('alice', 'OPTIONS', 200, 'given')
      .test();
    expect(called).toContain(`from '@roamhq/wrtc'`);
    expect(called).not.toContain('epcscf-turn/wic');
    expect(refreshed).not.toContain('@roamhq/wrtc');
    expect(refreshed).toContain(`from 'epcscf-turn/wic'`);
  });

  it('keeps a fault where it was in the order of things', () => {
    const text = new Tape()
      .registers('alice')
      .did('alice', 'fault', { request: { kind: 'turn-answer', code: 486, user: 'alice' } })
      .did('alice', 'unregister')
      .test();
    const order = [`once(alice, 'registered')`, `code: 486`, `alice.stop();\n  await`].map((part) =>
      text.indexOf(part),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  it('never lets a name or a number out of its literal', async () => {
    const hostile = `x'; process.exit(1); //\`\${1}\\`;
    const text = new Tape()
      .registers(hostile)
      .calls(hostile, `a\`\${process.exit(1)}\\`, 486)
      .did('', 'fault', { request: { kind: 'sip-wrong-realm', realm: hostile } })
      .did('constructor', 'register')
      .test([hostile, 'constructor']);
    expect(await check(text, { parser: 'typescript', singleQuote: true, printWidth: 120 })).toEqual(
      expect.any(Boolean),
    );
    // Whatever is left of the text without its literals and comments says nothing of an exit.
    const code = text
      .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.|\$\{lab\.domain\})*`/g, '')
      .replace(/\/\/.*/g, '');
    expect(code).not.toContain('exit');
  });

  it('of nothing at all starts a lab', () => {
    expect(new Tape().test()).toContain(`it('starts a lab'`);
  });
});
