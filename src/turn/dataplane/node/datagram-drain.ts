import { type ReceiveBatch } from '../../kernel/receive-batch.ts';
import { SenderText } from '../../kernel/sender-text.ts';
import { portAt } from '../../kernel/sockaddr.ts';

/** How many datagrams in a row that stood alone make it give up looking for the next one. */
const MAX_PASSED_OVER = 15;

/** `bytes` are the receiver's during the call only. */
type Receive = (bytes: Buffer, address: string, port: number) => void;

/** Takes what waits at a socket of `node:dgram`, many datagrams with one system call, in between those that the event loop brings. */
export class DatagramDrain {
  readonly #batch: ReceiveBatch;
  readonly #fd: number;
  readonly #receive: Receive;
  readonly #senders = new SenderText();
  /** How many datagrams of the event loop pass until it looks again, and how many passed the last time that nothing stood behind one. */
  #skip = 0;
  #passedOver = 0;

  constructor(batch: ReceiveBatch, fd: number, receive: Receive) {
    this.#batch = batch;
    this.#fd = fd;
    this.#receive = receive;
  }

  /** Takes what stands behind a datagram that the event loop has just brought. */
  takeBehind(): void {
    if (this.#skip > 0) {
      this.#skip -= 1;
      return;
    }
    const taken = this.take();
    if (taken === 0) {
      this.#passedOver = Math.min(2 * this.#passedOver + 1, MAX_PASSED_OVER);
      this.#skip = this.#passedOver;
      return;
    }
    this.#passedOver = 0;
    // The event loop reads about as many by itself before it goes on to other sockets, which are not to wait for more.
    if (taken === this.#batch.count) this.#skip = taken;
  }

  /** Takes up to a batch of what waits. How many that were. */
  take(): number {
    const { count, memory } = this.#batch;
    const came = Math.max(0, this.#batch.receive(this.#fd, 0, count));
    for (let place = 0; place < came; place++) {
      const nameAt = this.#batch.nameWordAt(place);
      const address = this.#senders.at(memory.uint32, nameAt);
      const start = this.#batch.dataAt(place);
      const bytes = memory.bytes.subarray(start, start + this.#batch.lengthOf(place));
      if (address !== undefined) this.#receive(bytes, address, portAt(memory.uint32, nameAt));
    }
    return came;
  }
}
