import { type TransportAddress } from '../../../base/transport-address.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../kernel/sockaddr.ts';
import { type Numbers } from './numbers.ts';
import { ELSEWHERE } from './shard-tables.ts';
import { type Shards } from './shards.ts';
import { Command } from './shard-words.ts';

/** Takes data of a relay of this plane, which is the peer, for a relay of another one. */
export type ReceiveFromOwn = (peer: TransportAddress, data: Buffer) => void;

interface Foreign {
  readonly number: number;
  readonly receive: ReceiveFromOwn;
}

/** Relays of another plane of this server, on the main thread. Shards know that they are there, so that data for them takes the straight path. */
export class ForeignRelays {
  readonly #shards: Shards;
  readonly #numbers: Numbers;
  readonly #byAddress = new Map<string, Foreign>();
  readonly #byNumber = new Map<number, Foreign>();

  constructor(shards: Shards, numbers: Numbers) {
    this.#shards = shards;
    this.#numbers = numbers;
  }

  add(relayed: TransportAddress, receive: ReceiveFromOwn): void {
    const number = this.#numbers.take();
    // Without a number its data goes through the network, to the same place.
    if (number === undefined) return;
    const foreign = { number, receive };
    this.#byAddress.set(keyOf(relayed), foreign);
    this.#byNumber.set(number, foreign);
    const words = new Uint32Array(SOCKADDR_WORDS);
    writeSockaddr(words, 0, relayed);
    this.#shards.tellAll(Command.OpenRelay, number, ELSEWHERE, 0, words);
  }

  remove(relayed: TransportAddress): void {
    const key = keyOf(relayed);
    const foreign = this.#byAddress.get(key);
    if (!foreign) return;
    this.#byAddress.delete(key);
    this.#byNumber.delete(foreign.number);
    this.#shards.tellAll(Command.CloseRelay, foreign.number);
    this.#numbers.retire(foreign.number, () => undefined);
  }

  receive(number: number, peer: TransportAddress, data: Buffer): void {
    this.#byNumber.get(number)?.receive(peer, data);
  }

  /** False when no foreign relay is at `to`. */
  deliver(from: TransportAddress, to: TransportAddress, data: Uint8Array): boolean {
    const foreign = this.#byAddress.get(keyOf(to));
    foreign?.receive(from, Buffer.from(data));
    return foreign !== undefined;
  }
}

function keyOf({ address, port }: TransportAddress): string {
  return `${address} ${port}`;
}
