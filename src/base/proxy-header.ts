import { isIP } from 'node:net';
import { formatIp } from './ip.ts';
import { transportAddress, type TransportAddress } from './transport-address.ts';

/** What stands before the first byte of a client when a proxy tells whom it speaks for (HAProxy's PROXY protocol, versions 1 and 2). */
export type ProxyHeader =
  | { readonly state: 'incomplete' }
  | { readonly state: 'invalid'; readonly reason: ProxyHeaderFault }
  /** `source` is absent when the proxy speaks for itself (LOCAL, UNKNOWN) or for no IP client: the connection's own address holds then. */
  | { readonly state: 'complete'; readonly bytes: number; readonly source: TransportAddress | undefined };

type ProxyHeaderFault = 'not-a-header' | 'too-long' | 'bad-line' | 'bad-version' | 'bad-family' | 'bad-length';

const V1_PREFIX = Buffer.from('PROXY ');
/** Length of the longest version 1 header, including CR LF (§2.1). */
const V1_MAX_BYTES = 107;
const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V2_HEAD_BYTES = 16;
/** Longest accepted body of a version 2 header: addresses and TLVs, among which a client certificate fits. */
const V2_MAX_BODY_BYTES = 4096;

/** Reads the header at the start of `bytes`, as far as it has come. Never throws, and never needs more than 4112 bytes. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsAs(bytes, V1_PREFIX)) return bytes.length < V1_PREFIX.length ? { state: 'incomplete' } : readLine(bytes);
  if (startsAs(bytes, V2_SIGNATURE)) return bytes.length < V2_HEAD_BYTES ? { state: 'incomplete' } : readBinary(bytes);
  return invalid('not-a-header');
}

/** Whether the bytes are the beginning of the prefix, or begin with it. */
function startsAs(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.compare(prefix, 0, length, 0, length) === 0;
}

function readLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MAX_BYTES).indexOf('\r\n');
  if (end < 0) return bytes.length >= V1_MAX_BYTES ? invalid('too-long') : { state: 'incomplete' };
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { state: 'complete', bytes: length, source: undefined };
  const version = family === 'TCP4' ? 4 : 6;
  const wellFormed =
    (family === 'TCP4' || family === 'TCP6') &&
    rest.length === 0 &&
    [source, destination].every((text) => isIP(text) === version && !text.includes('%')) &&
    [sourcePort, destinationPort].every(isPort);
  const address = wellFormed ? transportAddress(source, Number(sourcePort)) : undefined;
  return address ? { state: 'complete', bytes: length, source: address } : invalid('bad-line');
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Reads a version 2 header (§2.2): version and command, family and transport, length, addresses. The TLVs behind them are ignored. */
function readBinary(bytes: Buffer): ProxyHeader {
  const [versionAndCommand = 0, familyAndTransport = 0] = bytes.subarray(V2_SIGNATURE.length);
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== 2 || command > 1) return invalid('bad-version');
  const family = familyAndTransport >> 4;
  if (family > 3 || (familyAndTransport & 0x0f) > 2) return invalid('bad-family');
  const bodyBytes = bytes.readUInt16BE(V2_HEAD_BYTES - 2);
  if (bodyBytes > V2_MAX_BODY_BYTES) return invalid('too-long');
  const ipBytes = command === 1 ? IP_BYTES.get(familyAndTransport) : undefined;
  if (ipBytes !== undefined && bodyBytes < 2 * ipBytes + 4) return invalid('bad-length');
  const length = V2_HEAD_BYTES + bodyBytes;
  if (bytes.length < length) return { state: 'incomplete' };
  return { state: 'complete', bytes: length, source: ipBytes === undefined ? undefined : sourceOf(bytes, ipBytes) };
}

/** TCP over IPv4 and over IPv6. What else there is (a datagram, a UNIX socket, unspecified) is no client of a TCP listener. */
const IP_BYTES = new Map([
  [0x11, 4],
  [0x21, 16],
]);

function sourceOf(bytes: Buffer, ipBytes: number): TransportAddress | undefined {
  const address = bytes.subarray(V2_HEAD_BYTES, V2_HEAD_BYTES + ipBytes);
  return transportAddress(formatIp(address), bytes.readUInt16BE(V2_HEAD_BYTES + 2 * ipBytes));
}

function invalid(reason: ProxyHeaderFault): ProxyHeader {
  return { state: 'invalid', reason };
}
