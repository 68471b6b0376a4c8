import { readdirSync, readFileSync } from 'node:fs';

/** Run time of all threads of a process in microseconds: what the scheduler charged it, so no tick rounding. */
export function cpuMicros(pid) {
  let nanos = 0n;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanos += BigInt(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended between the two reads.
    }
  }
  return Number(nanos / 1000n);
}

/** Resident memory in KiB. */
export function residentKib(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.floor(sorted.length / 2)];
}
