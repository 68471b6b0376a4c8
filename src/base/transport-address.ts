import { isIPv4 } from 'node:net';
import { formatIp, familyOf, parseIp, type AddressFamily } from './ip.ts';

/** An IP address and port. `address` is always canonical text (see `formatIp`), so two equal addresses compare equal as strings. */
export interface TransportAddress {
  readonly family: AddressFamily;
  readonly address: string;
  /** 0 to 65535 */
  readonly port: number;
}

/**
 * An IP address and port from text and number. `undefined` when `address` is no IP address or `port` is no port. IPv4-mapped IPv6 text becomes
 * the IPv4 address it stands for.
 */
export function transportAddress(address: string, port: number): TransportAddress | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  // An IPv4 address has one spelling, so it is canonical as it is.
  if (isIPv4(address)) return { family: 4, address, port };
  const bytes = parseIp(address.replace(/%.*$/, ''));
  if (!bytes) return undefined;
  const plain = isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes;
  return { family: familyOf(plain), address: formatIp(plain), port };
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  );
}

export function sameTransportAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address;
}

/** The address as text: `192.0.2.1:3478` or `[2001:db8::1]:3478`. */
export function formatTransportAddress({ family, address, port }: TransportAddress): string {
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}
