import { attribute, type Codec } from '../attribute.ts';
import { unencodable } from '../codec/unencodable.ts';

const counts: Codec<{
  /** How often the request was sent with this transaction id, 0 to 255. */
  readonly request: number;
  /** How often a response was; 0 in requests. */
  readonly response: number;
}> = (name) => ({
  decode: (bytes, at, length) =>
    length === 4 ? { request: bytes.readUInt8(at + 2), response: bytes.readUInt8(at + 3) } : undefined,
  encode: ({ request, response }, into, at) => {
    for (const count of [request, response]) {
      if (!Number.isInteger(count) || count < 0 || count > 255) throw unencodable(name, 'counts of 0-255', count);
    }
    return into.writeUInt32BE((request << 8) | response, at) - at;
  },
});

/** RFC 7982 §3.1. */
export const transactionTransmitCounter = attribute(0x8025, 'TRANSACTION_TRANSMIT_COUNTER', counts);
