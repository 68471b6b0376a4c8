import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SECRET = 'bench';
const REALM = 'bench.example';
const NODE_TURN = fileURLToPath(new URL('node-turn-server.mjs', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Our relay as it is shipped, without the edge; its log goes nowhere, at the level it has by default. */
export async function startOurs(nodeFlags = []) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-ours-'));
  const config = {
    stateDir: folder,
    domain: REALM,
    edge: { enabled: false },
    turn: {
      listeners: [{ transport: 'udp', address: '127.0.0.1', port }],
      relay: { addresses: ['127.0.0.1'] },
      quota: { perUser: 1_000_000, total: 1_000_000 },
      peers: { allowPrivate: true },
    },
    credentials: { keys: [{ id: 'bench', secret: SECRET }] },
  };
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return start('epcscf-turn', process.execPath, [...nodeFlags, CLI, 'serve', '--config', file], port, folder);
}

/** Debian's coturn in the same mode, or `undefined` when it is not installed. */
export async function startCoturn() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-coturn-'));
  const options = [
    '-n',
    '--no-cli',
    '--no-tls',
    '--no-dtls',
    '--no-rfc5780',
    '--allow-loopback-peers',
    '--use-auth-secret',
    `--static-auth-secret=${SECRET}`,
    `--realm=${REALM}`,
    '--listening-ip=127.0.0.1',
    '--relay-ip=127.0.0.1',
    `--listening-port=${port}`,
    '--min-port=20000',
    '--max-port=65535',
    `--userdb=${join(folder, 'db')}`,
    `--pidfile=${join(folder, 'pid')}`,
    '--log-file=/dev/null',
    '--simple-log',
  ];
  return start('coturn', 'turnserver', options, port, folder);
}

/** The package of that name. It relays no ChannelData of clients, so only its Allocate can be measured. */
export async function startNodeTurn() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-node-turn-'));
  return start('node-turn', process.execPath, [NODE_TURN, String(port), REALM, SECRET], port, folder);
}

async function start(name, program, args, port, folder) {
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
  if (up) return { name, pid: child.pid, host: '127.0.0.1', port, stop };
  await stop();
  return undefined;
}

/** Until a Binding request is answered, 20 seconds at most. */
async function answers(port) {
  const socket = createSocket('udp4');
  const request = Buffer.from('000100002112a442626e6368626e6368626e6368', 'hex');
  try {
    for (let i = 0; i < 200; i++) {
      const answer = new Promise((resolve) => {
        socket.once('message', () => resolve(true));
        setTimeout(resolve, 100, false);
      });
      socket.send(request, port, '127.0.0.1');
      if (await answer) return true;
    }
    return false;
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
