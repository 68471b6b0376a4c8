// A load of SIP REGISTERs over secure WebSockets, run as a program of its own. See README.md for what it takes and prints.
import { parseArgs } from 'node:util';
import { RegisterClient } from './register-client.mjs';
import { treeCpuMicros, treeResidentKib } from './register-cost.mjs';

const SETTLE_MS = 1000;

const { values } = parseArgs({
  options: Object.fromEntries(
    ['host', 'port', 'pid', 'domain', 'user', 'password', 'origin', 'header', 'expect', 'tls', 'n']
      .concat(['concurrency', 'window', 'seconds', 'hold', 'interval'])
      .map((name) => [name, { type: 'string' }]),
  ),
});
const [pid, count, concurrency, window, seconds] = ['pid', 'n', 'concurrency', 'window', 'seconds'].map((name) =>
  Number(values[name]),
);
const holdMs = Number(values.hold ?? 0) * 1000;
const errors = {};

const clients = Array.from({ length: count }, (_, i) => new RegisterClient(values, i));
const before = { cpu: treeCpuMicros(pid), kib: treeResidentKib(pid), at: performance.now() };
const held = [];
await inParallel(concurrency, clients.values(), async (client) => {
  await client.connect();
  await client.register();
  held.push(client);
});
const ramp = {
  serverCpuMsPerConnectAndRegister: (treeCpuMicros(pid) - before.cpu) / 1000 / held.length,
  perSecond: (held.length / (performance.now() - before.at)) * 1000,
};
await sleep(SETTLE_MS + holdMs);
const memory = { pssKiBPerConnection: (treeResidentKib(pid) - before.kib) / held.length };
const steady = values.interval === undefined ? await cycle() : await pace(Number(values.interval));
for (const client of held) client.close();
console.log(JSON.stringify({ held: held.length, ramp, memory, steady, errors }));

/** The held clients in turn, `window` of them at a time, until the time is over. */
async function cycle() {
  const start = { cpu: treeCpuMicros(pid), at: performance.now() };
  const end = start.at + seconds * 1000;
  let registrations = 0;
  function* inTurn() {
    while (held.length > 0 && performance.now() < end) yield* held;
  }
  await inParallel(Math.min(window, held.length), inTurn(), async (client) => {
    if (performance.now() >= end) return;
    await client.register();
    registrations++;
  });
  const elapsedMs = performance.now() - start.at;
  return {
    registrations,
    perSecond: (registrations / elapsedMs) * 1000,
    serverCpuMsPerRegistration: (treeCpuMicros(pid) - start.cpu) / 1000 / registrations,
  };
}

/** Each held client once in `intervalMs`, evenly spread, whether or not the server keeps up; those still busy are passed over. */
async function pace(intervalMs) {
  const gapMs = intervalMs / held.length;
  const [begin, idle, latencies, pending] = [performance.now(), [...held], [], new Set()];
  for (let dueMs = begin; dueMs < begin + seconds * 1000; dueMs += gapMs) {
    const early = dueMs - performance.now();
    if (early > 0) await sleep(early);
    const client = idle.shift();
    if (client === undefined) continue;
    const registration = client.register().then(
      () => {
        latencies.push(performance.now() - dueMs);
        idle.push(client);
      },
      (error) => {
        errors[error.message] = (errors[error.message] ?? 0) + 1;
      },
    );
    pending.add(registration);
    void registration.then(() => pending.delete(registration));
  }
  await Promise.all(pending);
  latencies.sort((a, b) => a - b);
  return { registrations: latencies.length, p99Ms: latencies[Math.floor(latencies.length * 0.99)] };
}

async function inParallel(width, items, work) {
  const worker = async () => {
    for (const item of items) {
      try {
        await work(item);
      } catch (error) {
        errors[error.message] = (errors[error.message] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
