import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of a real program that tests talk to, or `undefined` with a loud line when it is not installed: use with `describe.skipIf`.
 * With REQUIRE_PEERS=1, as CI has it, a missing program is an error, so that nothing is skipped unseen.
 */
export function peer(program: string): string | undefined {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable);
  if (found) return found;
  tellMissing(program);
  return undefined;
}

/** The path of a Python that has a module, Debian's before others: as `peer`, when there is none. */
export function pythonWith(module: string): string | undefined {
  const found = ['/usr/bin/python3', 'python3'].find((python) => {
    try {
      execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (!found) tellMissing(`Python with ${module}`);
  return found;
}

/** The path of Kamailio, if it has modules that Debian packs apart: as `peer`, when one is missing. */
export function kamailioWith(...modules: readonly string[]): string | undefined {
  const kamailio = peer('kamailio');
  if (!kamailio) return undefined;
  const folders = readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder, 'kamailio/modules'));
  const missing = modules.find((name) => !folders.some((folder) => existsSync(join(folder, `${name}.so`))));
  if (missing === undefined) return kamailio;
  tellMissing(`Kamailio with ${missing}`);
  return undefined;
}

function tellMissing(what: string): void {
  const text = `${what} is not installed: test/peers/install.sh installs it`;
  if (process.env.REQUIRE_PEERS === '1') throw new Error(text);
  console.warn(`\n*** SKIPPED: ${text} ***\n`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Outcome {
  readonly exitCode: number;
  /** stdout and stderr. */
  readonly output: string;
}

/** Runs a program to its end, or kills it after `timeoutMs`. */
export function run(program: string, args: readonly string[], timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const exitCode = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
        resolve({ exitCode, output: stdout + stderr });
      },
    );
  });
}

export interface Daemon {
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a program that runs until it is stopped. */
export function daemon(program: string, args: readonly string[]): Daemon {
  const child = spawn(program, args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  return {
    process: child,
    stop: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}
