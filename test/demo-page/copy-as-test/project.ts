import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const BUILT = 'dist/lab/start-lab.js';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of somebody else, with this package, as it was built, and what a written test imports besides. */
export class OtherProject implements Disposable {
  readonly #folder: string;

  constructor() {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
    this.#folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-copied-'));
    const modules = join(this.#folder, 'node_modules');
    const installed = join(modules, 'epcscf-turn');
    cpSync('dist', join(installed, 'dist'), { recursive: true });
    cpSync('package.json', join(installed, 'package.json'));
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of [...Object.keys(dependencies), 'jssip', 'vitest', '@roamhq/wrtc', '@types/node']) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(resolve('node_modules', name), join(modules, name), 'dir');
    }
    this.write('package.json', JSON.stringify({ name: 'a-wic', type: 'module', private: true }));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
  }

  /** Runs every `*.test.ts` there is; what went wrong in each, by file, `''` where nothing did. */
  async test(timeoutMs: number): Promise<Readonly<Record<string, string>>> {
    const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
    const options = ['--no-isolate', '--no-file-parallelism', '--reporter=json', '--outputFile=report.json'];
    const { stdout, stderr } = await this.#run([vitest, 'run', ...options], timeoutMs);
    const file = join(this.#folder, 'report.json');
    if (!existsSync(file)) throw new Error(`vitest made no report:\n${stdout}${stderr}`);
    const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const results = testResults.map(({ name, message, assertionResults }) => {
      const failures = assertionResults.flatMap(({ failureMessages }) => failureMessages).join('\n');
      return [name.slice(name.lastIndexOf('/') + 1), failures || message] as const;
    });
    return Object.fromEntries(results);
  }

  /** What a strict compiler says of the files. */
  async types(files: readonly string[]): Promise<string> {
    const flags = '--noEmit --strict --module nodenext --target es2023 --lib es2023,esnext.disposable,dom --types node';
    const command = [require.resolve('typescript/bin/tsc'), ...flags.split(' '), '--skipLibCheck', ...files];
    const { stdout, stderr } = await this.#run(command, 0);
    return stdout + stderr;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(command: readonly string[], timeout: number): Promise<Ended> {
    const env = { PATH: process.env.PATH, HOME: this.#folder, NO_COLOR: '1' };
    return run(process.execPath, command, { cwd: this.#folder, env, timeout }).catch(
      (error: unknown) => error as Ended,
    );
  }
}
