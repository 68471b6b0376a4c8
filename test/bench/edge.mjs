// What REGISTER, connections and calls cost our edge, beside Kamailio put together for the same and the floor of the platform. See README.md.
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CYCLING_CONNECTIONS, edgeCases, machineLine } from './edge-cases.mjs';
import { registerLoad } from './load-register.mjs';
import { median } from './process-cost.mjs';
import { fieldOf, RegisterClient } from './register-client.mjs';
import { DOMAIN, ORIGIN, PASSWORD, SECRET } from './register-servers.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    cli: { type: 'string' },
  },
});
const [rounds, seconds] = [options.rounds, options.seconds].map(Number);
const load = registerLoad(process.env.WSSLOAD);
const all = edgeCases(load, seconds);
const names = options.only?.split(',');
const unknown = names?.filter((name) => !all.some(({ id }) => id === name)) ?? [];
if (unknown.length > 0)
  throw new Error(`no such row: ${unknown.join(', ')}. Rows: ${all.map(({ id }) => id).join(', ')}`);
if (!existsSync(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)))) {
  throw new Error('dist/ is missing: npm run build');
}

const hasOther = options.cli !== undefined;
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void stopAll().then(() => process.exit(1)));
}
const rows = [];
try {
  for (const one of all) if (names?.includes(one.id) ?? true) rows.push([one.title, await measure(one)]);
} finally {
  await stopAll();
}

console.log(
  `Load: ${load.name}. ${machineLine()}, ${cpus().length} CPUs, Linux ${release()}. Medians of ${rounds} rounds; in brackets the least and the most.\n`,
);
console.log(`| load | epcscf-turn | ${hasOther ? 'the other build | ' : ''}Kamailio | ratio | floor |`);
console.log(`|---|---|${hasOther ? '---|' : ''}---|---|---|`);
for (const [title, { ours, other, kamailio, floor }] of rows) {
  const ratio = show(median(ours) / median(kamailio ?? []));
  const cells = [spread(ours), ...(hasOther ? [spread(other)] : []), spread(kamailio), ratio, spread(floor)];
  console.log(`| ${title} | ${cells.join(' | ')} |`);
}

/** The figures of each server. A, B, C, A, B, C: what else the machine does meets all alike. */
async function measure({ title, servers: starters, users, warm, run, fresh }) {
  const columns = Object.entries(starters);
  if (hasOther) columns.splice(1, 0, ['other', (given) => starters.ours({ ...given, cli: options.cli })]);
  const results = Object.fromEntries(columns.map(([name]) => [name, []]));
  const start = async (starter) => {
    const server = await starter({ users: Math.max(users, CYCLING_CONNECTIONS) });
    if (server) running.add(server);
    return server;
  };
  const servers = new Map();
  for (const [name, starter] of columns) {
    const server = await start(starter);
    if (!server) {
      console.error(
        `NOT MEASURED, did not start: ${name}. Kamailio is the packages kamailio, -tls-modules, -websocket-modules.`,
      );
      continue;
    }
    if (name !== 'floor') await checkCredential(server);
    if (fresh) await stop(server);
    else await (warm ?? run)(server);
    servers.set(name, server);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [name, starter] of columns) {
      if (!servers.has(name)) continue;
      // Memory that an earlier load has left would hide what the connections take.
      const subject = fresh ? await start(starter) : servers.get(name);
      results[name].push(await run(subject));
      if (fresh) await stop(subject);
    }
    const latest = Object.entries(results).map(([name, values]) => `${name} ${show(values.at(-1))}`);
    console.error(`${title}: round ${round} of ${rounds}: ${latest.join(', ')}`);
  }
  await stopAll();
  return results;
}

/** All must do the same work: TURN-Password is base64(HMAC-SHA256(Km, TURN-Username)). */
async function checkCredential({ name, host, port }) {
  const expect = 'TURN-Password';
  const target = { host, port, domain: DOMAIN, origin: ORIGIN, password: PASSWORD, user: 'load%d', expect };
  const client = new RegisterClient({ ...target, header: 'TURN-Cred-Req: turn' }, 0);
  await client.connect();
  const answer = await client.register();
  client.close();
  const username = fieldOf(answer, 'TURN-Username') ?? '';
  const right = createHmac('sha256', SECRET).update(username).digest('base64');
  if (fieldOf(answer, expect) !== right)
    throw new Error(`${name} gave a credential that no relay would take:\n${answer}`);
}

async function stop(server) {
  running.delete(server);
  await server.stop();
}

async function stopAll() {
  await Promise.all([...running].map(stop));
}

function spread(values) {
  if (values === undefined || values.length === 0) return '–';
  return `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function show(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}
