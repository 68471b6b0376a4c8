import { connect as connectTcp } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { PacketSocket } from './packet-socket.mjs';
import { TurnFlow } from './turn-flow.mjs';

const FIRST_CLIENT = 0x7f400001;
/** Flows of one source port, so that datagrams of many clients leave in one system call. */
const FLOWS_PER_SOCKET = 4096;
const CHANNEL_HEADER_BYTES = 4;
const MAX_WAITING_BYTES = 1 << 20;

export function ipNumber(text) {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** The clients of a load and the way to their server. `onData(flow, bytes, at, length)`: what is no answer to a request. */
export async function openClients(calls, { transport, host, port, count, secret, onData }) {
  const open = transport === 'udp' ? openUdp : openStreams;
  return open({ calls, transport, host, port, count, secret, onData });
}

/** Each client is an address of its own, from 127.64.0.1 on. */
function openUdp({ calls, host, port, count, secret, onData }) {
  const server = ipNumber(host);
  const sockets = Array.from({ length: Math.ceil(count / FLOWS_PER_SOCKET) }, () => new PacketSocket(calls, 0));
  const flows = Array.from({ length: count }, (_, i) => {
    const socket = sockets[Math.floor(i / FLOWS_PER_SOCKET)];
    const flow = new TurnFlow(i, secret, (bytes) => socket.send(bytes, server, port, FIRST_CLIENT + i));
    /** Where in `bytes` the next datagram of this flow goes. */
    flow.place = (length) => socket.place(server, port, FIRST_CLIENT + i, length);
    flow.bytes = socket.bytes;
    return flow;
  });
  const take = (bytes, at, length, _from, _port, to) => {
    const flow = flows[to - FIRST_CLIENT];
    if (flow) dispatch(flow, bytes, at, length, onData);
  };
  return {
    flows,
    isStream: false,
    /** Sends what waits and takes what has come; how much that was. */
    pump() {
      let taken = 0;
      for (const socket of sockets) {
        socket.flush();
        taken += socket.receive(take);
      }
      return taken;
    },
    close: () => sockets.forEach((socket) => socket.close()),
  };
}

/** Each client is a connection. */
async function openStreams({ transport, host, port, count, secret, onData }) {
  const flows = [];
  for (let i = 0; i < count; i++) {
    const socket =
      transport === 'tls' ? connectTls({ host, port, rejectUnauthorized: false }) : connectTcp({ host, port });
    await new Promise((resolve, reject) =>
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', resolve).once('error', reject),
    );
    socket.setNoDelay(true);
    const flow = new TurnFlow(i, secret, (bytes) => socket.write(bytes));
    flow.socket = socket;
    flow.queue = [];
    flow.place = (length) => {
      flow.bytes = Buffer.alloc((length + 3) & ~3);
      // What the server does not read is lost, as it would be over UDP.
      if (socket.writableLength < MAX_WAITING_BYTES) flow.queue.push(flow.bytes);
      return 0;
    };
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = dispatchStream(flow, rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), onData);
    });
    flows.push(flow);
  }
  return {
    flows,
    isStream: true,
    pump() {
      for (const { queue, socket } of flows) {
        if (queue.length === 0) continue;
        socket.write(queue.length === 1 ? queue[0] : Buffer.concat(queue));
        queue.length = 0;
      }
      return 0;
    },
    close: () => flows.forEach(({ socket }) => socket.destroy()),
  };
}

/** Hands over the whole messages of a stream (RFC 8656 §12.5: ChannelData is padded there); what is left. */
function dispatchStream(flow, bytes, onData) {
  let at = 0;
  while (bytes.length - at >= CHANNEL_HEADER_BYTES) {
    const isChannelData = bytes[at] >= 64;
    const length = bytes.readUInt16BE(at + 2) + (isChannelData ? CHANNEL_HEADER_BYTES : 20);
    const padded = (length + 3) & ~3;
    if (bytes.length - at < padded) break;
    dispatch(flow, bytes, at, length, onData);
    at += padded;
  }
  return bytes.subarray(at);
}

function dispatch(flow, bytes, at, length, onData) {
  const isAnswer = bytes[at] === 1;
  if (isAnswer) flow.receive(Buffer.from(bytes.subarray(at, at + length)));
  else onData(flow, bytes, at, length);
}

/** Does `work` for each flow, `width` at a time, while packets come and go. */
export async function forEachFlow(clients, width, work) {
  const { flows } = clients;
  let next = 0;
  let done = 0;
  let failure;
  const worker = async () => {
    while (next < flows.length && !failure) {
      await work(flows[next++]);
      done++;
    }
  };
  for (let i = 0; i < width; i++) {
    worker().catch((error) => {
      failure = error;
    });
  }
  for (let sweptMs = performance.now(); done < flows.length && !failure;) {
    clients.pump();
    await turn();
    if (performance.now() - sweptMs < 100) continue;
    sweptMs = performance.now();
    for (const flow of flows) flow.retransmit(sweptMs);
  }
  if (failure) throw failure;
}

/** Throws unless the server has taken a request. */
export function accepted(code) {
  if (code !== 0) throw new Error(`the server answered ${code}`);
}
