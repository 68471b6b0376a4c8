// What the relay costs, beside coturn on the same load. See README.md.
import { existsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeLoad } from './load-node.mjs';
import { externalLoad } from './load-turnload.mjs';
import { median } from './process-cost.mjs';
import { startCoturn, startNodeTurn, startOurs } from './turn-servers.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    allocations: { type: 'string', default: '3000' },
  },
});
const [rounds, seconds, allocations] = [options.rounds, options.seconds, options.allocations].map(Number);
const load = process.env.TURNLOAD ? externalLoad(process.env.TURNLOAD) : nodeLoad;

const cases = [
  {
    title: 'CPU µs per relayed packet, 160 B, 50 flows',
    relays: true,
    run: async (server) => (await load.relay(server, { flows: 50, size: 160, seconds })).cpuMicrosPerPacket,
  },
  {
    title: 'CPU µs per relayed packet, 160 B, 1,000 flows',
    relays: true,
    run: async (server) => (await load.relay(server, { flows: 1000, size: 160, seconds })).cpuMicrosPerPacket,
  },
  {
    title: 'CPU µs per Allocate handshake and release',
    run: async (server) => (await load.allocate(server, { count: allocations, concurrency: 64 })).cpuMicrosPerAllocate,
  },
  {
    title: 'RSS KiB per idle allocation',
    fresh: true,
    run: async (server) => (await load.hold(server, { count: allocations })).kibPerAllocation,
  },
];

if (!existsSync(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)))) {
  throw new Error('dist/ is missing: npm run build');
}

const starters = [startOurs, startCoturn, startNodeTurn];
const running = new Set();
const rows = [];
try {
  const servers = await Promise.all(starters.map(startOne));
  if (!servers[0]) throw new Error('our server did not start');
  if (!servers[1]) console.error('coturn is not installed (test/peers/install.sh): measuring ours alone');
  for (const one of cases) rows.push([one.title, ...(await measure(one, servers))]);
} finally {
  await Promise.all([...running].map(stopOne));
}

console.log(
  `Load: ${load.name}. Node ${process.version}, ${cpus().length} CPUs, Linux ${release()}. Medians of ${rounds} rounds.\n`,
);
console.log('| load | epcscf-turn | coturn | epcscf-turn / coturn | node-turn |');
console.log('|---|---|---|---|---|');
for (const [title, ours, theirs, nodeTurn] of rows) {
  console.log(`| ${title} | ${show(ours)} | ${show(theirs)} | ${show(ours / theirs)} | ${show(nodeTurn)} |`);
}

/** The median of each server. A, B, A, B: what else the machine does meets both alike. */
async function measure({ title, run, fresh, relays }, servers) {
  const results = starters.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, server] of servers.entries()) {
      if (!server || (relays && server.name === 'node-turn')) continue;
      // Memory that an earlier load has left would hide what the allocations take.
      const subject = fresh ? await startOne(starters[i]) : server;
      results[i].push(await run(subject));
      if (fresh) await stopOne(subject);
    }
    const latest = results.map((values) => show(values.at(-1)));
    console.error(`${title}: round ${round} of ${rounds}: ${latest.join(' ')}`);
  }
  return results.map(median);
}

async function startOne(starter) {
  const server = await starter();
  if (server) running.add(server);
  return server;
}

async function stopOne(server) {
  running.delete(server);
  await server.stop();
}

function show(value) {
  return Number.isFinite(value) ? value.toPrecision(3) : '–';
}
