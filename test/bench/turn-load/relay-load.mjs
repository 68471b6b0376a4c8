import { setImmediate as turn } from 'node:timers/promises';
import { treeCpuMicros } from '../register-cost.mjs';
import { accepted, forEachFlow, ipNumber, openClients } from './clients.mjs';
import { Latency } from './latency.mjs';
import { PacketSocket } from './packet-socket.mjs';

const LOOPBACK = ipNumber('127.0.0.1');
const PEERS = 4;
const FIRST_CHANNEL = 0x4000;
const CHANNEL_HEADER_BYTES = 4;
const WIDTH = 64;
const WARM_MS = 1000;
const STALL_MS = 20;
/** Flow, direction, time. */
const MIN_BYTES = 16;
const UP = 0;
const DOWN = 1;
const DATA_ATTRIBUTE = 0x0013;
const SEND_INDICATION = 0x0016;
const MAGIC_COOKIE = 0x2112a442;
const STUN_HEADER_BYTES = 20;
/** Header, XOR-PEER-ADDRESS of IPv4, header of DATA. */
const SEND_OVERHEAD_BYTES = STUN_HEADER_BYTES + 12 + 4;

/**
 * Relays payloads of `size` bytes both ways for a while. Without `rate`, `window` of them are on their way all the time; with it, that many a second leave
 * at fixed times, `burst` of one flow at a time. `pairs`: each client's peer is the relayed address of another one. `method`: `channel` or `send`.
 */
export async function relayLoad(calls, server, options) {
  const {
    flows: count,
    size,
    seconds,
    rate,
    burst = 1,
    window = 64,
    pairs = false,
    method = 'channel',
    transport = 'udp',
  } = options;
  if (size < MIN_BYTES) throw new Error(`--size: ${MIN_BYTES} bytes at least`);
  const delivered = [0, 0];
  const latency = [new Latency(), new Latency()];
  const sent = [0, 0];
  let lastAt = performance.now();
  let isMeasured = false;
  let onDelivered = () => undefined;

  /** A payload has arrived. */
  const arrive = (bytes, at, length, direction) => {
    if (length !== size) return;
    const flow = bytes.readUInt32LE(at);
    delivered[direction]++;
    lastAt = performance.now();
    if (isMeasured) latency[direction].add((lastAt - bytes.readDoubleLE(at + 8)) * 1000);
    onDelivered(flow, direction);
  };
  const peers = Array.from({ length: pairs ? 0 : PEERS }, () => new PacketSocket(calls, LOOPBACK));
  const clients = await openClients(calls, {
    ...{ transport, ...server, count },
    onData: (flow, bytes, at, length) => {
      const isChannelData = bytes[at] >= 64;
      const dataAt = isChannelData ? at + CHANNEL_HEADER_BYTES : dataOf(bytes, at, length);
      const dataLength = bytes.readUInt16BE(isChannelData ? at + 2 : dataAt - 2);
      arrive(bytes, dataAt, dataLength, pairs ? UP : DOWN);
    },
  });
  const { flows } = clients;
  const takeAtPeer = (bytes, at, length) => arrive(bytes, at, length, UP);

  const putPayload = (bytes, at, flow) => {
    bytes.writeUInt32LE(flow.index, at);
    bytes.writeDoubleLE(performance.now(), at + 8);
  };
  const sendUp = (flow) => {
    sent[UP]++;
    const overhead = method === 'channel' ? CHANNEL_HEADER_BYTES : SEND_OVERHEAD_BYTES;
    const padded = method === 'channel' ? size : (size + 3) & ~3;
    const at = flow.place(overhead + padded);
    const { bytes } = flow;
    if (method === 'channel') {
      bytes.writeUInt16BE(flow.channel, at);
      bytes.writeUInt16BE(size, at + 2);
    } else writeSend(bytes, at, flow.peer, size, padded);
    putPayload(bytes, at + overhead, flow);
  };
  const sendDown = (flow) => {
    sent[DOWN]++;
    const socket = peers[flow.index % PEERS];
    putPayload(socket.bytes, socket.place(flow.relayIp, flow.relayed.port, 0, size), flow);
  };
  const send = (flow, direction) => (direction === UP ? sendUp(flow) : sendDown(flow));

  const pump = () => {
    let taken = clients.pump();
    for (const peer of peers) {
      peer.flush();
      taken += peer.receive(takeAtPeer);
    }
    return taken;
  };

  await forEachFlow(clients, WIDTH, async (flow) => {
    accepted(await flow.allocate());
    flow.relayIp = ipNumber(flow.relayed.address);
  });
  await forEachFlow(clients, WIDTH, async (flow) => {
    const other = pairs
      ? flows[flow.index ^ 1].relayed
      : { family: 4, address: '127.0.0.1', port: peers[flow.index % PEERS].port };
    flow.peer = other;
    accepted(await flow.permit(other));
    if (method === 'channel') accepted(await flow.bind(FIRST_CHANNEL, other));
  });

  const directions = pairs ? [UP] : [UP, DOWN];
  let next = 0;
  const flowsUsed = flows.length;
  let started = performance.now();
  let trainLeft = 0;
  let trainFlow = flows[0];
  let trainDirection = UP;
  const sendNext = () => {
    if (trainLeft === 0) {
      trainLeft = burst;
      trainFlow = flows[Math.floor(next / directions.length) % flowsUsed];
      trainDirection = directions[next % directions.length];
      next++;
    }
    trainLeft--;
    send(trainFlow, trainDirection);
  };
  let paced = 0;
  let tick;
  if (rate === undefined) {
    onDelivered = (index, direction) => {
      if (pairs) sendUp(flows[index ^ 1]);
      else if (direction === UP) sendDown(flows[index]);
      else sendUp(flows[next++ % flowsUsed]);
    };
    tick = () => {
      // What is lost is put back on its way.
      if (performance.now() - lastAt < STALL_MS) return;
      lastAt = performance.now();
      for (let i = 0; i < window; i++) sendUp(flows[next++ % flowsUsed]);
    };
    lastAt = -Infinity;
  } else {
    tick = () => {
      const due = Math.floor(((performance.now() - started) / 1000) * rate);
      // A generator that was held up does not make up for it.
      if (due - paced > rate / 20) paced = due - Math.floor(rate / 20);
      for (; paced < due; paced++) sendNext();
    };
  }

  const run = async (milliseconds) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      tick();
      const taken = pump();
      if (clients.isStream || taken === 0) await turn();
    }
  };
  await run(WARM_MS);
  const before = {
    cpu: treeCpuMicros(server.pid),
    up: delivered[UP],
    down: delivered[DOWN],
    sent: sent[UP] + sent[DOWN],
    at: performance.now(),
  };
  isMeasured = true;
  await run(seconds * 1000);
  isMeasured = false;
  const cpu = treeCpuMicros(server.pid) - before.cpu;
  const elapsedSec = (performance.now() - before.at) / 1000;
  const up = delivered[UP] - before.up;
  const down = delivered[DOWN] - before.down;
  const offered = sent[UP] + sent[DOWN] - before.sent;
  onDelivered = () => undefined;
  await forEachFlow(clients, WIDTH, (flow) => flow.refresh(0));
  clients.close();
  for (const peer of peers) peer.close();
  return {
    cpu_us_per_pkt: cpu / (up + down),
    pps: (up + down) / elapsedSec,
    loss_pct: Math.max(0, 100 * (1 - (up + down) / offered)),
    up_pps: up / elapsedSec,
    down_pps: down / elapsedSec,
    up_p50_us: latency[UP].quantile(0.5),
    up_p99_us: latency[UP].quantile(0.99),
    down_p50_us: latency[DOWN].quantile(0.5),
    down_p99_us: latency[DOWN].quantile(0.99),
  };
}

/** Where the value of DATA begins. */
function dataOf(bytes, at, length) {
  for (let i = at + STUN_HEADER_BYTES; i < at + length;) {
    const size = bytes.readUInt16BE(i + 2);
    if (bytes.readUInt16BE(i) === DATA_ATTRIBUTE) return i + 4;
    i += 4 + ((size + 3) & ~3);
  }
  return at + length;
}

/** A Send indication up to its payload (RFC 8656 §11.1). */
function writeSend(bytes, at, peer, size, padded) {
  bytes.writeUInt16BE(SEND_INDICATION, at);
  bytes.writeUInt16BE(12 + 4 + padded, at + 2);
  bytes.writeUInt32BE(MAGIC_COOKIE, at + 4);
  bytes.writeUInt32BE(0x0012_0008, at + STUN_HEADER_BYTES);
  bytes.writeUInt16BE(0x0001, at + STUN_HEADER_BYTES + 4);
  bytes.writeUInt16BE(peer.port ^ (MAGIC_COOKIE >>> 16), at + STUN_HEADER_BYTES + 6);
  bytes.writeUInt32BE((ipNumber(peer.address) ^ MAGIC_COOKIE) >>> 0, at + STUN_HEADER_BYTES + 8);
  bytes.writeUInt16BE(DATA_ATTRIBUTE, at + STUN_HEADER_BYTES + 12);
  bytes.writeUInt16BE(size, at + STUN_HEADER_BYTES + 14);
}
