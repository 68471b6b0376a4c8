/**
 * How the values of one form are read and written, in place: no buffer is made for a value. `transactionId` is the message's, 12 bytes, for values
 * that are XORed with it.
 */
interface ValueCodec<T> {
  /** The value in `bytes[at, at + length)`; `undefined` when it is malformed. Never throws. Byte values are views of `bytes`. */
  readonly decode: (bytes: Buffer, at: number, length: number, transactionId: Buffer) => T | undefined;
  /** Writes the value from `at` on, where `into` has room for any. Returns how many bytes it has, and throws when it cannot be expressed. */
  readonly encode: (value: T, into: Buffer, at: number, transactionId: Buffer) => number;
}

/** A form of value, which several attributes may share. `name` is the attribute's, for the errors of `encode`. */
export type Codec<T> = (name: string) => ValueCodec<T>;

/** One STUN attribute (RFC 8489 §14): a row of a table in `attributes/`, each of which is named after the document that defines its rows. */
export interface Attribute<T> {
  /** 0 to 0xFFFF; below 0x8000 comprehension-required. */
  readonly type: number;
  /** The name of the attribute as IANA spells it. */
  readonly name: string;
  /** Whether a TURN server knows it: a request with a comprehension-required attribute that it does not know gets 420 (RFC 8489 §6.3.1). */
  readonly understood: boolean;
  /** The value in `bytes[at, at + length)`; `undefined` when it is malformed. Never throws. Byte values are views of `bytes`. */
  decode(bytes: Buffer, at: number, length: number, transactionId: Buffer): T | undefined;
  /** Writes the value from `at` on, and returns how many bytes it has. Throws when it cannot be expressed: that is the caller's mistake. */
  encode(value: T, into: Buffer, at: number, transactionId: Buffer): number;
}

/** The longest value that a 16-bit length can announce: `encode` writes no more. */
export const MAX_VALUE_BYTES = 0xffff;

/** A row of a table. `understood` is false unless it is said. */
export function attribute<T>(
  type: number,
  name: string,
  codec: Codec<T>,
  { understood = false }: { readonly understood?: boolean } = {},
): Attribute<T> {
  const { decode, encode } = codec(name);
  // One literal, no spread: all rows get one shape, with every field in the object itself.
  return { type, name, understood, decode, encode };
}
