import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOMAIN, ORIGIN, PASSWORD } from './register-servers.mjs';

const OWN_LOAD = fileURLToPath(new URL('load-register-node.mjs', import.meta.url));
const CONCURRENCY = 20;

/** The load of this repository, or that of the external generator at `program`: both take the same arguments (see README.md). */
export function registerLoad(program) {
  const command = program === undefined ? [process.execPath, OWN_LOAD] : [program];
  const run = async ({ host, port, pid }, args) => {
    const all = {
      ...{ host, port, pid, tls: 1, domain: DOMAIN, user: 'load%d', password: PASSWORD, origin: ORIGIN },
      ...{ header: 'TURN-Cred-Req: turn', expect: 'TURN-Username', concurrency: CONCURRENCY, window: CONCURRENCY },
      ...args,
    };
    const [file, ...first] = command;
    const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const { stdout } = await promisify(execFile)(file, [...first, ...options]);
    const result = JSON.parse(stdout.trim().split('\n').at(-1));
    const failed = Object.entries(result.errors).map(([what, count]) => `${count} × ${what}`);
    if (failed.length > 0) throw new Error(`the load on port ${port} met errors: ${failed.join(', ')}`);
    return result;
  };
  return {
    name: program ?? 'test/bench/load-register-node.mjs',

    /** Registrations over and over on connections that stay open. */
    async cycle(server, { connections, seconds }) {
      const { steady } = await run(server, { n: connections, seconds });
      return { cpuMicrosPerCycle: steady.serverCpuMsPerRegistration * 1000, perSec: steady.perSecond };
    },

    /** Each connection registers once in an interval, at times that are fixed beforehand. Latency counts from those. */
    async paced(server, { connections, seconds, intervalMs }) {
      const { steady } = await run(server, { n: connections, seconds, interval: Math.max(1, Math.round(intervalMs)) });
      return { p99Ms: steady.p99Ms };
    },

    async connect(server, { connections }) {
      const { ramp } = await run(server, { n: connections, seconds: 0 });
      return { cpuMicrosPerConnect: ramp.serverCpuMsPerConnectAndRegister * 1000, perSec: ramp.perSecond };
    },

    async hold(server, { connections }) {
      const { memory } = await run(server, { n: connections, seconds: 0, hold: 2 });
      return { kibPerConnection: memory.pssKiBPerConnection };
    },
  };
}
