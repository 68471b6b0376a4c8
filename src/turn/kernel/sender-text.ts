import { networkInterfaces } from 'node:os';
import { familyAt, readSockaddr, zoneAt } from './sockaddr.ts';

/** How many IPv4 addresses are remembered; past it all are forgotten. */
const MAX_REMEMBERED = 4096;

/** The text of senders' addresses as `node:dgram` writes it, from what the kernel tells. */
export class SenderText {
  /** By the word in which the address stands. */
  readonly #ipv4 = new Map<number, string>();
  #zones = new Map<number, string>();

  /** The address at a word; `undefined` when it is of no family that is known. */
  at(words: Uint32Array, at: number): string | undefined {
    if (familyAt(words, at) !== 4) return this.#other(words, at);
    const word = words[at + 1] ?? 0;
    const known = this.#ipv4.get(word);
    if (known !== undefined) return known;
    const text = readSockaddr(words, at)?.address;
    if (text === undefined) return undefined;
    if (this.#ipv4.size >= MAX_REMEMBERED) this.#ipv4.clear();
    this.#ipv4.set(word, text);
    return text;
  }

  #other(words: Uint32Array, at: number): string | undefined {
    const address = readSockaddr(words, at)?.address;
    const zone = zoneAt(words, at);
    return address === undefined || zone === 0 ? address : `${address}%${this.#zoneName(zone)}`;
  }

  #zoneName(index: number): string {
    if (!this.#zones.has(index)) this.#zones = interfaceNames();
    return this.#zones.get(index) ?? String(index);
  }
}

/** The names of interfaces that have a link-local address, by index. */
function interfaceNames(): Map<number, string> {
  return new Map(
    Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
      infos.flatMap((info) => (info.family === 'IPv6' && info.scopeid !== 0 ? [[info.scopeid, name] as const] : [])),
    ),
  );
}
