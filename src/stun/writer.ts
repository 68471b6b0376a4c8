import { EpcscfTurnError } from '../base/errors.ts';
import { ATTRIBUTE_HEADER_BYTES } from './attribute-index.ts';
import { MAX_VALUE_BYTES, type Attribute } from './attribute.ts';
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

const FINGERPRINT_BYTES = 4;
/** What a 16-bit length that is a multiple of 4 can announce. */
const MAX_MESSAGE_BYTES = HEADER_BYTES + 0xfffc;
/** Behind the longest message there is room for one more value, so that an attribute is written first and found too long afterwards. */
const ROOM_BYTES = MAX_MESSAGE_BYTES + ATTRIBUTE_HEADER_BYTES + paddedLength(MAX_VALUE_BYTES);

/** Where messages are written, one after the other. Absent while one is. */
let spareRoom: Buffer | undefined;

/**
 * Builds one message, in the order of the calls: attributes, then integrity (SHA-1 before SHA-256), then fingerprint.
 *
 * @example
 * new StunWriter(Method.Binding, 'success', request.transactionId).add(xorMappedAddress, client).addFingerprint().finish();
 */
export class StunWriter {
  #room: Buffer;
  #end = HEADER_BYTES;
  #message: Buffer | undefined;
  readonly #transactionId: Buffer;

  /** `transactionId` is 12 bytes, which stay as they are until the message is finished. */
  constructor(method: number, messageClass: MessageClass, transactionId: Buffer) {
    if (transactionId.length !== TRANSACTION_ID_BYTES) {
      throw invalid(`transactionId: expected ${TRANSACTION_ID_BYTES} bytes, got ${transactionId.length}`);
    }
    this.#room = spareRoom ?? Buffer.allocUnsafeSlow(ROOM_BYTES);
    spareRoom = undefined;
    this.#room.writeUInt16BE(encodeMessageType(method, messageClass), 0);
    this.#room.writeUInt32BE(MAGIC_COOKIE, 4);
    this.#room.set(transactionId, 8);
    this.#transactionId = transactionId;
  }

  /** Throws `ERR_INVALID_ARGUMENT` when the attribute cannot carry the value or the message would pass 65,552 bytes. */
  add<T>(attribute: Attribute<T>, value: NoInfer<T>): this {
    const start = this.#end + ATTRIBUTE_HEADER_BYTES;
    return this.#close(attribute.type, attribute.encode(value, this.#room, start, this.#transactionId));
  }

  /** Covers everything added so far. `key` is a long-term key or a short-term password. */
  addIntegrity(key: Uint8Array, algorithm: IntegrityAlgorithm = 'sha1'): this {
    const hmac = computeIntegrity(algorithm, key, this.#room, this.#end);
    const length = this.#room.write(hmac, this.#end + ATTRIBUTE_HEADER_BYTES, 'latin1');
    return this.#close(integrityAttribute(algorithm).type, length);
  }

  /** The last call before `finish`. */
  addFingerprint(): this {
    const at = this.#end;
    this.#close(fingerprint.type, FINGERPRINT_BYTES);
    this.#writeLength();
    this.#room.writeUInt32BE(computeFingerprint(this.#room, at), at + ATTRIBUTE_HEADER_BYTES);
    return this;
  }

  /** The message, the same each time. The writer writes nothing more. */
  finish(): Buffer {
    this.#message ??= this.#takeOut();
    return this.#message;
  }

  /** The room is the next message's from here on. */
  #takeOut(): Buffer {
    this.#writeLength();
    const message = Buffer.allocUnsafe(this.#end);
    this.#room.copy(message, 0, 0, this.#end);
    spareRoom = this.#room;
    this.#room = message;
    return message;
  }

  #writeLength(): void {
    this.#room.writeUInt16BE(this.#end - HEADER_BYTES, 2);
  }

  /** Takes in an attribute whose value is written already. */
  #close(type: number, length: number): this {
    const valueEnd = this.#end + ATTRIBUTE_HEADER_BYTES + length;
    const end = paddedLength(valueEnd);
    if (end > MAX_MESSAGE_BYTES) throw invalid(`message: expected at most ${MAX_MESSAGE_BYTES} bytes, got ${end}`);
    this.#room.writeUInt16BE(type, this.#end);
    this.#room.writeUInt16BE(length, this.#end + 2);
    for (let at = valueEnd; at < end; at++) this.#room[at] = 0;
    this.#end = end;
    return this;
  }
}

function invalid(message: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_INVALID_ARGUMENT', message);
}
