import { parseIp } from '../../base/ip.ts';
import { type TransportAddress } from '../../base/transport-address.ts';

/** One captured SIP message, as a collector files it. */
export interface CapturedMessage {
  readonly source: TransportAddress;
  readonly destination: TransportAddress;
  /** Transport of the connection that carried the message, whatever runs on top of it: `tcp` for a WebSocket. */
  readonly transport: 'udp' | 'tcp';
  /** When the message was captured, in UNIX microseconds. */
  readonly atUs: number;
  readonly payload: string;
  /** What ties the messages of one call together: Call-ID. */
  readonly correlationId: string;
}

/** The capture agent: who captured a message. */
interface CaptureAgent {
  /** Capture agent id, 0 to 2^32 - 1. */
  readonly id: number;
  /** Shared with the collector, up to 255 bytes; absent: the chunk is left out. */
  readonly key?: Buffer | undefined;
}

interface EncodedCapture {
  readonly datagram: Buffer;
  /** How many bytes of the payload were cut off. */
  readonly cutBytes: number;
}

/** HEP3 (EEP) rev. 12, generic chunk types of vendor 0. */
const CHUNK = {
  ipFamily: 1,
  ipProtocol: 2,
  sourceIpv4: 3,
  destinationIpv4: 4,
  sourceIpv6: 5,
  destinationIpv6: 6,
  sourcePort: 7,
  destinationPort: 8,
  seconds: 9,
  microseconds: 10,
  payloadType: 11,
  agentId: 12,
  authenticationKey: 14,
  payload: 15,
  correlationId: 17,
} as const;

const MAGIC = Buffer.from('HEP3');
/** Length of the header: magic and total length. */
const HEADER_BYTES = 6;
/** Length of a chunk header: vendor, type and length. */
const CHUNK_HEADER_BYTES = 6;
/** AF_INET and AF_INET6 as Linux numbers them. */
const IP_FAMILY = { 4: 2, 6: 10 } as const;
const IP_PROTOCOL = { udp: 17, tcp: 6 } as const;
const SIP = 1;

/** heplify-server, Homer's collector, reads 8192 bytes of a datagram and takes the rest for lost. */
export const MAX_DATAGRAM_BYTES = 8192;
/** A Call-ID longer than this says nothing more to a reader, and must leave room for the message. */
const MAX_CORRELATION_BYTES = 256;

/** `source` and `destination` must be of one family. A payload that does not fit is cut between two characters and says so at its end. */
export function encodeHep3(message: CapturedMessage, agent: CaptureAgent): EncodedCapture {
  const { source, destination } = message;
  const isIpv6 = source.family === 6;
  const chunks = [
    uint8(CHUNK.ipFamily, IP_FAMILY[source.family]),
    uint8(CHUNK.ipProtocol, IP_PROTOCOL[message.transport]),
    chunk(isIpv6 ? CHUNK.sourceIpv6 : CHUNK.sourceIpv4, addressBytes(source)),
    chunk(isIpv6 ? CHUNK.destinationIpv6 : CHUNK.destinationIpv4, addressBytes(destination)),
    uint16(CHUNK.sourcePort, source.port),
    uint16(CHUNK.destinationPort, destination.port),
    uint32(CHUNK.seconds, Math.floor(message.atUs / 1e6)),
    uint32(CHUNK.microseconds, message.atUs % 1e6),
    uint8(CHUNK.payloadType, SIP),
    uint32(CHUNK.agentId, agent.id),
    chunk(CHUNK.correlationId, wholeCharacters(Buffer.from(message.correlationId), MAX_CORRELATION_BYTES)),
  ];
  if (agent.key) chunks.push(chunk(CHUNK.authenticationKey, agent.key));
  const used = chunks.reduce((sum, { length }) => sum + length, HEADER_BYTES + CHUNK_HEADER_BYTES);
  const { bytes, cutBytes } = fit(Buffer.from(message.payload), MAX_DATAGRAM_BYTES - used);
  chunks.push(chunk(CHUNK.payload, bytes));
  const datagram = Buffer.concat([MAGIC, Buffer.alloc(2), ...chunks]);
  datagram.writeUInt16BE(datagram.length, MAGIC.length);
  return { datagram, cutBytes };
}

function fit(payload: Buffer, room: number): { bytes: Buffer; cutBytes: number } {
  if (payload.length <= room) return { bytes: payload, cutBytes: 0 };
  const noteFor = (cutBytes: number): Buffer => Buffer.from(`\r\n[cut: ${cutBytes} bytes more]`);
  // No note is longer than the one for the whole payload.
  const kept = wholeCharacters(payload, room - noteFor(payload.length).length);
  const cutBytes = payload.length - kept.length;
  return { bytes: Buffer.concat([kept, noteFor(cutBytes)]), cutBytes };
}

/** The first `max` bytes of UTF-8 text at most, ending with a whole character. */
function wholeCharacters(text: Buffer, max: number): Buffer {
  let end = Math.min(text.length, max);
  while (end > 0 && end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

function addressBytes({ address, family }: TransportAddress): Uint8Array {
  return parseIp(address) ?? new Uint8Array(family === 4 ? 4 : 16);
}

function chunk(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(CHUNK_HEADER_BYTES + value.length);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  bytes.set(value, CHUNK_HEADER_BYTES);
  return bytes;
}

function uint8(type: number, value: number): Buffer {
  return chunk(type, Uint8Array.of(value));
}

function uint16(type: number, value: number): Buffer {
  return chunk(type, Uint8Array.of(value >>> 8, value & 0xff));
}

function uint32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return chunk(type, bytes);
}
