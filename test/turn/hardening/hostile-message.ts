import fc from 'fast-check';
import { Method } from '../../../src/stun/message-type.ts';

/** An attribute as bytes, with what its sender claims of it. */
export interface RawAttribute {
  readonly type: number;
  readonly value: Uint8Array;
  /** Added to the length field. */
  readonly lie?: number;
  /** What the padding is filled with. */
  readonly padding?: number;
}

export interface RawMessage {
  /** The 14 bits of method and class. */
  readonly type: number;
  readonly transactionId: Uint8Array;
  readonly attributes: readonly RawAttribute[];
  /** Added to the length field of the header. */
  readonly lie?: number;
}

export type Mutation =
  | { readonly kind: 'drop'; readonly at: number }
  | { readonly kind: 'duplicate' | 'swap'; readonly at: number; readonly to: number }
  | { readonly kind: 'retype'; readonly at: number; readonly type: number }
  | { readonly kind: 'cut'; readonly at: number; readonly by: number }
  | { readonly kind: 'extend'; readonly at: number; readonly tail: Uint8Array }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'lie'; readonly at: number; readonly by: number }
  | { readonly kind: 'pad'; readonly at: number; readonly byte: number }
  | { readonly kind: 'insert'; readonly at: number; readonly attribute: RawAttribute }
  | { readonly kind: 'claim'; readonly by: number };

const HEADER = 20;

export function encodeRaw({ type, transactionId, attributes, lie = 0 }: RawMessage): Buffer {
  const body = Buffer.concat(
    attributes.map((attribute) => {
      const { value } = attribute;
      const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4, attribute.padding ?? 0);
      bytes.writeUInt16BE(attribute.type, 0);
      bytes.writeUInt16BE((value.length + (attribute.lie ?? 0)) & 0xffff, 2);
      bytes.set(value, 4);
      return bytes;
    }),
  );
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE((body.length + lie) & 0xffff, 2);
  header.writeUInt32BE(0x2112a442, 4);
  header.set(transactionId, 8);
  return Buffer.concat([header, body]);
}

/** Of a message that is in order. */
export function rawOf(bytes: Buffer): RawMessage {
  const attributes: RawAttribute[] = [];
  for (let at = HEADER; at < bytes.length;) {
    const length = bytes.readUInt16BE(at + 2);
    attributes.push({ type: bytes.readUInt16BE(at), value: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { type: bytes.readUInt16BE(0), transactionId: bytes.subarray(8, HEADER), attributes };
}

export function mutate(message: RawMessage, mutations: readonly Mutation[]): RawMessage {
  return mutations.reduce(mutateOnce, message);
}

function mutateOnce(message: RawMessage, mutation: Mutation): RawMessage {
  if (mutation.kind === 'claim') return { ...message, lie: mutation.by };
  const attributes = [...message.attributes];
  if (mutation.kind === 'insert') {
    attributes.splice(mutation.at % (attributes.length + 1), 0, mutation.attribute);
    return { ...message, attributes };
  }
  const at = mutation.at % Math.max(1, attributes.length);
  const target = attributes[at];
  if (!target) return message;
  if (mutation.kind === 'drop') attributes.splice(at, 1);
  else if (mutation.kind === 'duplicate') attributes.splice(mutation.to % (attributes.length + 1), 0, target);
  else if (mutation.kind === 'swap') {
    const to = mutation.to % attributes.length;
    attributes[at] = attributes[to]!;
    attributes[to] = target;
  } else attributes[at] = altered(target, mutation);
  return { ...message, attributes };
}

function altered(
  target: RawAttribute,
  mutation: Exclude<Mutation, { kind: 'drop' | 'claim' | 'insert' }>,
): RawAttribute {
  const value = Buffer.from(target.value);
  switch (mutation.kind) {
    case 'retype':
      return { ...target, type: mutation.type };
    case 'cut':
      return { ...target, value: value.subarray(0, Math.max(0, value.length - mutation.by)) };
    case 'extend':
      return { ...target, value: Buffer.concat([value, mutation.tail]) };
    case 'lie':
      return { ...target, lie: mutation.by };
    case 'pad':
      return { ...target, padding: mutation.byte };
    case 'flip': {
      const bit = mutation.bit % Math.max(1, value.length * 8);
      const byte = value[bit >> 3];
      if (byte !== undefined) value[bit >> 3] = byte ^ (1 << (bit & 7));
      return { ...target, value };
    }
    default:
      return target;
  }
}

/** Attribute types that a TURN server gives a meaning to, and some that nobody knows. */
const TYPES = [
  0x0001, 0x0003, 0x0004, 0x0006, 0x0008, 0x0009, 0x000a, 0x000c, 0x000d, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016,
  0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x001c, 0x001d, 0x001e, 0x0020, 0x0022, 0x0024, 0x0026, 0x0027, 0x002a,
  0x7fff, 0x8000, 0x8001, 0x8002, 0x8004, 0x8022, 0x8023, 0x8028, 0x802f, 0x8030, 0xffff,
];

const index = fc.nat(15);
const anyType = fc.constantFrom(...TYPES);
const anyAttribute = fc.record({ type: anyType, value: fc.uint8Array({ maxLength: 40 }) });
const lie = fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constantFrom(-4, 4, 0x7fff, 0xffff));

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: index }),
  fc.record({ kind: fc.constantFrom('duplicate' as const, 'swap' as const), at: index, to: index }),
  fc.record({ kind: fc.constant('retype' as const), at: index, type: anyType }),
  fc.record({ kind: fc.constant('cut' as const), at: index, by: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('extend' as const), at: index, tail: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('flip' as const), at: index, bit: fc.nat(300) }),
  fc.record({ kind: fc.constant('lie' as const), at: index, by: lie }),
  fc.record({ kind: fc.constant('pad' as const), at: index, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('insert' as const), at: index, attribute: anyAttribute }),
  fc.record({ kind: fc.constant('claim' as const), by: lie }),
);

/** Transport addresses to ask for: open ones, closed ones, this server's own, and IPv4 in IPv6. */
export const PEERS = [
  '9.9.9.9',
  '9.9.9.10',
  '8.8.4.1',
  '1.1.1.1',
  '10.0.0.1',
  '127.0.0.1',
  '192.168.7.7',
  '169.254.169.254',
  '224.0.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '2606:4700::1',
  '2a00:1450::1',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '::ffff:9.9.9.9',
  '::9.9.9.9',
  '2002:909:909::1',
  '64:ff9b::909:909',
  '2001::f6f6:f6f6',
  '2606:4700::5efe:a00:1',
];

export const method = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.values(Method)) },
  { weight: 1, arbitrary: fc.constant(0x0ff) },
);
export { anyAttribute };
