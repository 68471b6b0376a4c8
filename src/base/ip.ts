import { isIPv4, isIPv6 } from 'node:net';

export type AddressFamily = 4 | 6;

const IPV4_BYTES = 4;
const DOT = 0x2e;
const DIGIT_0 = 0x30;

/** The address as 4 or 16 bytes in network order; `undefined` when the text is no IP address. A zone (`%eth0`) is not part of an address. */
export function parseIp(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return parseIpv4(text);
  return isIPv6(text) && !text.includes('%') ? parseIpv6(text) : undefined;
}

function parseIpv4(text: string): Uint8Array {
  const bytes = new Uint8Array(IPV4_BYTES);
  writeIpv4(text, bytes, 0);
  return bytes;
}

/** Runs for each address that is written into an answer: one pass, no array in between. */
function writeIpv4(text: string, into: Uint8Array, start: number): number {
  let at = start;
  let byte = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      into[at++] = byte;
      byte = 0;
    } else byte = byte * 10 + (code - DIGIT_0);
  }
  into[at] = byte;
  return IPV4_BYTES;
}

function parseIpv6(text: string): Uint8Array {
  const dotted = text.includes('.') ? text.slice(text.lastIndexOf(':') + 1) : '';
  const hex = dotted === '' ? text : `${text.slice(0, -dotted.length)}${dottedAsGroups(dotted)}`;
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const bytes = new Uint8Array(16);
  left.forEach((group, i) => {
    writeGroup(bytes, i, group);
  });
  right.forEach((group, i) => {
    writeGroup(bytes, 8 - right.length + i, group);
  });
  return bytes;
}

function dottedAsGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = parseIpv4(dotted);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function writeGroup(bytes: Uint8Array, index: number, group: string): void {
  const value = Number.parseInt(group, 16);
  bytes[index * 2] = value >> 8;
  bytes[index * 2 + 1] = value & 0xff;
}

/** Writes the address as 4 or 16 bytes in network order and returns how many; writes nothing and returns 0 when the text is no IP address. */
export function writeIp(text: string, into: Uint8Array, at: number): number {
  if (isIPv4(text)) return writeIpv4(text, into, at);
  const bytes = parseIp(text);
  if (!bytes) return 0;
  into.set(bytes, at);
  return bytes.length;
}

/** The address as canonical text (RFC 5952 for IPv6), so that equal addresses have equal text. Expects 4 or 16 bytes. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const text = groups.map((group) => group.toString(16));
  if (length < 2) return text.join(':');
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}

export function familyOf(bytes: Uint8Array): AddressFamily {
  return bytes.length === 4 ? 4 : 6;
}

/** Whether the address is in 127.0.0.0/8 or is ::1, and so reachable from this machine only. False for text that is no address. */
export function isLoopback(address: string): boolean {
  if (isIPv4(address)) return address.startsWith('127.');
  return parseIp(address)?.every((byte, i) => byte === (i === 15 ? 1 : 0)) ?? false;
}

/** Whether the address is 0.0.0.0 or ::, which stands for every address of the machine. False for text that is no address. */
export function isWildcard(address: string): boolean {
  return parseIp(address)?.every((byte) => byte === 0) ?? false;
}
