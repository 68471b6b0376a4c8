// What REGISTER and calls cost our edge, with the core inside and outside, beside Kamailio put together for the same. See README.md.
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { startOursBeforeCore } from './ims-core.mjs';
import { callLoad } from './load-call.mjs';
import { registerLoad } from './load-register.mjs';
import { median } from './process-cost.mjs';
import { startKamailio, startOurs } from './register-servers.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    pairs: { type: 'string', default: '20' },
  },
});
const [rounds, seconds, pairs] = [values.rounds, values.seconds, values.pairs].map(Number);
const CYCLING_CONNECTIONS = 100;
const users = Math.max(CYCLING_CONNECTIONS, 2 * pairs);
const load = registerLoad(process.env.WSSLOAD);

const kinds = [
  ['core inside', () => startOurs({ users })],
  ['core outside, UDP', () => startOursBeforeCore({ users, transport: 'udp' })],
  ['core outside, TCP', () => startOursBeforeCore({ users, transport: 'tcp' })],
  ['Kamailio', () => startKamailio({ users })],
];
const cases = [
  {
    title: `CPU µs per REGISTER cycle, ${CYCLING_CONNECTIONS} connections held`,
    run: async (server) => (await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds })).cpuMicrosPerCycle,
  },
  {
    title: 'CPU µs per call (INVITE, 180, 200, ACK, BYE, 200)',
    run: async (server) => (await callLoad(server, { pairs, seconds })).cpuMicrosPerDialog,
  },
];

const servers = [];
const rows = [];
try {
  for (const [name, starter] of kinds) servers.push([name, await starter()]);
  const missing = servers.filter(([, server]) => !server).map(([name]) => name);
  if (missing.length > 0) console.error(`NOT MEASURED, did not start: ${missing.join('; ')}`);
  // Code that is compiled while it runs, caches and pools of memory: that is paid for once.
  for (const [, server] of servers) if (server) for (const { run } of cases) await run(server);
  for (const one of cases) rows.push([one.title, ...(await measure(one))]);
} finally {
  await Promise.all(servers.map(([, server]) => server?.stop()));
}

console.log(
  `Load: ${load.name}. Node ${process.version}, ${cpus().length} CPUs, Linux ${release()}. Medians of ${rounds} rounds; in brackets, of Kamailio's.\n`,
);
console.log(`| load | ${kinds.map(([name]) => name).join(' | ')} |`);
console.log(`|---|${kinds.map(() => '---|').join('')}`);
for (const [title, ...results] of rows) {
  const theirs = results.at(-1);
  const cells = results.map((value) => (value === theirs ? show(value) : `${show(value)} (${show(value / theirs)})`));
  console.log(`| ${title} | ${cells.join(' | ')} |`);
}

/** The median of each server. A, B, C, A, B, C: what else the machine does meets all alike. */
async function measure({ title, run }) {
  const results = servers.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, [, server]] of servers.entries()) if (server) results[i].push(await run(server));
    console.error(`${title}: round ${round} of ${rounds}: ${results.map((values) => show(values.at(-1))).join(' ')}`);
  }
  return results.map(median);
}

function show(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}
