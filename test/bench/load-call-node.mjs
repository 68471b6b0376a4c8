// A load of calls between registered WICs over secure WebSockets, run as a program of its own. See README.md.
import { parseArgs } from 'node:util';
import { treeCpuMicros } from './register-cost.mjs';
import { DOMAIN, ORIGIN, PASSWORD } from './register-servers.mjs';
import { statusOf, WicClient } from './wic-client.mjs';

const { values } = parseArgs({
  options: Object.fromEntries(
    ['host', 'port', 'pid', 'pairs', 'window', 'seconds'].map((name) => [name, { type: 'string' }]),
  ),
});
const [port, pid, pairCount, window, seconds] = ['port', 'pid', 'pairs', 'window', 'seconds'].map((name) =>
  Number(values[name]),
);
const target = { host: values.host, port, domain: DOMAIN, origin: ORIGIN, password: PASSWORD };
const clients = Array.from({ length: 2 * pairCount }, (_, id) => new WicClient(target, id));
for (const client of clients) {
  await client.connect();
  const answer = await client.register();
  if (statusOf(answer) !== 200) throw new Error(`expected 200 to REGISTER, got ${answer.split('\r\n', 1)[0]}`);
}
const errors = {};
const start = { cpu: treeCpuMicros(pid), at: performance.now() };
const endMs = start.at + seconds * 1000;
let dialogs = 0;
await Promise.all(Array.from({ length: Math.min(window, pairCount) }, (_, worker) => work(worker)));
const elapsedMs = performance.now() - start.at;
const cpuMicrosPerDialog = (treeCpuMicros(pid) - start.cpu) / dialogs;
for (const client of clients) client.close();
console.log(JSON.stringify({ dialogs, perSecond: (dialogs / elapsedMs) * 1000, cpuMicrosPerDialog, errors }));

/** Each worker has pairs of its own, and calls between them in turn and in both directions. */
async function work(worker) {
  for (let turn = 0; performance.now() < endMs; turn++) {
    const pair = (worker + window * turn) % pairCount;
    const [caller, callee] = turn % 2 === 0 ? [2 * pair, 2 * pair + 1] : [2 * pair + 1, 2 * pair];
    try {
      await clients[caller].call(clients[callee]);
      dialogs++;
    } catch (error) {
      errors[error.message] = (errors[error.message] ?? 0) + 1;
    }
  }
}
