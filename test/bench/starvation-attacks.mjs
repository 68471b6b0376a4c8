// What strangers do in `starvation.mjs`; each attack runs in a process of its own, for a bounded time.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

const STRANGER = '127.0.0.66';

/** By a short name; what stands in the table, and who does it. */
export const ATTACKS = {
  'tcp-10': { title: 'wrong Allocate over TCP, 10 connections', run: (server) => streamFlood(server, 10, allocate) },
  'tcp-50': { title: 'wrong Allocate over TCP, 50 connections', run: (server) => streamFlood(server, 50, allocate) },
  binding: { title: 'Binding over TCP, 50 connections', run: (server) => streamFlood(server, 50, binding) },
  'tls-10': {
    title: 'wrong Allocate over TLS, 10 connections',
    run: (server) => streamFlood(server, 10, allocate, true),
  },
  burst: { title: '256 KB at once on each of 100 TCP connections', run: streamBurst },
  udp: { title: 'wrong Allocate over UDP', run: udpFlood },
  handshakes: { title: 'TLS handshakes at turns:', run: handshakes },
  readers: { title: 'pages asked for and not read, 5 addresses × 140 connections', run: slowReaders },
  health: { title: '/healthz pipelined without end, 5 connections', run: httpFlood },
  dear: { title: 'requests of 48 KB with 24,000 option tags, 10 WebSockets', run: dearMessages },
  passwords: { title: 'wrong passwords in messages of 60 KB, 30 WebSockets', run: wrongPasswords },
  allocations: { title: 'allocations made and ended by one user without end', run: allocations },
};

function binding() {
  return stun(0x0001, []);
}

function allocate(nonce = 'bm9uY2U') {
  return stun(0x0003, [
    attribute(0x0019, Buffer.from([17, 0, 0, 0])),
    attribute(0x0006, Buffer.from('9999999999:stranger')),
    attribute(0x0014, Buffer.from('bench.example')),
    attribute(0x0015, Buffer.from(nonce)),
    attribute(0x0008, randomBytes(20)),
  ]);
}

async function streamFlood({ host, turnPort, tlsPort, isOver }, count, make, secure = false) {
  const chunk = Buffer.concat(Array.from({ length: 200 }, () => make()));
  const one = async () => {
    while (!isOver()) {
      const socket = secure
        ? connectTls({ host, port: tlsPort, localAddress: STRANGER, rejectUnauthorized: false })
        : connect({ host, port: turnPort, localAddress: STRANGER });
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      const closed = new Promise((done) => socket.once('close', done));
      await Promise.race([closed, new Promise((done) => socket.once(secure ? 'secureConnect' : 'connect', done))]);
      while (!socket.destroyed && !isOver()) {
        if (socket.writableNeedDrain) await sleep(2);
        else if (!socket.write(chunk)) await sleep(0);
      }
      socket.destroy();
      await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

async function streamBurst({ host, turnPort, isOver }) {
  const chunk = Buffer.concat(Array.from({ length: 2200 }, () => allocate())).subarray(0, 262_144);
  const sockets = Array.from({ length: 100 }, () => connect({ host, port: turnPort, localAddress: STRANGER }));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
  }
  await sleep(1000);
  for (const socket of sockets) socket.write(chunk);
  while (!isOver()) await sleep(100);
  for (const socket of sockets) socket.destroy();
}

async function udpFlood({ host, turnPort, isOver }) {
  const socket = createSocket('udp4');
  await new Promise((done) => socket.bind(0, STRANGER, done));
  let nonce;
  socket.on('message', (bytes) => {
    nonce ??= findAttribute(bytes, 0x0015);
  });
  socket.on('error', () => undefined);
  while (!isOver()) {
    for (let i = 0; i < 40; i++) socket.send(allocate(nonce), turnPort, host);
    await sleep(1);
  }
  socket.close();
}

async function handshakes({ host, tlsPort, isOver }) {
  const one = async () => {
    while (!isOver()) {
      const socket = connectTls({
        host,
        port: tlsPort,
        localAddress: STRANGER,
        rejectUnauthorized: false,
        session: undefined,
      });
      socket.on('error', () => undefined);
      await new Promise((done) => {
        socket.once('secureConnect', done);
        socket.once('close', done);
      });
      socket.destroy();
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

async function slowReaders({ host, port, isOver }) {
  const asked = Buffer.from('GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
  const one = async (address) => {
    while (!isOver()) {
      const socket = connectTls({ host, port, localAddress: address, rejectUnauthorized: false });
      socket.on('error', () => undefined);
      const closed = new Promise((done) => socket.once('close', done));
      socket.once('secureConnect', () => {
        socket.pause();
        socket.write(asked);
      });
      await Promise.race([closed, sleep(30_000)]);
      socket.destroy();
      await sleep(100);
    }
  };
  const addresses = Array.from({ length: 5 }, (_, i) => `127.0.1.${i + 1}`);
  await Promise.race([
    Promise.all(addresses.flatMap((address) => Array.from({ length: 140 }, () => one(address)))),
    untilOver(isOver),
  ]);
}

async function httpFlood({ host, port, isOver }) {
  const asked = Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
  const one = async () => {
    while (!isOver()) {
      const socket = connectTls({ host, port, localAddress: STRANGER, rejectUnauthorized: false });
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      const closed = new Promise((done) => socket.once('close', done));
      await Promise.race([closed, new Promise((done) => socket.once('secureConnect', done))]);
      while (!socket.destroyed && !isOver()) {
        if (!socket.writableNeedDrain) socket.write(asked);
        await sleep(10);
      }
      socket.destroy();
      await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: 5 }, one));
}

async function dearMessages(server) {
  const message = (n) =>
    `OPTIONS sip:${server.domain} SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK${n}\r\nMax-Forwards: 9\r\nTo: <sip:${server.domain}>\r\n` +
    `From: <sip:load3@${server.domain}>;tag=1\r\nCall-ID: ${n}\r\nCSeq: 1 OPTIONS\r\n` +
    `Require: ${'a,'.repeat(7900)}a\r\nRequire: ${'b,'.repeat(7900)}b\r\nRequire: ${'c,'.repeat(7900)}c\r\nContent-Length: 0\r\n\r\n`;
  await webSocketFlood(server, 10, message);
}

async function wrongPasswords(server) {
  const padding = `X-Padding: ${'x'.repeat(15_000)}\r\n`.repeat(4);
  const message = (n) =>
    `REGISTER sip:${server.domain} SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK${n}\r\nMax-Forwards: 9\r\n` +
    `To: <sip:nobody-of-that-name-${n}@${server.domain}>\r\nFrom: <sip:nobody-of-that-name-${n}@${server.domain}>;tag=1\r\nCall-ID: ${n}\r\nCSeq: 1 REGISTER\r\n` +
    `Contact: <sip:x@x.invalid>\r\nAuthorization: Digest username="nobody-of-that-name-${n}", realm="${server.domain}", nonce="n", uri="sip:${server.domain}", response="00"\r\n${padding}Content-Length: 0\r\n\r\n`;
  await webSocketFlood(server, 30, message);
}

async function webSocketFlood({ host, port, origin, isOver }, count, message) {
  let n = 0;
  const one = async () => {
    while (!isOver()) {
      const socket = new WebSocket(`wss://${host}:${port}/`, 'sip', {
        origin,
        rejectUnauthorized: false,
        localAddress: STRANGER,
      });
      socket.on('error', () => undefined);
      socket.on('message', () => undefined);
      const closed = new Promise((done) => socket.once('close', done));
      await Promise.race([closed, new Promise((done) => socket.once('open', done))]);
      while (socket.readyState === WebSocket.OPEN && !isOver()) {
        socket.send(message(n++));
        await sleep(20);
      }
      socket.terminate();
      await sleep(100);
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

/** With a credential of its own, from as many ports as it takes. */
async function allocations({ host, turnPort, secret, isOver }) {
  const username = '9999999999:stranger';
  const password = createHmac('sha1', secret).update(username).digest('base64');
  const one = async () => {
    const socket = createSocket('udp4');
    await new Promise((done) => socket.bind(0, STRANGER, done));
    const ask = async (bytes) => {
      socket.send(bytes, turnPort, host);
      return Promise.race([new Promise((done) => socket.once('message', done)), sleep(500)]);
    };
    const challenge = await ask(stun(0x0003, [attribute(0x0019, Buffer.from([17, 0, 0, 0]))]));
    const [realm, nonce] = challenge ? [findAttribute(challenge, 0x0014), findAttribute(challenge, 0x0015)] : [];
    const key = createHash('md5').update(`${username}:${realm}:${password}`).digest();
    const signed = (method, more) =>
      stun(
        method,
        [...more, attribute(0x0006, Buffer.from(username)), attribute(0x0014, realm), attribute(0x0015, nonce)],
        key,
      );
    while (realm && !isOver()) {
      await ask(signed(0x0003, [attribute(0x0019, Buffer.from([17, 0, 0, 0]))]));
      await ask(signed(0x0004, [attribute(0x000d, Buffer.alloc(4))]));
    }
    socket.close();
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

function stun(type, attributes, key) {
  const body = Buffer.concat(attributes);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  header.writeUInt32BE(0x2112a442, 4);
  randomBytes(12).copy(header, 8);
  const message = Buffer.concat([header, body]);
  return key ? Buffer.concat([message, attribute(0x0008, createHmac('sha1', key).update(message).digest())]) : message;
}

function attribute(type, value) {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

function findAttribute(bytes, wanted) {
  for (let at = 20; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2);
    if (bytes.readUInt16BE(at) === wanted) return bytes.subarray(at + 4, at + 4 + length);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}

async function untilOver(isOver) {
  while (!isOver()) await sleep(100);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , name, text] = process.argv;
  const target = JSON.parse(text);
  const endMs = Date.now() + target.seconds * 1000;
  // What is measured is whom the server serves, not whom the machine does.
  setPriority(10);
  await ATTACKS[name].run({ ...target, isOver: () => Date.now() >= endMs });
  process.exit();
}
