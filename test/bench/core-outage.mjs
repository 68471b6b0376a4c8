// What clients see of a core that is killed and comes back with nothing. See README.md.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import JsSIP from 'jssip';
import WebSocket from 'ws';
import { coreConfig, startImsCore } from './ims-core.mjs';
import { DOMAIN, freePort, ORIGIN, PASSWORD, startOurs } from './register-servers.mjs';
import { fieldOf, statusOf, WicClient } from './wic-client.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    jssip: { type: 'string', default: '5' },
    every: { type: 'string', default: '10000' },
    out: { type: 'string', default: '15' },
    transport: { type: 'string', default: 'udp' },
    reregister: { type: 'string', default: 'true' },
    limit: { type: 'string', default: '120' },
  },
});
const [clientCount, jssipCount, everyMs, outSec, limitSec] = [
  ...[values.clients, values.jssip, values.every, values.out, values.limit].map(Number),
];
/** JsSIP comes back within two seconds of a close with 1012. */
const COMES_BACK_MS = 2000;
const LOOK_MS = 100;

const port = await freePort();
const config = coreConfig(port, values.transport, { reregisterAfterOutage: values.reregister === 'true' });
let core = await startImsCore(port);
const edge = await startOurs({ users: 0, core: config });
if (!core || !edge) throw new Error('the packages kamailio and jssip, and dist/ (npm run build), are needed');
const target = { host: edge.host, port: edge.port, domain: DOMAIN, origin: ORIGIN, password: PASSWORD };
const plain = Array.from({ length: clientCount - jssipCount }, (_, id) => ({
  id,
  asked: [],
  closed: [],
  registered: [],
}));
const agents = Array.from({ length: jssipCount }, (_, i) => startAgent(clientCount - 1 - i));
let isOver = false;
try {
  const lives = [];
  for (let i = 0; i < plain.length; i += 20) {
    const some = plain.slice(i, i + 20);
    await Promise.all(some.map(connect));
    lives.push(...some.map(live));
  }
  await settled(() => agents.every(({ registered }) => registered.length > 0), 10);
  await sleep(everyMs);
  const killedMs = performance.now();
  await core.kill();
  await sleep(outSec * 1000);
  core = await startImsCore(port);
  const backMs = performance.now();
  const all = [...plain, ...agents];
  const isBack = ({ registered }) => (registered.at(-1) ?? 0) > backMs;
  await settled(() => all.every(isBack), limitSec);
  isOver = true;
  report(killedMs, backMs, all, all.filter(isBack).length);
  await Promise.race([Promise.all(lives), sleep(everyMs)]);
} finally {
  for (const { agent } of agents) agent.stop();
  for (const { client } of plain) client?.close();
  await edge.stop();
  await core?.stop();
}
process.exit();

async function connect(state) {
  state.client = new WicClient(target, state.id);
  await state.client.connect();
  void state.client.closed.then((code) => state.closed.push({ code, atMs: performance.now() }));
  await register(state);
}

async function register(state) {
  const askedMs = performance.now();
  const answer = await state.client.register();
  const atMs = performance.now();
  const status = statusOf(answer) ?? answer;
  state.asked.push({ askedMs, tookMs: atMs - askedMs, status, retryAfter: fieldOf(answer, 'Retry-After') });
  if (status === 200) state.registered.push(atMs);
}

/** Refreshes about every so often, whatever comes of it, and comes back when it is closed. */
async function live(state) {
  while (!isOver) {
    await Promise.race([sleep(everyMs * (0.5 + Math.random())), state.client.closed]);
    if (isOver) return;
    if (state.client.isOpen) {
      await register(state);
    } else {
      await sleep(Math.random() * COMES_BACK_MS);
      await connect(state);
    }
  }
}

/** Does what JsSIP does by itself: it refreshes once in between, when half of its time is over, or is told to here. */
function startAgent(id) {
  const state = { asked: [], closed: [], registered: [] };
  globalThis.window ??= globalThis;
  globalThis.WebSocket = class extends WebSocket {
    constructor(url, protocol) {
      super(url, protocol, { rejectUnauthorized: false, origin: ORIGIN });
    }
  };
  const agent = new JsSIP.UA({
    sockets: new JsSIP.WebSocketInterface(`wss://${target.host}:${target.port}/`),
    uri: `sip:load${id}@${DOMAIN}`,
    password: PASSWORD,
    register_expires: 600,
  });
  agent.on('registered', () => state.registered.push(performance.now()));
  agent.on('disconnected', ({ code }) => state.closed.push({ code, atMs: performance.now() }));
  agent.start();
  return { ...state, agent };
}

function report(killedMs, backMs, all, backCount) {
  const events = readFileSync(edge.log, 'utf8')
    .split('\n')
    .filter((line) => /"core (up|down)/.test(line))
    .map((line) => JSON.parse(line));
  const wall = (ms) => performance.timeOrigin + ms;
  const downAt = events.find(({ msg, time }) => msg === 'core down' && time >= wall(killedMs) - 50)?.time;
  const upAt = events.find(({ msg, time }) => msg === 'core up' && time >= wall(backMs) - 5000)?.time;
  const asked = all.flatMap((state) => state.asked).filter(({ askedMs }) => askedMs > killedMs && askedMs < backMs);
  const early = asked.filter(({ askedMs }) => wall(askedMs) < downAt);
  const late = asked.filter(({ askedMs }) => wall(askedMs) >= downAt);
  console.log(
    `${all.length} clients (${jssipCount} of them JsSIP), core by ${values.transport}, out for ${seconds(backMs - killedMs)} s`,
  );
  console.log(
    `known to be down ${seconds(downAt - wall(killedMs))} s after it was killed; to be up ${seconds(upAt - wall(backMs))} s after it was started`,
  );
  console.log(`asked before it was known: ${outcomes(early)}`);
  console.log(`asked after it was known:  ${outcomes(late)}`);
  const closed = all.flatMap((state) => state.closed).filter(({ atMs }) => atMs > killedMs);
  console.log(
    `closed: ${counts(closed.map(({ code }) => code))}, ${spread(closed.map(({ atMs }) => wall(atMs) - upAt))} s after it was known to be up`,
  );
  const again = all.map(({ registered }) => registered.find((ms) => ms > backMs)).filter(Boolean);
  console.log(
    `registered again: ${backCount} of ${all.length}, ${spread(again.map((ms) => wall(ms) - upAt))} s after it was known to be up`,
  );
  console.log(`registered again in each second since then: ${perSecond(again.map((ms) => wall(ms) - upAt)).join(' ')}`);
  const jssip = agents.map(({ registered }) => registered.find((ms) => ms > backMs)).filter(Boolean);
  console.log(`JsSIP: ${jssip.length} of ${jssipCount}, ${spread(jssip.map((ms) => wall(ms) - upAt))} s`);
}

function outcomes(asked) {
  if (asked.length === 0) return 'nothing';
  const took = spread(
    asked.map(({ tookMs }) => tookMs),
    1,
  );
  const retryAfter = counts(asked.map((one) => one.retryAfter).filter(Boolean));
  return `${counts(asked.map(({ status }) => status))} (Retry-After ${retryAfter || 'never'}) within ${took} ms`;
}

/** Median, 95th percentile and greatest. */
function spread(values, unit = 1000) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) =>
    ((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN) / unit).toFixed(1);
  return `${at(0.5)} / ${at(0.95)} / ${at(1)}`;
}

function counts(values) {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found].map(([value, count]) => `${value} × ${count}`).join(', ');
}

function perSecond(timesMs) {
  const found = [];
  for (const ms of timesMs) {
    const second = Math.max(0, Math.floor(ms / 1000));
    found[second] = (found[second] ?? 0) + 1;
  }
  return Array.from(found, (count) => count ?? 0);
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}

async function settled(condition, withinSec) {
  const endMs = performance.now() + withinSec * 1000;
  while (!condition() && performance.now() < endMs) await sleep(LOOK_MS);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
