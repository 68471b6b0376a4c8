import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { errorCode, nonce, realm, username } from '../../dist/stun/attributes/rfc8489.js';
import { channelNumber, lifetime, requestedTransport, xorPeerAddress } from '../../dist/stun/attributes/rfc8656.js';
import { Method } from '../../dist/stun/message-type.js';
import { decodeMessage } from '../../dist/stun/message.js';
import { StunWriter } from '../../dist/stun/writer.js';
import { cpuMicros, residentKib } from './process-cost.mjs';
import { SECRET } from './turn-servers.mjs';

const UDP = 17;
const CHANNEL = 0x4000;
const HEADER_BYTES = 4;
const RETRANSMIT_MS = 500;
const IN_FLIGHT = 64;

/** One user, one UDP socket, one allocation. */
export class Flow {
  #waiting = new Map();
  #realm = '';
  #nonce = '';

  static async open(server, user, localAddress) {
    const flow = new Flow();
    flow.username = `${Math.floor(Date.now() / 1000) + 3600}:${user}`;
    flow.password = createHmac('sha1', SECRET).update(flow.username).digest('base64');
    flow.socket = createSocket('udp4');
    if (localAddress) await new Promise((resolve) => flow.socket.bind(0, localAddress, resolve));
    await new Promise((resolve) => {
      flow.socket.connect(server.port, server.host, resolve);
    });
    flow.onData = () => undefined;
    flow.socket.on('message', (bytes) => {
      if (bytes[0] >= 64) flow.onData(bytes);
      else flow.#onStun(bytes);
    });
    return flow;
  }

  /**
   * A flow with its allocation. The kernel may hand out a port on which coturn still knows an allocation that has ended: that one is 437,
   * and the next port is tried.
   */
  static async allocate(server, user, localAddress) {
    for (;;) {
      const flow = await Flow.open(server, user, localAddress);
      const code = await flow.#allocate();
      if (code === 0) return flow;
      flow.close();
      if (code !== 437) throw new Error(`the server answered Allocate with ${code}`);
    }
  }

  #allocate() {
    return this.#request(Method.Allocate, (request) => request.add(requestedTransport, UDP));
  }

  refresh(seconds) {
    return this.#request(Method.Refresh, (request) => request.add(lifetime, seconds));
  }

  bind(peer) {
    return this.#request(Method.ChannelBind, (request) =>
      request.add(channelNumber, CHANNEL).add(xorPeerAddress, { family: 4, address: peer.address, port: peer.port }),
    );
  }

  close() {
    this.socket.close();
  }

  /** The error code, or 0. */
  async #request(method, fill) {
    for (let round = 0; round < 3; round++) {
      const answer = await this.#transact(method, fill);
      if (answer.messageClass === 'success') return 0;
      const { code } = answer.get(errorCode);
      if (code !== 401 && code !== 438) return code;
      this.#realm = answer.get(realm);
      this.#nonce = answer.get(nonce);
      this.key = createHash('md5').update(`${this.username}:${this.#realm}:${this.password}`).digest();
    }
    return 401;
  }

  #transact(method, fill) {
    const id = randomBytes(12);
    const request = fill(new StunWriter(method, 'request', id));
    if (this.key) {
      request.add(username, this.username).add(realm, this.#realm).add(nonce, this.#nonce).addIntegrity(this.key);
    }
    const bytes = request.finish();
    return new Promise((resolve) => {
      this.socket.send(bytes);
      const again = setInterval(() => this.socket.send(bytes), RETRANSMIT_MS);
      this.#waiting.set(id.toString('latin1'), (answer) => {
        clearInterval(again);
        resolve(answer);
      });
    });
  }

  #onStun(bytes) {
    const id = bytes.toString('latin1', 8, 20);
    this.#waiting.get(id)?.(decodeMessage(bytes).value);
    this.#waiting.delete(id);
  }
}

/** Runs `work` on 0 to count - 1, `width` at a time. */
async function inParallel(count, width, work) {
  let next = 0;
  const results = [];
  const worker = async () => {
    while (next < count) {
      const i = next++;
      results[i] = await work(i);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

function openFlows(server, count) {
  return inParallel(count, IN_FLIGHT, (i) => Flow.allocate(server, `user${i}`));
}

async function closeFlows(flows) {
  await inParallel(flows.length, IN_FLIGHT, async (i) => {
    await flows[i].refresh(0);
    flows[i].close();
  });
}

/** A peer that sends everything back, over the relay to the client. */
async function openEcho() {
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) });
  await new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const echo = { socket, address: '127.0.0.1', port: socket.address().port, packets: 0 };
  socket.on('message', (bytes, { address, port }) => {
    echo.packets++;
    socket.send(bytes, port, address);
  });
  return echo;
}

/**
 * This repository's own load: one process over node:dgram. It costs more than the servers it measures, so they are never saturated; compare
 * their CPU and not the packet rates. An external generator gets nearer to saturation.
 */
export const nodeLoad = {
  name: 'test/bench/load-node.mjs',

  /** IN_FLIGHT packets go round: client, relay, echo, relay, client. */
  async relay(server, { flows: count, size, seconds }) {
    const echo = await openEcho();
    const flows = await openFlows(server, count);
    for (const flow of flows) await flow.bind(echo);
    const frame = Buffer.alloc(HEADER_BYTES + size, 1);
    frame.writeUInt16BE(CHANNEL, 0);
    frame.writeUInt16BE(size, 2);
    let sent = 0;
    let back = 0;
    let running = true;
    const sendOne = () => {
      flows[sent++ % flows.length].socket.send(frame);
    };
    for (const flow of flows) {
      flow.onData = () => {
        back++;
        if (running) sendOne();
      };
    }
    for (let i = 0; i < IN_FLIGHT; i++) sendOne();
    // What is lost is put back into flight, so that the load does not run dry.
    let seen = 0;
    const refill = setInterval(() => {
      if (back === seen) for (let i = 0; i < IN_FLIGHT; i++) sendOne();
      seen = back;
    }, 100);
    await sleep(500);
    const before = { cpu: cpuMicros(server.pid), packets: back + echo.packets, sent, back, at: performance.now() };
    await sleep(seconds * 1000);
    const packets = back + echo.packets - before.packets;
    const cpu = cpuMicros(server.pid) - before.cpu;
    const elapsedMs = performance.now() - before.at;
    const lost = Math.max(0, sent - before.sent - (back - before.back) - IN_FLIGHT);
    running = false;
    clearInterval(refill);
    await sleep(50);
    await closeFlows(flows);
    echo.socket.close();
    return {
      cpuMicrosPerPacket: cpu / packets,
      packetsPerSec: (packets / elapsedMs) * 1000,
      lossPercent: (lost / (sent - before.sent)) * 100,
    };
  },

  /** Allocate, 401, Allocate, success, Refresh 0. */
  async allocate(server, { count, concurrency }) {
    const before = { cpu: cpuMicros(server.pid), at: performance.now() };
    const flows = await inParallel(count, concurrency, async (i) => {
      const flow = await Flow.allocate(server, `user${i}`);
      await flow.refresh(0);
      return flow;
    });
    const cpu = cpuMicros(server.pid) - before.cpu;
    for (const flow of flows) flow.close();
    return { cpuMicrosPerAllocate: cpu / count, perSec: (count / (performance.now() - before.at)) * 1000 };
  },

  async hold(server, { count }) {
    const before = residentKib(server.pid);
    const flows = await openFlows(server, count);
    await sleep(500);
    const held = residentKib(server.pid);
    await closeFlows(flows);
    return { kibPerAllocation: (held - before) / count };
  },
};

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
