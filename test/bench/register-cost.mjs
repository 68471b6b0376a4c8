import { readdirSync, readFileSync } from 'node:fs';
import { cpuMicros } from './process-cost.mjs';

/** A process and all that descend from it. */
export function processTree(pid) {
  return [
    pid,
    ...tasksOf(pid)
      .flatMap((task) => childrenOf(pid, task))
      .flatMap(processTree),
  ];
}

/** Run time in microseconds of all threads of all processes of a server. */
export function treeCpuMicros(pid) {
  return processTree(pid).reduce((sum, each) => sum + cpuMicros(each), 0);
}

/** Resident memory in KiB of all processes of a server; what several share counts once (PSS). */
export function treeResidentKib(pid) {
  return processTree(pid).reduce((sum, each) => {
    const pss = /^Pss:\s+(\d+)/m.exec(read(`/proc/${each}/smaps_rollup`));
    return sum + Number(pss?.[1] ?? 0);
  }, 0);
}

function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function childrenOf(pid, task) {
  return read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number);
}

/** Empty when the process has ended since it was listed. */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
