import { MAX_VALUE_BYTES, type Attribute } from '../../src/stun/attribute.ts';

/** An attribute that is written as `bytes`, whatever its value. */
export function writtenAs<T>(attribute: Attribute<T>, bytes: Uint8Array): Attribute<T> {
  return {
    ...attribute,
    encode: (_value, into, at) => {
      into.set(bytes, at);
      return bytes.length;
    },
  };
}

/** The bytes of a value. */
export function encoded<T>(attribute: Attribute<T>, value: T, transactionId: Buffer): Buffer {
  const room = Buffer.alloc(MAX_VALUE_BYTES + 2, 0xee);
  return room.subarray(1, 1 + attribute.encode(value, room, 1, transactionId));
}

/** The value of bytes that stand between others. */
export function decoded<T>(attribute: Attribute<T>, bytes: Buffer, transactionId: Buffer): T | undefined {
  const around = Buffer.concat([Buffer.from('ee', 'hex'), bytes, Buffer.from('ee', 'hex')]);
  return attribute.decode(around, 1, bytes.length, transactionId);
}
