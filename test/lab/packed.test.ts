import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleOf } from '../docs/example.ts';

/*
 * The package as others get it: packed, unpacked in a project elsewhere, used by its name. Dependencies are linked from here, so that no
 * registry is asked.
 */

const run = promisify(execFile);
const BUILT = 'dist/lab/start-lab.js';
const HERE = resolve('node_modules');
/** A compiler on a busy machine takes its time. */
const RUN_MS = 50_000;

let project: string;

beforeAll(async () => {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
  project = mkdtempSync(join(tmpdir(), 'epcscf-turn-packed-'));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const installed = join(project, 'node_modules', 'epcscf-turn');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), 'jssip', 'vitest', '@types/node']) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(HERE, name), link, 'dir');
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'a-wic', type: 'module', private: true }));
}, 60_000);
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

const PAGES = { testing: 'docs/guide/testing.md', faults: 'docs/guide/faults.md' } as const;

function example(name: keyof typeof PAGES): string {
  return exampleOf(PAGES[name], name);
}

async function inProject(file: string, text: string, command: readonly string[]): Promise<string> {
  writeFileSync(join(project, file), text);
  const environment = { PATH: process.env.PATH, HOME: project, NO_COLOR: '1' };
  const { stdout, stderr } = await run(process.execPath, command, {
    cwd: project,
    env: environment,
    timeout: RUN_MS,
  }).catch((error: unknown) => {
    const { stdout: out = '', stderr: err = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command.join(' ')} failed:\n${out}${err}`);
  });
  return stdout + stderr;
}

describe('the packed library in a project of its own', { timeout: 60_000 }, () => {
  it.each(['testing', 'faults'] as const)('runs the test of the guide about %s under vitest', async (name) => {
    const vitest = createRequire(import.meta.url).resolve('vitest/package.json');
    const file = `${name}.test.ts`;
    const output = await inProject(file, example(name), [join(dirname(vitest), 'vitest.mjs'), 'run', file]);
    expect(output).toMatch(/Tests\s+1 passed/);
  });

  it('runs under node:test, leaves the process free to end, and the home of its user alone', async () => {
    const text = `
      import assert from 'node:assert/strict';
      import { it } from 'node:test';
      import { startLab } from 'epcscf-turn/testing';

      it('refuses an expired credential', async () => {
        const lab = await startLab();
        try {
          assert.equal((await lab.tryAllocate(lab.mint('alice'))).granted, true);
          assert.equal((await lab.tryAllocate(lab.mint('alice', { expired: true }))).code, 401);
          await lab.waitFor('authentication-refused', ({ cause }) => cause === 'expired');
        } finally {
          await lab.stop();
        }
      });
    `;
    // Without --test nothing ends the process but the lack of anything to do.
    expect(await inProject('plain.mjs', text, ['plain.mjs'])).toMatch(/pass 1\n/);
    expect(existsSync(join(project, '.local'))).toBe(false);
  });

  it('has types that a strict project takes', async () => {
    const text = `
      import { startLab, type Lab, type LabEvent } from 'epcscf-turn/testing';

      const lab = await startLab({ users: ['alice', 'carol'], config: { turn: { quota: { perUser: 1 } } } });
      const known: Lab<'alice' | 'carol'> = lab;
      const password: string = known.users.carol.password;
      const event: LabEvent<'allocation-created'> = await lab.waitFor('allocation-created', (e) => e.user === 'alice');
      const lifetimeSec: number = event.lifetimeSec;
      // @ts-expect-error nobody of that name
      lab.mint('dave');
      // @ts-expect-error no event of that name
      await lab.waitFor('registred');
      await lab.stop();
      export { password, lifetimeSec };
    `;
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--skipLibCheck',
    ];
    // What JsSIP's own declarations lack is not ours to check.
    writeFileSync(join(project, 'example.ts'), example('testing'));
    writeFileSync(join(project, 'faults.ts'), example('faults'));
    expect(await inProject('types.ts', text, [tsc, ...flags, 'types.ts', 'example.ts', 'faults.ts'])).toBe('');
  });
});
