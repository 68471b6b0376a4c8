import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SECRET } from './turn-servers.mjs';

/** The load of an external generator, whose path TURNLOAD holds. See README.md for what it must understand. */
export function externalLoad(program) {
  const run = async (mode, { host, port, pid }, args) => {
    const common = ['--server', `${host}:${port}`, '--secret', SECRET, '--pid', String(pid)];
    const { stdout } = await promisify(execFile)(program, [mode, ...common, ...args.map(String)]);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  };
  return {
    name: program,
    async relay(server, { flows, size, seconds }) {
      const result = await run('relay', server, ['-n', flows, '--size', size, '--secs', seconds]);
      return { cpuMicrosPerPacket: result.cpu_us_per_pkt, packetsPerSec: result.pps, lossPercent: result.loss_pct };
    },
    async allocate(server, { count, concurrency }) {
      const result = await run('alloc', server, ['-n', count, '-c', concurrency]);
      return { cpuMicrosPerAllocate: result.server_cpu_us_per_alloc, perSec: result.alloc_per_s };
    },
    async hold(server, { count }) {
      const result = await run('hold', server, ['-n', count]);
      return { kibPerAllocation: result.kb_per_alloc };
    },
  };
}
