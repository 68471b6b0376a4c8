/**
 * One STUN attribute: how its value is written and read (RFC 8489 §14). The same shape for all of them; each lives in a file of its own
 * under `attributes/`. `transactionId` is the message's, 12 bytes, for those that are XORed with it.
 */
export interface Attribute<T> {
  /** 0 to 0xFFFF; below 0x8000 comprehension-required. */
  readonly type: number;
  /** As IANA spells it. */
  readonly name: string;
  /** `undefined` when the value is malformed; never throws. Byte values are views of `value`. */
  decode(value: Buffer, transactionId: Buffer): T | undefined;
  /** Throws when `value` cannot be expressed: that is the caller's mistake. */
  encode(value: T, transactionId: Buffer): Uint8Array;
}
