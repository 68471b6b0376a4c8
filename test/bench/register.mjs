// What a REGISTER with a TURN credential costs, beside Kamailio put together for the same. See README.md.
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { registerLoad } from './load-register.mjs';
import { median } from './process-cost.mjs';
import { fieldOf, RegisterClient } from './register-client.mjs';
import { DOMAIN, ORIGIN, PASSWORD, SECRET, startKamailio, startOurs } from './register-servers.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '2000' },
  },
});
const [rounds, seconds, connections] = [options.rounds, options.seconds, options.connections].map(Number);
const load = registerLoad(process.env.WSSLOAD);
const CYCLING_CONNECTIONS = 100;

const cases = [
  {
    title: `CPU µs per REGISTER cycle, ${CYCLING_CONNECTIONS} connections held`,
    run: async (server) => (await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds })).cpuMicrosPerCycle,
  },
  {
    title: 'CPU µs per connect (TLS 1.3) and REGISTER cycle',
    run: async (server) => (await load.connect(server, { connections })).cpuMicrosPerConnect,
  },
  {
    title: 'Resident KiB per idle registered connection',
    fresh: true,
    run: async (server) => (await load.hold(server, { connections })).kibPerConnection,
  },
];

if (!existsSync(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)))) {
  throw new Error('dist/ is missing: npm run build');
}

const starters = [startOurs, startKamailio];
const running = new Set();
const rows = [];
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void Promise.all([...running].map(stopOne)).then(() => process.exit(1)));
}
try {
  const servers = [];
  for (const starter of starters) servers.push(await startOne(starter));
  if (!servers[0]) throw new Error('our server did not start');
  if (!servers[1]) {
    console.error('Kamailio did not start (packages kamailio kamailio-tls-modules kamailio-websocket-modules):');
    console.error('MEASURING OURS ALONE');
  }
  for (const server of servers.filter(Boolean)) {
    await checkCredential(server);
    // Code that is compiled while it runs, caches and pools of memory: that is paid for once.
    await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds });
  }
  for (const one of cases) rows.push([one.title, ...(await measure(one, servers))]);
} finally {
  await Promise.all([...running].map(stopOne));
}

console.log(
  `Load: ${load.name}. Node ${process.version}, ${cpus().length} CPUs, Linux ${release()}. Medians of ${rounds} rounds.\n`,
);
console.log('| load | epcscf-turn | Kamailio | ratio |');
console.log('|---|---|---|---|');
for (const [title, ours, theirs] of rows) {
  console.log(`| ${title} | ${show(ours)} | ${show(theirs)} | ${show(ours / theirs)} |`);
}

/** The median of each server. A, B, A, B: what else the machine does meets both alike. */
async function measure({ title, run, fresh }, servers) {
  const results = starters.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [i, server] of servers.entries()) {
      if (!server) continue;
      // Memory that an earlier load has left would hide what the connections take.
      const subject = fresh ? await startOne(starters[i]) : server;
      results[i].push(await run(subject));
      if (fresh) await stopOne(subject);
    }
    const latest = results.map((values) => show(values.at(-1)));
    console.error(`${title}: round ${round} of ${rounds}: ${latest.join(' ')}`);
  }
  return results.map(median);
}

/** Both must do the same work: TURN-Password is base64(HMAC-SHA256(Km, TURN-Username)). */
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

async function startOne(starter) {
  const server = await starter({ users: Math.max(connections, CYCLING_CONNECTIONS) });
  if (server) running.add(server);
  return server;
}

async function stopOne(server) {
  await server.stop();
  running.delete(server);
}

function show(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–';
}
