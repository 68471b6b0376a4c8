// How honest clients fare while strangers try to take the server for themselves. See README.md.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DgramFlow } from './dgram-flow.mjs';
import { cpuMicros, median, residentKib } from './process-cost.mjs';
import { certificateFolder, DOMAIN, freePort, ORIGIN, PASSWORD, startServer } from './register-servers.mjs';
import { ATTACKS } from './starvation-attacks.mjs';
import { SECRET } from './turn-servers.mjs';
import { statusOf, WicClient } from './wic-client.mjs';

const HONEST = '127.0.0.2';
const MEDIA_MS = 20;
const LATE_MS = 1000;
const ATTACKER = fileURLToPath(new URL('starvation-attacks.mjs', import.meta.url));

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    cli: { type: 'string', default: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) },
    only: { type: 'string' },
    plane: { type: 'string', default: 'auto' },
  },
});
const seconds = Number(options.seconds);
const names = options.only?.split(',') ?? ['none', ...Object.keys(ATTACKS)];

/** One attack on a fresh server. */
async function measure(name) {
  const server = await start();
  if (!server) throw new Error('the server did not start');
  try {
    const call = await Call.begin(server);
    const registration = new Registration(server);
    await registration.begin();
    await sleep(1000);
    const before = { cpu: cpuMicros(server.pid), at: performance.now(), rss: residentKib(server.pid) };
    const attacker =
      name === 'none'
        ? undefined
        : spawn(process.execPath, [ATTACKER, name, JSON.stringify({ ...server, seconds, stop: undefined })], {
            stdio: 'inherit',
          });
    await Promise.all([call.run(seconds), registration.run(seconds)]);
    const cpu = (cpuMicros(server.pid) - before.cpu) / ((performance.now() - before.at) * 1000);
    const rss = (residentKib(server.pid) - before.rss) / 1024;
    if (attacker && attacker.exitCode === null) {
      attacker.kill('SIGKILL');
      await once(attacker, 'exit');
    }
    console.log(
      `| ${ATTACKS[name]?.title ?? 'none'} | ${call.figures()} | ${call.missed} of ${call.sent} | ${registration.figures()} | ` +
        `${registration.refused} of ${registration.tries} | ${(cpu * 100).toFixed(0)} % | ${rss >= 0 ? '+' : ''}${rss.toFixed(0)} MiB |`,
    );
    call.end();
    registration.end();
  } finally {
    await server.stop();
  }
}

/** Edge and relay as they are by default, but that loopback is limited like any other address. */
async function start() {
  const [port, turnPort, tlsPort, folders] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    certificateFolder('starvation'),
  ]);
  const { folder, certFile, keyFile } = folders;
  const config = {
    stateDir: folder,
    domain: DOMAIN,
    tls: { certFile, keyFile },
    edge: {
      listen: { addresses: ['127.0.0.1'], port },
      origins: { allow: [ORIGIN] },
      limits: { exempt: [] },
      core: {
        digest: { algorithms: ['MD5'] },
        users: Array.from({ length: 4 }, (_, i) => ({ name: `load${i}`, password: PASSWORD })),
      },
      credential: { burst: 1000, intervalSec: 1 },
    },
    turn: {
      listeners: [
        { transport: 'udp', address: '127.0.0.1', port: turnPort },
        { transport: 'tcp', address: '127.0.0.1', port: turnPort },
        { transport: 'tls', address: '127.0.0.1', port: tlsPort },
      ],
      relay: { addresses: ['127.0.0.1'] },
      peers: { allowPrivate: true, allow: ['127.0.0.0/8'] },
      dataPlane: options.plane,
    },
    credentials: { keys: [{ id: 'bench', secret: SECRET }] },
  };
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const server = await startServer(
    'epcscf-turn',
    process.execPath,
    [resolve(options.cli), 'serve', '--config', file],
    port,
    folder,
  );
  return (
    server && { ...server, host: '127.0.0.1', port, turnPort, tlsPort, secret: SECRET, domain: DOMAIN, origin: ORIGIN }
  );
}

/** One datagram of media in 20 ms, from a client through its relay to a peer. */
class Call {
  #delays = [];
  #timers = new Map();
  sent = 0;

  static async begin(server) {
    const call = new Call();
    call.peer = createSocket('udp4');
    await new Promise((done) => call.peer.bind(0, HONEST, done));
    call.flow = await DgramFlow.allocate(
      { host: server.host, port: server.turnPort, secret: server.secret },
      'honest',
      HONEST,
    );
    const code = await call.flow.bind({ address: HONEST, port: call.peer.address().port });
    if (code !== 0) throw new Error(`ChannelBind: ${code}`);
    call.peer.on('message', (bytes) => call.#arrived(bytes.readUInt32BE(0)));
    return call;
  }

  async run(seconds) {
    const end = performance.now() + seconds * 1000;
    for (let due = performance.now(); due < end; due += MEDIA_MS) {
      await sleep(Math.max(0, due - performance.now()));
      const frame = Buffer.alloc(164);
      frame.writeUInt16BE(0x4000, 0);
      frame.writeUInt16BE(160, 2);
      frame.writeUInt32BE(this.sent, 4);
      this.#timers.set(this.sent, performance.now());
      this.sent += 1;
      this.flow.socket.send(frame);
    }
    await sleep(LATE_MS);
  }

  get missed() {
    return this.sent - this.#delays.filter((delay) => delay < LATE_MS).length;
  }

  figures() {
    return spread(this.#delays);
  }

  end() {
    this.flow.close();
    this.peer.close();
  }

  #arrived(number) {
    const at = this.#timers.get(number);
    if (at !== undefined) this.#delays.push(performance.now() - at);
    this.#timers.delete(number);
  }
}

/** A client that registers twice a second, and connects anew for it every other time. */
class Registration {
  #target;
  #client;
  #delays = [];
  tries = 0;
  refused = 0;

  constructor({ host, port }) {
    this.#target = { host, port, domain: DOMAIN, origin: ORIGIN, password: PASSWORD, localAddress: HONEST };
  }

  async begin() {
    this.#client = new WicClient(this.#target, 0);
    await this.#client.connect();
    if (statusOf(await this.#client.register()) !== 200) throw new Error('the first REGISTER was refused');
  }

  async run(seconds) {
    const end = performance.now() + seconds * 1000;
    for (let due = performance.now(); due < end; due += 500) {
      await sleep(Math.max(0, due - performance.now()));
      this.tries += 1;
      const at = performance.now();
      const isServed = await this.#round().catch(() => false);
      if (isServed) this.#delays.push(performance.now() - at);
      else this.refused += 1;
    }
  }

  figures() {
    return spread(this.#delays, false);
  }

  end() {
    this.#client.close();
  }

  async #round() {
    if (this.tries % 2 === 0) {
      this.#client.close();
      this.#client = new WicClient(this.#target, 0);
      await this.#client.connect();
    }
    return statusOf(await this.#client.register()) === 200;
  }
}

function spread(delays, withTail = true) {
  if (delays.length === 0) return 'none';
  const sorted = [...delays].sort((a, b) => a - b);
  const figures = [median(sorted), ...(withTail ? [sorted[Math.floor(sorted.length * 0.95)]] : []), sorted.at(-1)];
  return figures.map((ms) => ms.toFixed(1)).join(', ');
}

console.log(
  '| attack | media: median, p95, longest (ms) | late or lost | REGISTER: median, longest (ms) | refused | server CPU | RSS |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const name of names) await measure(name);
