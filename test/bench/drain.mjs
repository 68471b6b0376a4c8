import { parseArgs } from 'node:util';
import { RegisterClient } from './register-client.mjs';
import { DOMAIN, ORIGIN, PASSWORD, startOurs } from './register-servers.mjs';

/** JsSIP comes back within two seconds of a close with 1012. */
const COMES_BACK_MS = 2000;
const SERVICE_RESTART = 1012;

const { values } = parseArgs({
  options: { clients: { type: 'string', default: '500' }, every: { type: 'string', default: '10000' } },
});
const clientCount = Number(values.clients);
const everyMs = Number(values.every);

const [first, second] = [await startOurs({ users: clientCount }), await startOurs({ users: clientCount })];
if (!first || !second) process.exit(1);
try {
  const clients = [];
  for (let id = 0; id < clientCount; id += 20) {
    const some = Array.from({ length: Math.min(20, clientCount - id) }, (_, i) => i + id);
    clients.push(...(await Promise.all(some.map((i) => connect(first, i)))));
  }
  const outcome = { codes: new Map(), registrations: 0, lost: [], errors: [] };
  const startMs = performance.now();
  const lives = clients.map((client, id) => live(client, id, outcome));
  await sleep(everyMs);
  const drainMs = performance.now();
  process.kill(first.pid, 'SIGTERM');
  const moved = await Promise.all(lives);
  report(outcome, moved, drainMs, drainMs - startMs);
} finally {
  await Promise.all([first.stop(), second.stop()]);
}

async function connect({ host, port }, id) {
  const target = {
    host,
    port,
    domain: DOMAIN,
    origin: ORIGIN,
    password: PASSWORD,
    user: 'load%d',
    header: 'TURN-Cred-Req: turn',
    expect: 'TURN-Username',
  };
  const client = new RegisterClient(target, id);
  await client.connect();
  await client.register();
  return client;
}

/** Registers anew now and then until the server sends it away; then registers at the other. When it was closed, and when it was back. */
async function live(client, id, outcome) {
  const closed = client.closed.then((code) => {
    outcome.codes.set(code, (outcome.codes.get(code) ?? 0) + 1);
    return performance.now();
  });
  while (client.isOpen) {
    await Promise.race([sleep(everyMs * (0.5 + Math.random())), closed]);
    if (!client.isOpen) break;
    try {
      await client.register();
      outcome.registrations += 1;
    } catch (error) {
      outcome.lost.push(error.message);
    }
  }
  const closedMs = await closed;
  await sleep(Math.random() * COMES_BACK_MS);
  try {
    const again = await connect(second, id);
    const backMs = performance.now();
    again.close();
    return { closedMs, backMs };
  } catch (error) {
    outcome.errors.push(error.message);
    return { closedMs, backMs: performance.now() };
  }
}

function report({ codes, registrations, lost, errors }, moved, drainMs, beforeMs) {
  const closed = perSecond(moved.map(({ closedMs }) => closedMs - drainMs));
  const back = perSecond(moved.map(({ backMs }) => backMs - drainMs));
  console.log(
    `${clientCount} clients, each registering anew about every ${everyMs} ms, drained after ${Math.round(beforeMs)} ms`,
  );
  console.log(`close codes: ${[...codes].map(([code, count]) => `${code} × ${count}`).join(', ')}`);
  console.log(
    `registrations meanwhile: ${registrations}; cut off in one: ${lost.length}${lost.length > 0 ? ` (${[...new Set(lost)].join('; ')})` : ''}`,
  );
  console.log(
    `registered at the other server: ${moved.length - errors.length}; errors there: ${errors.length} ${[...new Set(errors)].join('; ')}`,
  );
  console.log(`closed in each second of the drain: ${closed.join(' ')}`);
  console.log(`back in each second of the drain:   ${back.join(' ')}`);
  if (codes.get(SERVICE_RESTART) !== clientCount || errors.length > 0) process.exitCode = 1;
}

function perSecond(timesMs) {
  const counts = [];
  for (const ms of timesMs) counts[Math.floor(ms / 1000)] = (counts[Math.floor(ms / 1000)] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
