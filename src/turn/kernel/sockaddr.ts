import { formatIp, parseIp, type AddressFamily } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { AF, SOCKADDR_BYTES } from './linux.ts';

/** `struct sockaddr_in` or `sockaddr_in6` in a place of 32 bytes, eight words; what the family does not use is zero. */
export const SOCKADDR_WORDS = 8;
/** Where the IP address begins in it. */
export const ADDRESS_AT = { 4: 4, 6: 8 } as const satisfies Record<AddressFamily, number>;

/** Writes a transport address at a word. `zone` is the index of the interface of a link-local address. */
export function writeSockaddr(
  words: Uint32Array,
  at: number,
  { family, address, port }: TransportAddress,
  zone = 0,
): void {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, SOCKADDR_WORDS * 4);
  bytes.fill(0);
  bytes[0] = AF[family];
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  bytes.set(parseIp(address) ?? [], ADDRESS_AT[family]);
  if (family === 6) words[at + 6] = zone;
}

/** A `struct sockaddr` by itself; the zone of a link-local address, as in `fe80::1%2`, is the index of its interface. */
export function encodeSockaddr({ family, address, port }: TransportAddress): Buffer {
  const words = new Uint32Array(SOCKADDR_WORDS);
  const [plain = '', zone = '0'] = address.split('%');
  writeSockaddr(words, 0, { family, address: plain, port }, Number(zone));
  return Buffer.from(words.buffer, 0, SOCKADDR_BYTES[family]);
}

/** Reads a transport address at a word; `undefined` when it is of no family that is known. */
export function readSockaddr(words: Uint32Array, at: number): TransportAddress | undefined {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, SOCKADDR_WORDS * 4);
  const family = familyAt(words, at);
  if (family === undefined) return undefined;
  const port = portAt(words, at);
  const address = formatIp(bytes.subarray(ADDRESS_AT[family], ADDRESS_AT[family] + (family === 4 ? 4 : 16)));
  return { family, address, port };
}

export function familyAt(words: Uint32Array, at: number): AddressFamily | undefined {
  const domain = (words[at] ?? 0) & 0xffff;
  if (domain === AF[4]) return 4;
  return domain === AF[6] ? 6 : undefined;
}

export function portAt(words: Uint32Array, at: number): number {
  const first = words[at] ?? 0;
  return ((first >>> 8) & 0xff00) | (first >>> 24);
}

/** Index of the interface of a link-local address, else 0. */
export function zoneAt(words: Uint32Array, at: number): number {
  return familyAt(words, at) === 6 ? (words[at + 6] ?? 0) : 0;
}

export function sockaddrBytes(words: Uint32Array, at: number): number {
  return ((words[at] ?? 0) & 0xffff) === AF[6] ? SOCKADDR_BYTES[6] : SOCKADDR_BYTES[4];
}
