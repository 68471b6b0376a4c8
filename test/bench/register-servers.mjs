import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';

export const DOMAIN = 'bench.example';
export const PASSWORD = 'load-password';
export const ORIGIN = 'https://load.example';
export const SECRET = 'bench-shared-secret-Km';
const TURN_URI = `turn:${DOMAIN}:3478?transport=udp`;
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FLOOR = fileURLToPath(new URL('floor.mjs', import.meta.url));
const ATTEMPTS = 2000;
const ATTEMPT_MS = 10;
const STOP_MS = 5000;

/**
 * Our edge and its embedded core as they are shipped, without the relay; users load0 to load<users - 1>; or before another core, with
 * `core` as in the configuration. Limits that would refuse one address the whole load are raised, the algorithms are those of the other
 * side, and everything else is as it is by default. `cli` is the program, if not that of this repository.
 */
export async function startOurs({ users, nodeFlags = [], core = embeddedCore(users), cli = CLI }) {
  const [port, { folder, certFile, keyFile }] = await Promise.all([freePort(), certificateFolder('ours')]);
  const config = {
    stateDir: folder,
    domain: DOMAIN,
    tls: { certFile, keyFile },
    edge: {
      listen: { addresses: ['127.0.0.1'], port },
      origins: { allow: [ORIGIN] },
      limits: {
        connections: 1_000_000,
        connectionsPerAddress: 1_000_000,
        messagesPerSec: 100_000,
        messageBurst: 100_000,
        requestsPerSecPerIdentity: 100_000,
        requestBurstPerIdentity: 100_000,
        transactions: 1_000_000,
        transactionsPerFlow: 100_000,
      },
      core,
      credential: { burst: 1_000_000, intervalSec: 1, uris: [TURN_URI] },
    },
    turn: { enabled: false },
    credentials: { keys: [{ id: 'bench', secret: SECRET }], hash: 'sha256' },
  };
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return startServer('epcscf-turn', process.execPath, [...nodeFlags, cli, 'serve', '--config', file], port, folder);
}

function embeddedCore(users) {
  return {
    digest: { algorithms: ['MD5'] },
    users: Array.from({ length: users }, (_, i) => ({ name: `load${i}`, password: PASSWORD })),
  };
}

/** Debian's Kamailio with kamailio/kamailio.cfg, or `undefined` when it, or a module of it, is not installed. */
export async function startKamailio({ users }) {
  return startWssKamailio('kamailio.cfg', { DOMAIN, USERS: users, PASSWORD: `"${PASSWORD}"` });
}

/** Debian's Kamailio as a secure WebSocket edge with a configuration of kamailio/, and these definitions beside its own. */
export async function startWssKamailio(config, more) {
  const [port, { folder, certFile, keyFile }] = await Promise.all([freePort(), certificateFolder('kamailio')]);
  const defines = {
    PORT: port,
    CERTIFICATE: `"${certFile}"`,
    PRIVATE_KEY: `"${keyFile}"`,
    KM: `"${SECRET}"`,
    ...more,
  };
  const options = [
    ...['-f', fileURLToPath(new URL(`kamailio/${config}`, import.meta.url)), '-DD', '-E', '-m', '2048', '-M', '32'],
    ...['-P', join(folder, 'pid'), '-Y', folder],
    ...Object.entries(defines).flatMap(([name, value]) => ['-A', `${name}=${value}`]),
  ];
  return startServer('kamailio', 'kamailio', options, port, folder);
}

/** The floor of the platform, floor.mjs. */
export async function startFloor() {
  const [port, { folder, certFile, keyFile }] = await Promise.all([freePort(), certificateFolder('floor')]);
  return startServer('floor', process.execPath, [FLOOR, String(port), certFile, keyFile], port, folder);
}

/** Waits until the port takes connections; `undefined` when the program does not get there. `log` of the server is its standard error. */
export async function startServer(name, program, args, port, folder) {
  const log = join(folder, 'stderr');
  const beganMs = performance.now();
  // A process group of its own: Ctrl-C is for the bench, which then ends the servers in order.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', openSync(log, 'w')], detached: true });
  let hasEnded = false;
  const ended = new Promise((resolve) => {
    const end = (cause) => {
      hasEnded = true;
      resolve(cause);
    };
    child.once('error', end);
    child.once('exit', end);
  });
  const server = {
    name,
    pid: child.pid,
    host: '127.0.0.1',
    port,
    log,
    stop: async () => {
      // In order, so that Kamailio waits for its children; what is left of them, or was made meanwhile, is cut.
      child.kill('SIGINT');
      const cut = setTimeout(killGroup, STOP_MS, child.pid);
      await ended;
      clearTimeout(cut);
      killGroup(child.pid);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (await Promise.race([accepts(port, () => hasEnded), ended.then(() => false)])) {
    return { ...server, startedMs: performance.now() - beganMs };
  }
  const cause = await Promise.race([ended, Promise.resolve()]);
  if (cause?.code !== 'ENOENT') console.error(`${name} did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
  await server.stop();
  return undefined;
}

/** Ends what a server has started, which is in its process group. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // There is nobody left.
  }
}

/** Until a connection is accepted, 20 seconds at most. */
async function accepts(port, isOver) {
  for (let i = 0; i < ATTEMPTS && !isOver(); i++) {
    const accepted = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (accepted) return true;
    await sleep(ATTEMPT_MS);
  }
  return false;
}

/** A temporary folder with a certificate of the same kind for every server: EC P-256, signed by itself. */
export async function certificateFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  writeFileSync(certFile, pair.cert);
  writeFileSync(keyFile, pair.private, { mode: 0o600 });
  return { folder, certFile, keyFile };
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
