import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { certificateFolder } from './register-servers.mjs';

export const SECRET = 'bench';
const REALM = 'bench.example';
/** Of what a server says that does not start. */
const SHOWN_CHARACTERS = 500;
const ADDRESS = '127.0.0.1';
const PION = fileURLToPath(new URL('rivals/pion.go', import.meta.url));
const ETURNAL = fileURLToPath(new URL('rivals/eturnal.escript', import.meta.url));
const NODE_TURN = fileURLToPath(new URL('node-turn-server.mjs', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Our relay as it is shipped but for what `turn` says, without the edge; its log goes nowhere, at the level it has by default. */
export async function startOurs({ cli = CLI, nodeFlags = [], turn = {} } = {}) {
  const [port, tlsPort, { folder, certFile, keyFile }] = await Promise.all([
    freePort(),
    freePort(),
    certificateFolder('ours'),
  ]);
  const config = {
    stateDir: folder,
    domain: REALM,
    tls: { certFile, keyFile },
    edge: { enabled: false },
    turn: {
      listeners: ['udp', 'tcp', 'tls'].map((transport) => ({
        ...{ transport, address: '127.0.0.1', port: transport === 'tls' ? tlsPort : port },
      })),
      relay: { addresses: ['127.0.0.1'] },
      quota: { perUser: 1_000_000, total: 1_000_000 },
      peers: { allowPrivate: true },
      ...turn,
    },
    credentials: { keys: [{ id: 'bench', secret: SECRET }] },
  };
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return start('epcscf-turn', process.execPath, [...nodeFlags, cli, 'serve', '--config', file], {
    port,
    tlsPort,
    folder,
  });
}

/** Debian's coturn in the same mode, or `undefined` when it is not installed. */
export async function startCoturn() {
  const [port, tlsPort, { folder, certFile, keyFile }] = await Promise.all([
    freePort(),
    freePort(),
    certificateFolder('coturn'),
  ]);
  const options = [
    '-n',
    '--no-cli',
    '--no-dtls',
    '--no-rfc5780',
    '--allow-loopback-peers',
    '--use-auth-secret',
    `--static-auth-secret=${SECRET}`,
    `--realm=${REALM}`,
    '--listening-ip=127.0.0.1',
    '--relay-ip=127.0.0.1',
    `--listening-port=${port}`,
    `--tls-listening-port=${tlsPort}`,
    `--cert=${certFile}`,
    `--pkey=${keyFile}`,
    '--min-port=20000',
    '--max-port=65535',
    `--userdb=${join(folder, 'db')}`,
    `--pidfile=${join(folder, 'pid')}`,
    '--log-file=/dev/null',
    '--simple-log',
  ];
  return start('coturn', 'turnserver', options, { port, tlsPort, folder });
}

/** Debian's pion (`golang-github-pion-turn.v2-dev` and `golang-go`), UDP only, or `undefined` when it cannot be built. */
export async function startPion() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-pion-'));
  const program = join(folder, 'pion');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(folder, 'cache') };
  if (spawnSync('go', ['build', '-o', program, PION], { env, stdio: 'ignore' }).status !== 0) return undefined;
  return start('pion', program, [ADDRESS, String(port), REALM, SECRET], { port, folder, udpOnly: true });
}

/** The engine of eturnal (Debian's `erlang-p1-stun`), UDP only, or `undefined` when it is not installed. */
export async function startEturnal() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-eturnal-'));
  return start('eturnal', 'escript', [ETURNAL, ADDRESS, String(port), REALM, SECRET], { port, folder, udpOnly: true });
}

/** The package of that name. It relays no ChannelData of clients, so only its Allocate can be measured. */
export async function startNodeTurn() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-node-turn-'));
  return start('node-turn', process.execPath, [NODE_TURN, String(port), REALM, SECRET], {
    port,
    folder,
    udpOnly: true,
  });
}

async function start(name, program, args, { port, tlsPort, folder, udpOnly = false }) {
  const errors = join(folder, 'stderr');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', openSync(errors, 'w')] });
  const failed = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await failed;
    rmSync(folder, { recursive: true, force: true });
  };
  const up = await Promise.race([answers(port), failed.then(() => false)]);
  if (up) return { name, pid: child.pid, host: ADDRESS, port, tlsPort, udpOnly, stop };
  console.error(readFileSync(errors, 'utf8').trim().slice(0, SHOWN_CHARACTERS));
  await stop();
  return undefined;
}

/** Until a Binding request is answered, 20 seconds at most. */
async function answers(port) {
  const socket = createSocket('udp4');
  const request = Buffer.from('000100002112a442626e6368626e6368626e6368', 'hex');
  let isAnswered = false;
  socket.once('message', () => {
    isAnswered = true;
  });
  try {
    for (let i = 0; i < 200 && !isAnswered; i++) {
      socket.send(request, port, ADDRESS);
      await sleep(100);
    }
    return isAnswered;
  } finally {
    socket.close();
  }
}

async function freePort() {
  const socket = createSocket('udp4');
  await new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address();
  socket.close();
  return port;
}
