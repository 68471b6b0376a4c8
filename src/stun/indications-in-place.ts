import { type AddressFamily } from '../base/ip.ts';
import { familyFromCode, familyToCode } from './address-family.ts';
import { ATTRIBUTE_HEADER_BYTES, COMPREHENSION_OPTIONAL } from './attribute-index.ts';
import { fingerprint } from './attributes/rfc8489.ts';
import { data, dontFragment, xorPeerAddress } from './attributes/rfc8656.ts';
import { paddedLength } from './channel-data.ts';
import { computeFingerprint } from './fingerprint.ts';
import { encodeMessageType, HEADER_BYTES, MAGIC_COOKIE, Method, TRANSACTION_ID_BYTES } from './message-type.ts';

/*
 * Send and Data indications (RFC 8656 §11) where they lie. These run for every packet of a client without channels: plain numbers in and out,
 * nothing allocated.
 */

const SEND = encodeMessageType(Method.Send, 'indication');
const DATA = encodeMessageType(Method.Data, 'indication');
/** More attributes than any client sends; what has more is for the engine. */
const MAX_ATTRIBUTES = 8;
const ADDRESS_AT = 4;
const ADDRESS_BYTES = { 4: 4, 6: 16 } as const;
/** Magic cookie and transaction id, with which addresses are XORed, begin here in a message. */
const MASK_AT = 4;

/** Room that a Data indication takes before its payload, at most, and behind it. */
export const DATA_HEADROOM_BYTES = HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + ADDRESS_AT + 16 + ATTRIBUTE_HEADER_BYTES;
export const DATA_TAILROOM_BYTES = 3;

/**
 * Reads Send indications as clients usually send them: XOR-PEER-ADDRESS, DATA, DONT-FRAGMENT perhaps, what may be ignored, and FINGERPRINT perhaps.
 * All others, and those that have to be dropped, are left to be read as any message.
 */
export class SendReader {
  family: AddressFamily = 4;
  port = 0;
  /** Where the payload begins, and its bytes. */
  dataAt = 0;
  dataBytes = 0;
  /** Whether the client asks for the DF bit. */
  dontFragment = false;
  #maskAt = 0;
  #peerAt = 0;

  /** False where the datagram in `bytes[start, start + length)` is left. */
  read(bytes: Buffer, start: number, length: number): boolean {
    if (length < HEADER_BYTES || uint16(bytes, start) !== SEND || length % 4 !== 0) return false;
    if (uint16(bytes, start + 2) !== length - HEADER_BYTES || uint32(bytes, start + 4) !== MAGIC_COOKIE) return false;
    const end = start + length;
    let peerAt = 0;
    let dataAt = 0;
    let attributes = 0;
    this.dontFragment = false;
    for (let at = start + HEADER_BYTES; at < end; attributes++) {
      const type = uint16(bytes, at);
      const valueBytes = uint16(bytes, at + 2);
      const valueAt = at + ATTRIBUTE_HEADER_BYTES;
      const next = valueAt + paddedLength(valueBytes);
      if (next > end || attributes === MAX_ATTRIBUTES) return false;
      // Of an attribute that comes twice the first one counts (RFC 8489 §14).
      if (type === xorPeerAddress.type) {
        if (peerAt === 0 && !this.#readPeer(bytes, valueAt, valueBytes)) return false;
        peerAt = valueAt;
      } else if (type === data.type) {
        if (dataAt === 0) this.dataBytes = valueBytes;
        dataAt = dataAt === 0 ? valueAt : dataAt;
      } else if (type === dontFragment.type) {
        if (valueBytes !== 0) return false;
        this.dontFragment = true;
      } else if (type === fingerprint.type) {
        if (next !== end || valueBytes !== 4 || uint32(bytes, valueAt) !== computeFingerprint(bytes, at, start))
          return false;
      } else if (type < COMPREHENSION_OPTIONAL) return false;
      at = next;
    }
    this.dataAt = dataAt;
    this.#maskAt = start + MASK_AT;
    return peerAt !== 0 && dataAt !== 0;
  }

  /** Writes the peer's IP address. */
  copyAddress(bytes: Buffer, into: Uint8Array, at: number): void {
    const addressBytes = ADDRESS_BYTES[this.family];
    for (let i = 0; i < addressBytes; i++) {
      into[at + i] = (bytes[this.#peerAt + ADDRESS_AT + i] ?? 0) ^ (bytes[this.#maskAt + i] ?? 0);
    }
  }

  #readPeer(bytes: Buffer, at: number, length: number): boolean {
    const family = familyFromCode(bytes[at + 1] ?? 0);
    if (family === undefined || length !== ADDRESS_AT + ADDRESS_BYTES[family]) return false;
    this.family = family;
    this.port = uint16(bytes, at + 2) ^ (MAGIC_COOKIE >>> 16);
    this.#peerAt = at;
    return true;
  }
}

/** Bytes of a Data indication before its payload. */
export function dataHeaderBytes(family: AddressFamily): number {
  return HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + ADDRESS_AT + ADDRESS_BYTES[family] + ATTRIBUTE_HEADER_BYTES;
}

/** Where a Data indication is from, for `writeDataIndication`. */
export interface DataSource {
  family: AddressFamily;
  port: number;
  /** Bytes of the IP address, and where they begin. */
  address: Uint8Array;
  addressAt: number;
  /** Twelve unpredictable bytes, and where they begin. */
  ids: Uint8Array;
  idAt: number;
}

/**
 * Makes a Data indication of the payload in `bytes[dataAt, dataAt + dataBytes)`, by what comes before it and a padding of `DATA_TAILROOM_BYTES`
 * at most. Returns the bytes of the whole indication, which begins `dataHeaderBytes` before its payload.
 */
export function writeDataIndication(bytes: Buffer, dataAt: number, dataBytes: number, source: DataSource): number {
  const { family, port, address, addressAt, ids, idAt } = source;
  const headerBytes = dataHeaderBytes(family);
  const start = dataAt - headerBytes;
  const padded = paddedLength(dataBytes);
  writeUint16(bytes, start, DATA);
  writeUint16(bytes, start + 2, headerBytes - HEADER_BYTES + padded);
  writeUint16(bytes, start + 4, MAGIC_COOKIE >>> 16);
  writeUint16(bytes, start + 6, MAGIC_COOKIE & 0xffff);
  for (let i = 0; i < TRANSACTION_ID_BYTES; i++) bytes[start + 8 + i] = ids[idAt + i] ?? 0;
  const peerAt = start + HEADER_BYTES + ATTRIBUTE_HEADER_BYTES;
  const addressBytes = ADDRESS_BYTES[family];
  writeUint16(bytes, peerAt - 4, xorPeerAddress.type);
  writeUint16(bytes, peerAt - 2, ADDRESS_AT + addressBytes);
  writeUint16(bytes, peerAt, familyToCode(family));
  writeUint16(bytes, peerAt + 2, port ^ (MAGIC_COOKIE >>> 16));
  for (let i = 0; i < addressBytes; i++) {
    bytes[peerAt + ADDRESS_AT + i] = (address[addressAt + i] ?? 0) ^ (bytes[start + MASK_AT + i] ?? 0);
  }
  writeUint16(bytes, dataAt - 4, data.type);
  writeUint16(bytes, dataAt - 2, dataBytes);
  for (let at = dataAt + dataBytes; at < dataAt + padded; at++) bytes[at] = 0;
  return headerBytes + padded;
}

/** A Data indication of the payload `data[offset, offset + length)`. */
export function dataIndication(source: DataSource, data: Uint8Array, offset: number, length: number): Buffer {
  const headerBytes = dataHeaderBytes(source.family);
  const message = Buffer.allocUnsafe(headerBytes + paddedLength(length));
  message.set(data.subarray(offset, offset + length), headerBytes);
  writeDataIndication(message, headerBytes, length, source);
  return message;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
