import { createSocket } from 'node:dgram';
import { TurnFlow } from './turn-load/turn-flow.mjs';

const CHANNEL = 0x4000;
const RETRANSMIT_MS = 100;

/** One client of the relay over a socket of Node: its allocation, and a channel to one peer. */
export class DgramFlow {
  #flow;
  #timer;

  /** `localAddress`: what it sends from. */
  static async allocate({ host, port, secret }, user, localAddress) {
    const client = new DgramFlow();
    client.socket = createSocket('udp4');
    await new Promise((resolve) => client.socket.bind(0, localAddress, resolve));
    await new Promise((resolve) => client.socket.connect(port, host, resolve));
    client.#flow = new TurnFlow(user, secret, (bytes) => client.socket.send(bytes));
    client.socket.on('message', (bytes) => client.#flow.receive(bytes));
    client.#timer = setInterval(() => client.#flow.retransmit(performance.now()), RETRANSMIT_MS);
    const code = await client.#flow.allocate();
    if (code === 0) return client;
    client.close();
    throw new Error(`the server answered Allocate with ${code}`);
  }

  /** The error code, or 0. */
  bind({ address, port }) {
    return this.#flow.bind(CHANNEL, { family: 4, address, port });
  }

  close() {
    clearInterval(this.#timer);
    this.socket.close();
  }
}
