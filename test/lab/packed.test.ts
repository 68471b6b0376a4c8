import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
  for (const file of EXAMPLES) cpSync(join('examples/lab-vitest', file), join(project, file));
}, 60_000);
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Tests of examples/lab-vitest, which the guides show. */
const EXAMPLES = ['credential.test.ts', 'overload.test.ts', 'web-token.test.ts'];

/** What `command` prints, with a file of that text beside it where one is given. */
async function inProject(command: readonly string[], [file, text]: readonly string[] = []): Promise<string> {
  if (file !== undefined && text !== undefined) writeFileSync(join(project, file), text);
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
  it.each(EXAMPLES)('runs the example %s under vitest', async (file) => {
    const vitest = createRequire(import.meta.url).resolve('vitest/package.json');
    const output = await inProject([join(dirname(vitest), 'vitest.mjs'), 'run', file]);
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
    expect(await inProject(['plain.mjs'], ['plain.mjs', text])).toMatch(/pass 1\n/);
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
    expect(await inProject([tsc, ...flags, 'types.ts', ...EXAMPLES], ['types.ts', text])).toBe('');
  });
});
