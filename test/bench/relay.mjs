// What the relay costs, beside its rivals on the same load. See README.md.
import { existsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineLine } from './edge-cases.mjs';
import { turnLoad } from './load-turn.mjs';
import { median } from './process-cost.mjs';
import { relayCases } from './relay-cases.mjs';
import { startCoturn, startEturnal, startNodeTurn, startOurs, startPion } from './turn-servers.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    allocations: { type: 'string', default: '3000' },
    only: { type: 'string' },
    cli: { type: 'string' },
  },
});
const [rounds, seconds, allocations] = [options.rounds, options.seconds, options.allocations].map(Number);
const load = turnLoad(process.env.TURNLOAD);
const all = relayCases(seconds, allocations);
const names = options.only?.split(',');
const unknown = names?.filter((name) => !all.some(({ id }) => id === name)) ?? [];
if (unknown.length > 0) {
  throw new Error(`no such load: ${unknown.join(', ')}. Loads: ${all.map(({ id }) => id).join(', ')}`);
}
if (!existsSync(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)))) {
  throw new Error('dist/ is missing: npm run build');
}

const starters = {
  'epcscf-turn': () => startOurs(),
  'epcscf-turn, batch': () => startOurs({ turn: { dataPlane: 'batch', shards: 1 } }),
  ...(options.cli !== undefined && { 'the other build': () => startOurs({ cli: options.cli }) }),
  coturn: startCoturn,
  pion: startPion,
  'eturnal’s engine': startEturnal,
  'node-turn': startNodeTurn,
};
const OURS = ['epcscf-turn', 'epcscf-turn, batch'];
const columns = Object.keys(starters);
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stopAll().then(() => process.exit(1)));
}
const rows = [];
try {
  const servers = new Map();
  for (const column of columns) {
    const server = await startOne(column);
    if (server) servers.set(column, server);
    else if (column === 'epcscf-turn') throw new Error('our server did not start');
    else console.error(`${column} is not here (see README.md): without it`);
  }
  for (const one of all) if (names?.includes(one.id) ?? true) rows.push(...(await measure(one, servers)));
} finally {
  await stopAll();
}

console.log(
  `Load: ${load.name}. ${machineLine()}, ${cpus().length} CPUs, Linux ${release()}. Medians of ${rounds} rounds; in brackets the least and the most.\n`,
);
console.log(`| ${['load', 'figure', ...columns, ...OURS.map((column) => `${column} / coturn`)].join(' | ')} |`);
console.log(`|${'---|'.repeat(2 + columns.length + OURS.length)}`);
for (const { title, unit, results } of rows) {
  const ratios = OURS.map((column) => show(median(results[column]) / median(results.coturn)));
  console.log(`| ${[title, unit, ...columns.map((column) => spread(results[column])), ...ratios].join(' | ')} |`);
}

/** The figures of each server. A, B, A, B: what else the machine does meets all alike. */
async function measure({ title, mode, options: args, fresh, relays = true, rows: figures }, servers) {
  const table = figures.map(({ unit, of }) => ({
    title,
    unit,
    of,
    results: Object.fromEntries(columns.map((name) => [name, []])),
  }));
  const subjects = [...servers].filter(
    ([column, { udpOnly }]) => (!relays || column !== 'node-turn') && !(udpOnly && (args.tcp || args.tls)),
  );
  // Code that is compiled while it runs is no part of the figure.
  if (!fresh) for (const [, server] of subjects) await load.run(mode, server, args).catch(() => undefined);
  for (let round = 1; round <= rounds; round++) {
    for (const [column, server] of subjects) {
      // Memory that an earlier load has left would hide what the allocations take.
      const subject = fresh ? await startOne(column) : server;
      try {
        const result = await load.run(mode, subject, args);
        for (const { of, results } of table) results[column].push(of(result));
      } catch (error) {
        console.error(
          `${title}: ${column}: ${String(error.stderr ?? error)
            .trim()
            .split('\n')
            .at(-1)}`,
        );
      }
      if (fresh) await stopOne(subject);
    }
    const latest = columns.map((column) => table.map(({ results }) => show(results[column].at(-1))).join('/'));
    console.error(`${title}: round ${round} of ${rounds}: ${latest.join('  ')}`);
  }
  return table;
}

async function startOne(column) {
  const server = await starters[column]();
  if (server) running.add(server);
  return server;
}

async function stopOne(server) {
  running.delete(server);
  await server.stop();
}

async function stopAll() {
  await Promise.all([...running].map(stopOne));
}

function spread(values) {
  if (values.length === 0) return '–';
  return `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function show(value) {
  return Number.isFinite(value) ? value.toPrecision(3) : '–';
}
