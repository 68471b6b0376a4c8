// Allocations that come and go under load for minutes: what the relay holds must stay what it was. See README.md.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { turnLoad } from './load-turn.mjs';
import { cpuMicros, residentKib } from './process-cost.mjs';
import { startOurs } from './turn-servers.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    flows: { type: 'string', default: '200' },
    round: { type: 'string', default: '15' },
    plane: { type: 'string', default: 'auto' },
    shards: { type: 'string', default: '2' },
  },
});
const [minutes, flows, roundSeconds] = [options.minutes, options.flows, options.round].map(Number);
const load = turnLoad(process.env.TURNLOAD);
const HANDSHAKES = 1000;

const turn = { dataPlane: options.plane, shards: Number(options.shards) };
const server = await startOurs({ turn });
const endsAt = performance.now() + minutes * 60_000;
const total = { allocations: 0, packets: 0, rounds: 0, failures: 0, lossPercent: [] };
const samples = [];

function sample() {
  const { pid } = server;
  const rssMib = residentKib(pid) / 1024;
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  const threads = readdirSync(`/proc/${pid}/task`).length;
  samples.push({ rssMib, descriptors, threads });
  const minute = (minutes - (endsAt - performance.now()) / 60_000).toFixed(1);
  console.log(
    `${minute} min: RSS ${rssMib.toFixed(1)} MiB, descriptors ${descriptors}, threads ${threads}, CPU ${(cpuMicros(pid) / 1e6).toFixed(0)} s, ` +
      `${total.allocations} allocations and ${(total.packets / 1e6).toFixed(2)} million packets so far`,
  );
}

/** Flows that allocate, relay for a while, and go; then the same from the start. */
async function relayRounds() {
  while (performance.now() < endsAt) {
    const result = await load.run('relay', server, { n: flows, size: 160, secs: roundSeconds });
    total.rounds++;
    total.allocations += flows;
    total.packets += result.pps * roundSeconds;
    total.lossPercent.push(result.loss_pct);
  }
}

/** Allocations that end as soon as they are made. */
async function handshakes() {
  while (performance.now() < endsAt) {
    try {
      await load.run('alloc', server, { n: HANDSHAKES, c: 16 });
    } catch (error) {
      // A generator that has to share the machine may wait in vain for one of a thousand answers.
      total.failures++;
      console.error(String(error.stdout ?? error).trim());
    }
    total.allocations += HANDSHAKES;
  }
}

sample();
const timer = setInterval(sample, 60_000);
try {
  await Promise.all([relayRounds(), handshakes()]);
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  sample();
  const worstLoss = Math.max(...total.lossPercent);
  console.log(
    `${load.name}: ${total.rounds} rounds of ${flows} flows, greatest loss of a round ${worstLoss.toFixed(3)} %, ` +
      `${total.failures} batches of ${HANDSHAKES} allocations with a failure`,
  );
  // The first minute fills caches and compiles; from then on nothing may grow.
  const settled = samples.slice(1);
  console.log(
    `after the first minute: RSS ${spread(settled, 'rssMib')} MiB; descriptors at rest ${samples[0].descriptors} before, ${samples.at(-1).descriptors} after; ` +
      `threads ${samples[0].threads} before, ${samples.at(-1).threads} after`,
  );
} finally {
  clearInterval(timer);
  await server.stop();
}

function spread(rows, key) {
  const values = rows.map((row) => row[key]);
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}, last ${values.at(-1).toFixed(1)}`;
}
