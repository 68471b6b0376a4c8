import { formatIp, writeIp } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';
import { familyFromCode, familyToCode } from '../address-family.ts';
import { type Codec } from '../attribute.ts';
import { MAGIC_COOKIE } from '../message-type.ts';
import { unencodable } from './unencodable.ts';

const ADDRESS_OFFSET = 4;
const IP_BYTES = { 4: 4, 6: 16 } as const;
const NO_MASK = Buffer.alloc(16);
/** Magic cookie and transaction id of the message that is read or written at the moment. */
const messageMask = Buffer.alloc(16);
messageMask.writeUInt32BE(MAGIC_COOKIE, 0);

/** MAPPED-ADDRESS and those encoded like it (RFC 8489 §14.1). */
export const address: Codec<TransportAddress> = (name) => ({
  decode: (bytes, at, length) => decodeAddress(bytes, at, length, NO_MASK),
  encode: (place, into, at) => encodeAddress(name, place, into, at, NO_MASK),
});

/** XOR-MAPPED-ADDRESS and those encoded like it (RFC 8489 §14.2). */
export const xorAddress: Codec<TransportAddress> = (name) => ({
  decode: (bytes, at, length, transactionId) => decodeAddress(bytes, at, length, maskOf(transactionId)),
  encode: (place, into, at, transactionId) => encodeAddress(name, place, into, at, maskOf(transactionId)),
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
function decodeAddress(bytes: Buffer, at: number, length: number, mask: Buffer): TransportAddress | undefined {
  if (length < ADDRESS_OFFSET) return undefined;
  const family = familyFromCode(bytes.readUInt8(at + 1));
  if (family === undefined || length !== ADDRESS_OFFSET + IP_BYTES[family]) return undefined;
  const port = bytes.readUInt16BE(at + 2) ^ mask.readUInt16BE(0);
  const ip = new Uint8Array(IP_BYTES[family]);
  for (let i = 0; i < ip.length; i++) ip[i] = (bytes[at + ADDRESS_OFFSET + i] ?? 0) ^ (mask[i] ?? 0);
  return { family, address: formatIp(ip), port };
}

function encodeAddress(name: string, place: TransportAddress, into: Buffer, at: number, mask: Buffer): number {
  const { family, address: text, port } = place;
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw unencodable(name, 'a port of 0-65535', port);
  const ipAt = at + ADDRESS_OFFSET;
  if (writeIp(text, into, ipAt) !== IP_BYTES[family]) throw unencodable(name, `an IPv${family} address`, text);
  into.writeUInt16BE(familyToCode(family), at);
  into.writeUInt16BE(port ^ mask.readUInt16BE(0), at + 2);
  for (let i = 0; i < IP_BYTES[family]; i++) into[ipAt + i] = (into[ipAt + i] ?? 0) ^ (mask[i] ?? 0);
  return ADDRESS_OFFSET + IP_BYTES[family];
}
