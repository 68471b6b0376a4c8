// What the bench of the edge measures: each row of its table, and which servers stand beside one another in it.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKamailioBeforeCore, startOursBeforeCore } from './ims-core.mjs';
import { callLoad } from './load-call.mjs';
import { treeResidentKib } from './register-cost.mjs';
import { startFloor, startKamailio, startOurs } from './register-servers.mjs';

/** Connections that REGISTER over and over in the rows that do not say otherwise. */
export const CYCLING_CONNECTIONS = 100;
const PAIRS = 20;
const RAMP_CONNECTIONS = 2000;
const SATURATION_SHARE = 0.7;
const REST_MS = 3000;
const WARM_SECONDS = 2;
const GROWTH_CYCLES = [10_000, 100_000];

/** The rivals of a row, by column. */
const inside = { ours: startOurs, kamailio: startKamailio, floor: startFloor };
const bare = { ours: startOurs, kamailio: startKamailio };
const outside = (transport) => ({
  ours: (options) => startOursBeforeCore({ ...options, transport }),
  kamailio: () => startKamailioBeforeCore({ transport }),
});

/** `warm` is run once on each server and not counted; `fresh` means a server of its own for each figure. */
export function edgeCases(load, seconds) {
  const cycle = (connections) => async (server) =>
    (await load.cycle(server, { connections, seconds })).cpuMicrosPerCycle;
  const call = async (server) => (await callLoad(server, { pairs: PAIRS, seconds })).cpuMicrosPerDialog;
  const connect = async (server) => (await load.connect(server, { connections: RAMP_CONNECTIONS })).cpuMicrosPerConnect;
  return [
    ...[100, 2000, 10_000].map((connections) => ({
      id: `register-${connections}`,
      title: `µs per REGISTER cycle, core inside, ${connections.toLocaleString('en')} connections`,
      servers: inside,
      users: connections,
      run: cycle(connections),
    })),
    {
      id: 'connect',
      title: `µs per TLS connect and first REGISTER cycle, ${RAMP_CONNECTIONS.toLocaleString('en')} connections`,
      servers: inside,
      users: RAMP_CONNECTIONS,
      // Code that is compiled while it runs: the first 5,000 connections cost up to half as much again.
      warm: async (server) => {
        for (let i = 0; i < 3; i++) await connect(server);
      },
      run: connect,
    },
    { id: 'call', title: 'µs per call, core inside', servers: bare, users: 2 * PAIRS, run: call },
    ...['udp', 'tcp'].flatMap((transport) => [
      {
        id: `register-${transport}`,
        title: `µs per REGISTER cycle, core outside by ${transport.toUpperCase()}`,
        servers: outside(transport),
        users: CYCLING_CONNECTIONS,
        run: cycle(CYCLING_CONNECTIONS),
      },
      {
        id: `call-${transport}`,
        title: `µs per call, core outside by ${transport.toUpperCase()}`,
        servers: outside(transport),
        users: 2 * PAIRS,
        run: call,
      },
    ]),
    {
      id: 'memory',
      title: `KiB per idle registered connection, ${RAMP_CONNECTIONS.toLocaleString('en')} connections`,
      servers: inside,
      users: RAMP_CONNECTIONS,
      fresh: true,
      // Code that is compiled while it runs is no part of a connection.
      run: async (server) => {
        await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds: WARM_SECONDS });
        return (await load.hold(server, { connections: RAMP_CONNECTIONS })).kibPerConnection;
      },
    },
    {
      id: 'growth',
      title: `MiB grown from REGISTER cycle ${GROWTH_CYCLES.map((n) => n.toLocaleString('en')).join(' to ')}`,
      servers: bare,
      users: CYCLING_CONNECTIONS,
      fresh: true,
      run: (server) => growth(load, server, seconds),
    },
    {
      id: 'latency',
      title: `ms until 99 of 100 registrations are answered, at ${SATURATION_SHARE * 100} % of saturation`,
      servers: bare,
      users: CYCLING_CONNECTIONS,
      run: async (server) => {
        const { perSec } = await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds });
        const intervalMs = (CYCLING_CONNECTIONS / (SATURATION_SHARE * perSec)) * 1000;
        return (await load.paced(server, { connections: CYCLING_CONNECTIONS, seconds, intervalMs })).p99Ms;
      },
    },
    {
      id: 'start',
      title: 'ms from the start of the process until it takes connections',
      servers: bare,
      users: CYCLING_CONNECTIONS,
      fresh: true,
      run: (server) => Promise.resolve(server.startedMs),
    },
    {
      id: 'rest',
      title: `MiB at rest, ${REST_MS / 1000} s after the start`,
      servers: bare,
      users: CYCLING_CONNECTIONS,
      fresh: true,
      run: async (server) => {
        await sleep(REST_MS);
        return treeResidentKib(server.pid) / 1024;
      },
    },
  ];
}

/** How much more memory a server has resident after many cycles than after the first of them. */
async function growth(load, server, seconds) {
  let cycles = 0;
  const resident = [];
  for (const end of GROWTH_CYCLES) {
    while (cycles < end) {
      const { perSec } = await load.cycle(server, { connections: CYCLING_CONNECTIONS, seconds });
      cycles += perSec * seconds;
    }
    resident.push(treeResidentKib(server.pid) / 1024);
  }
  return resident[1] - resident[0];
}

/** Of the machine and its programs, for the line below the table. */
export function machineLine() {
  const model = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown CPU';
  return `${model}, Node ${process.version}`;
}
