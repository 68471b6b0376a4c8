// What clients cost that are registered and do nothing: memory, and the CPU of keepalive. See README.md.
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { startOursBeforeCore } from './ims-core.mjs';
import { treeCpuMicros, treeResidentKib } from './register-cost.mjs';
import { DOMAIN, ORIGIN, PASSWORD, startOurs } from './register-servers.mjs';
import { statusOf, WicClient } from './wic-client.mjs';

const { values } = parseArgs({
  options: { connections: { type: 'string', default: '2000' }, minutes: { type: 'string', default: '2' } },
});
const [connections, minutes] = [values.connections, values.minutes].map(Number);
const AT_ONCE = 20;
const SETTLE_MS = 30_000;
const kinds = [
  ['core inside', () => startOurs({ users: connections })],
  ['core outside', () => startOursBeforeCore({ users: connections })],
];

const rows = [];
for (const [name, starter] of kinds) {
  const server = await starter();
  if (server) rows.push([name, ...(await measure(server))]);
  else console.error(`NOT MEASURED, did not start: ${name}`);
}
console.log(
  `${connections} connections for ${minutes} minutes. Node ${process.version}, ${cpus().length} CPUs, Linux ${release()}.\n`,
);
console.log('| | KiB per connection | CPU µs per connection and minute | of a CPU in all | empty server, MiB |');
console.log('|---|---|---|---|---|');
for (const [name, kib, micros, part, emptyMib] of rows) {
  console.log(`| ${name} | ${show(kib)} | ${show(micros)} | ${show(part * 100)} % | ${show(emptyMib)} |`);
}
process.exit();

async function measure(server) {
  const clients = [];
  try {
    // What is compiled, cached and pooled for the first connections is not part of each.
    for (const client of await open(server, 100)) client.close();
    await sleep(SETTLE_MS / 2);
    const before = treeResidentKib(server.pid);
    clients.push(...(await open(server, connections)));
    await sleep(SETTLE_MS);
    const kib = (treeResidentKib(server.pid) - before) / connections;
    const cpu = treeCpuMicros(server.pid);
    await sleep(minutes * 60_000);
    const micros = treeCpuMicros(server.pid) - cpu;
    const lost = clients.filter(({ isOpen }) => !isOpen).length;
    if (lost > 0) throw new Error(`${lost} connections were lost`);
    return [kib, micros / connections / minutes, micros / (minutes * 60e6), before / 1024];
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
}

async function open({ host, port }, count) {
  const target = { host, port, domain: DOMAIN, origin: ORIGIN, password: PASSWORD };
  const clients = Array.from({ length: count }, (_, id) => new WicClient(target, id));
  const left = clients.values();
  const worker = async () => {
    for (const client of left) {
      await client.connect();
      const answer = await client.register();
      if (statusOf(answer) !== 200) throw new Error(`expected 200 to REGISTER, got ${answer.split('\r\n', 1)[0]}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return clients;
}

function show(value) {
  return String(Number(value.toPrecision(3)));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
