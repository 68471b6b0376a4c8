import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processTree } from './register-cost.mjs';
import { DOMAIN, freePort, PASSWORD, startOurs, startServer, startWssKamailio } from './register-servers.mjs';

const CORE_CONFIG = fileURLToPath(new URL('../peers/kamailio/core.cfg', import.meta.url));
const CORE_ADDRESS = '127.0.0.1';
/** By which the core knows the edge. */
const EDGE_ADDRESS = '127.0.0.2';

/** Debian's Kamailio as the I/S-CSCF, with bindings in memory; `undefined` when it does not start. */
export async function startImsCore(port) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-core-'));
  const defines = {
    ...{ CORE_ADDRESS, CORE_PORT: port, DOMAIN, FORK: 0 },
    ...{ PASSWORD: `"${PASSWORD}"`, EDGE_ADDRESS: `"${EDGE_ADDRESS}"` },
  };
  const args = [
    ...['-f', CORE_CONFIG, '-DD', '-E', '-m', '512', '-M', '32', '-P', join(folder, 'pid'), '-Y', folder],
    ...Object.entries(defines).flatMap(([name, value]) => ['-A', `${name}=${value}`]),
  ];
  const core = await startServer('core', 'kamailio', args, port, folder);
  return (
    core && {
      ...core,
      /** Ends all its processes without a word to anybody. */
      kill: async () => {
        for (const pid of processTree(core.pid)) process.kill(pid, 'SIGKILL');
        await core.stop();
      },
    }
  );
}

/** The configuration of our edge before that core. */
export function coreConfig(port, transport, more = {}) {
  const uris = [`sip:${CORE_ADDRESS}:${port};transport=${transport}`];
  return { kind: 'external', uris, listen: { addresses: [EDGE_ADDRESS], port: 0 }, ...more };
}

/** Our edge before Kamailio as the core; its `pid` is the edge alone. */
export function startOursBeforeCore({ users, transport = 'udp', more = {}, nodeFlags, cli }) {
  return startBeforeCore((port) => startOurs({ users, nodeFlags, cli, core: coreConfig(port, transport, more) }));
}

/** Kamailio as the edge before the same core; its `pid` is the edge alone. */
export async function startKamailioBeforeCore({ transport }) {
  const edgePort = await freePort();
  return startBeforeCore((port) =>
    startWssKamailio('edge.cfg', {
      DOMAIN,
      ...{ EDGE_ADDRESS, EDGE_PORT: edgePort },
      ...{ CORE_ADDRESS, CORE_PORT: port, CORE_TRANSPORT: transport },
    }),
  );
}

async function startBeforeCore(startEdge) {
  const port = await freePort();
  const core = await startImsCore(port);
  const edge = core && (await startEdge(port));
  if (!edge) {
    await core?.stop();
    return undefined;
  }
  return {
    ...edge,
    core,
    stop: async () => {
      await edge.stop();
      await core.stop();
    },
  };
}
