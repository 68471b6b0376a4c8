/** How the values of one form are written and read; see `Attribute`. */
interface ValueCodec<T> {
  readonly decode: (value: Buffer, transactionId: Buffer) => T | undefined;
  readonly encode: (value: T, transactionId: Buffer) => Uint8Array;
}

/** A form of value, which several attributes may share. `name` is the attribute's, for the errors of `encode`. */
export type Codec<T> = (name: string) => ValueCodec<T>;

/**
 * One STUN attribute (RFC 8489 §14): a row of a table in `attributes/`, each of which is named after the document that defines its rows.
 * `transactionId` is the message's, 12 bytes, for values that are XORed with it.
 */
export interface Attribute<T> {
  /** 0 to 0xFFFF; below 0x8000 comprehension-required. */
  readonly type: number;
  /** The name of the attribute as IANA spells it. */
  readonly name: string;
  /** Whether a TURN server knows it: a request with a comprehension-required attribute that it does not know gets 420 (RFC 8489 §6.3.1). */
  readonly understood: boolean;
  /** `undefined` when the value is malformed; never throws. Byte values are views of `value`. */
  decode(value: Buffer, transactionId: Buffer): T | undefined;
  /** Throws when `value` cannot be expressed: that is the caller's mistake. */
  encode(value: T, transactionId: Buffer): Uint8Array;
}

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
