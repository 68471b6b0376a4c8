import { EpcscfTurnError } from '../base/errors.ts';
import { ATTRIBUTE_HEADER_BYTES } from './attribute-index.ts';
import { type Attribute } from './attribute.ts';
import { fingerprint } from './attributes/rfc8489.ts';
import { paddedLength } from './channel-data.ts';
import { computeFingerprint } from './fingerprint.ts';
import { computeIntegrity, integrityAttribute, type IntegrityAlgorithm } from './integrity.ts';
import {
  encodeMessageType,
  HEADER_BYTES,
  MAGIC_COOKIE,
  TRANSACTION_ID_BYTES,
  type MessageClass,
} from './message-type.ts';

/** Room for an Allocate response with both integrity attributes: most messages never grow. */
const INITIAL_BYTES = 256;

/** What a 16-bit length that is a multiple of 4 can announce. */
const MAX_MESSAGE_BYTES = HEADER_BYTES + 0xfffc;

/**
 * Builds one message, in the order of the calls: attributes, then integrity (SHA-1 before SHA-256), then fingerprint.
 *
 * @example
 * new StunWriter(Method.Binding, 'success', request.transactionId).add(xorMappedAddress, client).addFingerprint().finish();
 */
export class StunWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #end = HEADER_BYTES;
  readonly #transactionId: Buffer;

  /** `transactionId` is 12 bytes, which stay as they are until the message is finished. */
  constructor(method: number, messageClass: MessageClass, transactionId: Buffer) {
    if (transactionId.length !== TRANSACTION_ID_BYTES) {
      throw invalid(`transactionId: expected ${TRANSACTION_ID_BYTES} bytes, got ${transactionId.length}`);
    }
    this.#bytes.writeUInt16BE(encodeMessageType(method, messageClass), 0);
    this.#bytes.writeUInt32BE(MAGIC_COOKIE, 4);
    this.#bytes.set(transactionId, 8);
    this.#transactionId = transactionId;
  }

  /** Throws `ERR_INVALID_ARGUMENT` when the attribute cannot carry the value or the message would pass 65,552 bytes. */
  add<T>(attribute: Attribute<T>, value: NoInfer<T>): this {
    this.#append(attribute.type, attribute.encode(value, this.#transactionId));
    return this;
  }

  /** Covers everything added so far. `key` is a long-term key or a short-term password. */
  addIntegrity(key: Uint8Array, algorithm: IntegrityAlgorithm = 'sha1'): this {
    const hmac = computeIntegrity(algorithm, key, this.#bytes, this.#end);
    this.#append(integrityAttribute(algorithm).type, hmac);
    return this;
  }

  /** The last call before `finish`. */
  addFingerprint(): this {
    const at = this.#end;
    this.#append(fingerprint.type, new Uint8Array(4));
    this.#bytes.writeUInt32BE(computeFingerprint(this.#withLength(), at), at + ATTRIBUTE_HEADER_BYTES);
    return this;
  }

  finish(): Buffer {
    return this.#withLength().subarray(0, this.#end);
  }

  #withLength(): Buffer {
    this.#bytes.writeUInt16BE(this.#end - HEADER_BYTES, 2);
    return this.#bytes;
  }

  #append(type: number, value: Uint8Array): void {
    const start = this.#end + ATTRIBUTE_HEADER_BYTES;
    const end = start + paddedLength(value.length);
    if (end > MAX_MESSAGE_BYTES) throw invalid(`message: expected at most ${MAX_MESSAGE_BYTES} bytes, got ${end}`);
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.writeUInt16BE(type, this.#end);
    this.#bytes.writeUInt16BE(value.length, this.#end + 2);
    this.#bytes.set(value, start);
    for (let at = start + value.length; at < end; at++) this.#bytes[at] = 0;
    this.#end = end;
  }

  #grow(neededBytes: number): void {
    const larger = Buffer.allocUnsafe(Math.max(neededBytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function invalid(message: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_INVALID_ARGUMENT', message);
}
