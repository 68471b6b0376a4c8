import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SECRET } from './turn-servers.mjs';

const OWN_LOAD = fileURLToPath(new URL('turn-load/main.mjs', import.meta.url));

/** The load of this repository, or that of the external generator at `program`: both take the same arguments (see README.md). */
export function turnLoad(program) {
  const [file, ...first] = program === undefined ? [process.execPath, OWN_LOAD] : [program];
  return {
    name: program ?? 'test/bench/turn-load',
    /** What it prints. `options`: `{ n: 50, rate: 20000, pairs: true }` is `-n 50 --rate 20000 --pairs`. */
    async run(mode, { host, port, tlsPort, pid }, options) {
      const args = Object.entries(options).flatMap(([name, value]) => {
        const flag = `${name.length === 1 ? '-' : '--'}${name}`;
        return value === true ? [flag] : [flag, String(value)];
      });
      const address = `${host}:${options.tls ? tlsPort : port}`;
      const common = [mode, '--server', address, '--secret', SECRET, '--pid', String(pid)];
      const { stdout } = await promisify(execFile)(file, [...first, ...common, ...args]);
      return JSON.parse(stdout.trim().split('\n').at(-1));
    },
  };
}
