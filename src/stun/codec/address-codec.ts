import { formatIp, parseIp } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { familyFromCode, familyToCode } from '../address-family.ts';
import { type Codec } from '../attribute.ts';
import { MAGIC_COOKIE } from '../message-type.ts';
import { unencodable } from './unencodable.ts';

const ADDRESS_OFFSET = 4;
const NO_MASK = new Uint8Array(16);
/** Magic cookie and transaction id of the message that is read or written at the moment. */
const messageMask = Buffer.alloc(16);
messageMask.writeUInt32BE(MAGIC_COOKIE, 0);

/** MAPPED-ADDRESS and those encoded like it (RFC 8489 §14.1). */
export const address: Codec<TransportAddress> = (name) => ({
  decode: (value) => decodeAddress(value, NO_MASK),
  encode: (place) => encodeAddress(name, place, NO_MASK),
});

/** XOR-MAPPED-ADDRESS and those encoded like it (RFC 8489 §14.2). */
export const xorAddress: Codec<TransportAddress> = (name) => ({
  decode: (value, transactionId) => decodeAddress(value, maskOf(transactionId)),
  encode: (place, transactionId) => encodeAddress(name, place, maskOf(transactionId)),
});

/** Magic cookie and transaction id; the port is XORed with the cookie's first half, as the address's first bytes are. Good until the next call. */
function maskOf(transactionId: Buffer): Buffer {
  messageMask.set(transactionId, 4);
  return messageMask;
}

/**
 * The address stays what it says it is: an IPv4-mapped IPv6 address comes out as IPv6, so that the peer policy sees it and the family check
 * of RFC 8656 §7.2 cannot be walked around.
 */
function decodeAddress(value: Buffer, mask: Uint8Array): TransportAddress | undefined {
  if (value.length < ADDRESS_OFFSET) return undefined;
  const family = familyFromCode(value.readUInt8(1));
  const addressBytes = family === 4 ? 4 : 16;
  if (family === undefined || value.length !== ADDRESS_OFFSET + addressBytes) return undefined;
  const port = value.readUInt16BE(2) ^ maskOfPort(mask);
  const ip = new Uint8Array(addressBytes);
  xorInto(ip, 0, value.subarray(ADDRESS_OFFSET), mask);
  return { family, address: formatIp(ip), port };
}

function encodeAddress(name: string, { family, address, port }: TransportAddress, mask: Uint8Array): Buffer {
  const ip = parseIp(address);
  if (ip?.length !== (family === 4 ? 4 : 16)) throw unencodable(name, `an IPv${family} address`, address);
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw unencodable(name, 'a port of 0-65535', port);
  const value = Buffer.allocUnsafe(ADDRESS_OFFSET + ip.length);
  value.writeUInt8(0, 0);
  value.writeUInt8(familyToCode(family), 1);
  value.writeUInt16BE(port ^ maskOfPort(mask), 2);
  xorInto(value, ADDRESS_OFFSET, ip, mask);
  return value;
}

function maskOfPort(mask: Uint8Array): number {
  return ((mask[0] ?? 0) << 8) | (mask[1] ?? 0);
}

function xorInto(target: Uint8Array, at: number, bytes: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) target[at + i] = (bytes[i] ?? 0) ^ (mask[i] ?? 0);
}
