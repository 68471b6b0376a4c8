// Loads a TURN server and prints what it cost that, as one line of JSON. See ../README.md.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadSystemCalls } from '../../../dist/turn/kernel/system-calls.js';
import { treeCpuMicros, treeResidentKib } from '../register-cost.mjs';
import { accepted, forEachFlow, openClients } from './clients.mjs';
import { relayLoad } from './relay-load.mjs';

const REST_MS = 500;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string' },
    secret: { type: 'string' },
    pid: { type: 'string' },
    n: { type: 'string', short: 'n', default: '100' },
    c: { type: 'string', short: 'c', default: '64' },
    size: { type: 'string', default: '160' },
    secs: { type: 'string', default: '5' },
    rate: { type: 'string' },
    burst: { type: 'string', default: '1' },
    method: { type: 'string', default: 'channel' },
    tcp: { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
    pairs: { type: 'boolean', default: false },
    'no-release': { type: 'boolean', default: false },
  },
});
const [mode] = positionals;
const [host, port] = values.server.split(':');
const server = { host, port: Number(port), pid: Number(values.pid), secret: values.secret };
const transport = values.tls ? 'tls' : values.tcp ? 'tcp' : 'udp';
const calls = loadSystemCalls();
if (!calls.ok) throw new Error(`no system calls here: ${calls.reason}`);
const modes = { relay, alloc, hold };
if (!(mode in modes)) throw new Error(`mode: one of ${Object.keys(modes).join(', ')}`);
console.log(JSON.stringify(await modes[mode](calls.value)));

function relay(systemCalls) {
  return relayLoad(systemCalls, server, {
    flows: Number(values.n),
    size: Number(values.size),
    seconds: Number(values.secs),
    rate: values.rate === undefined ? undefined : Number(values.rate),
    burst: Number(values.burst),
    method: values.method,
    transport,
    pairs: values.pairs,
  });
}

/** Allocate, 401, Allocate, success, Refresh 0. */
async function alloc(systemCalls) {
  const count = Number(values.n);
  const clients = await clientsOf(systemCalls, count);
  const before = { cpu: treeCpuMicros(server.pid), at: performance.now() };
  const release = (flow) => flow.refresh(0).then(accepted);
  await forEachFlow(clients, Number(values.c), async (flow) => {
    accepted(await flow.allocate());
    if (!values['no-release']) await release(flow);
  });
  const cpu = treeCpuMicros(server.pid) - before.cpu;
  const perSec = (count / (performance.now() - before.at)) * 1000;
  if (values['no-release']) await forEachFlow(clients, Number(values.c), release);
  clients.close();
  return { server_cpu_us_per_alloc: cpu / count, alloc_per_s: perSec };
}

/** Allocations that do nothing. */
async function hold(systemCalls) {
  const count = Number(values.n);
  const clients = await clientsOf(systemCalls, count);
  const before = treeResidentKib(server.pid);
  await forEachFlow(clients, Number(values.c), async (flow) => accepted(await flow.allocate()));
  await sleep(REST_MS);
  const held = treeResidentKib(server.pid);
  await forEachFlow(clients, Number(values.c), async (flow) => accepted(await flow.refresh(0)));
  clients.close();
  return { kb_per_alloc: (held - before) / count };
}

function clientsOf(systemCalls, count) {
  return openClients(systemCalls, { transport, ...server, count, onData: () => undefined });
}
