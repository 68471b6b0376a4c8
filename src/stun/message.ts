import { fail, ok, type Result } from '../base/result.ts';
import {
  COMPREHENSION_OPTIONAL,
  indexAttributes,
  type AttributeIndex,
  type AttributeLimits,
} from './attribute-index.ts';
import { registeredAttribute } from './attribute-registry.ts';
import { type Attribute } from './attribute.ts';
import { isStun } from './channel-data.ts';
import { decodeMessageType, HEADER_BYTES, MAGIC_COOKIE, type MessageClass } from './message-type.ts';

/** Why bytes are no STUN message. */
export const STUN_DECODE_ERRORS = [
  'too-short',
  'not-stun',
  'bad-cookie',
  'bad-length',
  'length-mismatch',
  'attribute-overrun',
] as const;
export type StunDecodeError = (typeof STUN_DECODE_ERRORS)[number];

const NONE: readonly number[] = [];
const MALFORMED = Symbol('malformed');

/**
 * Reads the header and finds the attributes; values are decoded when asked for. `bytes` is exactly one message, a datagram or what
 * `StreamFramer` hands out, and the result is a view of it.
 */
export function decodeMessage(bytes: Buffer, limits?: AttributeLimits): Result<StunMessage, StunDecodeError> {
  if (bytes.length < HEADER_BYTES) return fail('too-short');
  if (!isStun(bytes.readUInt8(0))) return fail('not-stun');
  if (bytes.readUInt32BE(4) !== MAGIC_COOKIE) return fail('bad-cookie');
  const length = bytes.readUInt16BE(2);
  if (length % 4 !== 0) return fail('bad-length');
  if (length !== bytes.length - HEADER_BYTES) return fail('length-mismatch');
  const index = indexAttributes(bytes, limits);
  return index.ok ? ok(new StunMessage(bytes, index.value)) : index;
}

/**
 * A received STUN message: a view, valid as long as its bytes are.
 *
 * When an attribute comes twice, the first one counts (RFC 8489 §14). Attributes after MESSAGE-INTEGRITY are invisible except
 * MESSAGE-INTEGRITY-SHA256 and FINGERPRINT, after MESSAGE-INTEGRITY-SHA256 all but FINGERPRINT, and after FINGERPRINT all (§9, §14.7).
 */
export class StunMessage {
  readonly bytes: Buffer;
  readonly method: number;
  readonly messageClass: MessageClass;
  /** 12 bytes, a view. */
  readonly transactionId: Buffer;
  readonly #index: AttributeIndex;
  #transaction: string | undefined = undefined;
  /** What was decoded already, by its place in the index: several ask for the same attribute. `MALFORMED` where nothing came out. */
  readonly #values: unknown[] = [];

  constructor(bytes: Buffer, index: AttributeIndex) {
    const { method, messageClass } = decodeMessageType(bytes.readUInt16BE(0));
    this.bytes = bytes;
    this.method = method;
    this.messageClass = messageClass;
    this.transactionId = bytes.subarray(8, HEADER_BYTES);
    this.#index = index;
  }

  /** The transaction ID as text to compare and to remember: a character for each byte. */
  get transaction(): string {
    return (this.#transaction ??= this.transactionId.toString('latin1'));
  }

  /** A copy of the message that stays valid when the received bytes are reused. */
  copy(): StunMessage {
    return new StunMessage(Buffer.from(this.bytes), this.#index);
  }

  /** Which attributes it has more of than can be asked for here: XOR-PEER-ADDRESS, or others. */
  get cut(): AttributeIndex['cut'] {
    return this.#index.cut;
  }

  /** `undefined` when the attribute is absent or malformed. */
  get<T>(attribute: Attribute<T>): T | undefined {
    const at = this.#index.types.indexOf(attribute.type);
    return at === -1 ? undefined : this.#decoded(at, attribute);
  }

  /** Whether the attribute is there with a value that decodes. */
  isWellFormed(attribute: Attribute<unknown>): boolean {
    return this.get(attribute) !== undefined;
  }

  has(attribute: Attribute<unknown>): boolean {
    return this.#index.types.includes(attribute.type);
  }

  /** Every occurrence that decodes, in order: CreatePermission carries several XOR-PEER-ADDRESS. */
  getAll<T>(attribute: Attribute<T>): T[] {
    const values: T[] = [];
    this.#index.types.forEach((type, at) => {
      if (type !== attribute.type) return;
      const value = this.#decoded(at, attribute);
      if (value !== undefined) values.push(value);
    });
    return values;
  }

  /** Types of the visible attributes that this codec knows and whose value does not decode, second occurrences included. */
  malformed(): readonly number[] {
    let malformed: number[] | undefined;
    this.#index.types.forEach((type, at) => {
      const attribute = registeredAttribute(type);
      if (attribute && this.#decoded(at, attribute) === undefined) (malformed ??= []).push(type);
    });
    return malformed ?? NONE;
  }

  /** Visible comprehension-required types that `understood` does not hold, each once: what a 420 lists in UNKNOWN-ATTRIBUTES (RFC 8489 §6.3.1). */
  unknownRequired(understood: ReadonlySet<number>): readonly number[] {
    let unknown: Set<number> | undefined;
    for (const type of this.#index.types) {
      if (type < COMPREHENSION_OPTIONAL && !understood.has(type)) (unknown ??= new Set()).add(type);
    }
    return unknown ? [...unknown] : NONE;
  }

  /** Where the value of the first visible occurrence starts in `bytes`, or -1: integrity and fingerprint cover what lies before it. */
  valueOffset(attribute: Attribute<unknown>): number {
    return this.#index.offsets[this.#index.types.indexOf(attribute.type)] ?? -1;
  }

  /** The value at a place of the index, which is of that attribute. */
  #decoded<T>(at: number, attribute: Attribute<T>): T | undefined {
    const known = this.#values[at];
    if (known !== undefined) return known === MALFORMED ? undefined : (known as T);
    const { offsets, lengths } = this.#index;
    const value = attribute.decode(this.bytes, offsets[at] ?? 0, lengths[at] ?? 0, this.transactionId);
    this.#values[at] = value ?? MALFORMED;
    return value;
  }
}
