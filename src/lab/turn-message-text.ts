import { formatTransportAddress, type TransportAddress } from '../base/transport-address.ts';
import { indexAttributes } from '../stun/attribute-index.ts';
import { registeredAttribute } from '../stun/attribute-registry.ts';
import { accessToken } from '../stun/attributes/rfc7635.ts';
import { mobilityTicket } from '../stun/attributes/rfc8016.ts';
import { errorCode, passwordAlgorithm, passwordAlgorithms, username } from '../stun/attributes/rfc8489.ts';
import { requestedTransport, reservationToken } from '../stun/attributes/rfc8656.ts';
import { decodeMessageType, HEADER_BYTES, Method, type MessageClass } from '../stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../stun/message.ts';
import { PasswordAlgorithm, type PasswordAlgorithmChoice } from '../stun/password-algorithm.ts';

/** A STUN message for a person to read and a program to pick from. */
export interface TurnMessageFacts {
  /** `Allocate`; `0x0ab` for a number without a name, `unreadable` for bytes that are no STUN message. */
  readonly method: string;
  readonly class: MessageClass;
  /** Code of ERROR-CODE; absent where the message has none. */
  readonly code?: number;
  /**
   * The type, the transaction id and each attribute, a line each. Of what proves or grants something only the presence is told. Absent
   * when it was forgotten for newer ones.
   */
  readonly text?: string;
}

const METHOD_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Method).map(([name, method]): [number, string] => [method, name]),
);
const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [17, 'UDP'],
  [6, 'TCP'],
]);
const ALGORITHM_NAMES: ReadonlyMap<number, string> = new Map([
  [PasswordAlgorithm.Md5, 'MD5'],
  [PasswordAlgorithm.Sha256, 'SHA-256'],
]);
/** Attributes whose value lets its holder go on with an allocation: they are no more shown than a password. */
const GRANTING: ReadonlySet<number> = new Set([accessToken.type, reservationToken.type, mobilityTicket.type]);

/** Never throws, whatever the bytes. `username` is that of USERNAME, if there is one that names somebody: the kid of an access token does not. */
export function readTurnMessage(bytes: Uint8Array): { facts: TurnMessageFacts; username: string | undefined } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoded = decodeMessage(buffer);
  if (decoded.ok) {
    const message = decoded.value;
    const named = message.get(accessToken) === undefined ? message.get(username) : undefined;
    return { facts: factsOf(message), username: named };
  }
  const { messageClass } = decodeMessageType(buffer.length < 2 ? 0 : buffer.readUInt16BE(0));
  const text = `${bytesOf(buffer.length)} that are no STUN message (${decoded.reason})`;
  return { facts: { method: 'unreadable', class: messageClass, text }, username: undefined };
}

function factsOf(message: StunMessage): TurnMessageFacts {
  const { messageClass, transactionId, bytes } = message;
  const method = METHOD_NAMES.get(message.method) ?? hex(message.method, 3);
  const code = message.get(errorCode)?.code;
  const text = [
    `${method} ${messageClass}, ${bytesOf(bytes.length)}`,
    `transaction ${transactionId.toString('hex')}`,
    ...attributeLines(message),
  ].join('\n');
  return { method, class: messageClass, ...(code !== undefined && { code }), text };
}

function attributeLines({ bytes, transactionId }: StunMessage): string[] {
  const index = indexAttributes(bytes);
  if (!index.ok) return [];
  const { types, offsets, lengths } = index.value;
  return types.map((type, at) => {
    const offset = offsets[at] ?? HEADER_BYTES;
    const length = lengths[at] ?? 0;
    const attribute = registeredAttribute(type);
    if (!attribute) return `${hex(type, 4)}: ${bytesOf(length)}`;
    const decoded = attribute.decode(bytes, offset, length, transactionId);
    return `${attribute.name}: ${decoded === undefined ? `malformed, ${bytesOf(length)}` : shown(type, decoded)}`;
  });
}

function shown(type: number, value: unknown): string {
  if (GRANTING.has(type)) return 'present';
  if (Array.isArray(value) && type === passwordAlgorithms.type) return value.map(algorithmText).join(', ');
  if (type === passwordAlgorithm.type) return algorithmText(value);
  if (type === requestedTransport.type && typeof value === 'number') {
    return `${PROTOCOL_NAMES.get(value) ?? 'protocol'} (${value})`;
  }
  return valueText(value);
}

function algorithmText(choice: unknown): string {
  const { algorithm } = choice as PasswordAlgorithmChoice;
  return ALGORITHM_NAMES.get(algorithm) ?? `algorithm ${algorithm}`;
}

/** Bytes are an HMAC, a checksum or payload: how many says enough. */
function valueText(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return oneLine(value);
  if (value instanceof Uint8Array) return `present, ${bytesOf(value.length)}`;
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (isTransportAddress(value)) return formatTransportAddress(value);
  return Object.values(value as object)
    .map(valueText)
    .join(' ');
}

function isTransportAddress(value: unknown): value is TransportAddress {
  return typeof value === 'object' && value !== null && 'address' in value && 'port' in value;
}

/** A name from the network must not pretend to be a further attribute. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
}

function bytesOf(count: number): string {
  return `${count} ${count === 1 ? 'byte' : 'bytes'}`;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
