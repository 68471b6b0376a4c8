import { attribute } from '../../../src/stun/attribute.ts';
import { nonce, realm, software, username } from '../../../src/stun/attributes/rfc8489.ts';
import {
  channelNumber,
  data,
  evenPort,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  xorPeerAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { anyBytes } from '../../../src/stun/codec/bytes-codec.ts';
import { longTermKeyMd5 } from '../../stun/long-term-key.ts';
import { HEADER_BYTES, Method } from '../../../src/stun/message-type.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { type Random } from './random.ts';
import { type Credential } from './victim.ts';

/** What a challenged client knows; without it requests go out unsigned. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly credential: Credential;
}

const PEERS = ['127.0.0.1', '192.0.2.7', '198.51.100.9', '8.8.8.8', '224.0.0.1', '0.0.0.0', '169.254.169.254'];
const PEERS_6 = ['::1', '::ffff:127.0.0.1', '2002:7f00:1::', '64:ff9b::7f00:1', '2001:db8::1', 'fe80::1', '::'];

/** A valid message of every method a TURN client sends, with a random choice of arguments. */
export function validMessage(random: Random, challenge: Challenge | undefined): Buffer {
  const build = random.pick(BUILDERS);
  return build(random, challenge);
}

type Builder = (random: Random, challenge: Challenge | undefined) => Buffer;

const BUILDERS: readonly Builder[] = [
  (random) => new StunWriter(Method.Binding, 'request', random.bytes(12)).add(software, 'x').addFingerprint().finish(),
  (random) => {
    const indication = new StunWriter(Method.Send, 'indication', random.bytes(12));
    return indication
      .add(xorPeerAddress, peer(random))
      .add(data, random.bytes(random.below(1500)))
      .finish();
  },
  request(Method.Allocate, (writer, random) => {
    writer.add(requestedTransport, random.chance(0.9) ? 17 : random.below(256));
    if (random.chance(0.3)) writer.add(lifetime, random.pick([0, 1, 600, 0xffff_ffff]));
    if (random.chance(0.3)) writer.add(evenPort, random.chance(0.5));
    else if (random.chance(0.3)) writer.add(requestedAddressFamily, random.pick([1, 2, 3]));
  }),
  request(Method.Refresh, (writer, random) => {
    writer.add(lifetime, random.pick([0, 0, 1, 600, 0xffff_ffff]));
  }),
  request(Method.CreatePermission, (writer, random) => {
    for (let i = random.between(1, 20); i > 0; i--) writer.add(xorPeerAddress, peer(random));
  }),
  request(Method.ChannelBind, (writer, random) => {
    writer.add(channelNumber, random.chance(0.8) ? 0x4000 + random.below(0x1000) : random.below(0x10000));
    writer.add(xorPeerAddress, peer(random));
  }),
  request(Method.Connect, (writer, random) => {
    writer.add(xorPeerAddress, peer(random));
  }),
];

function request(method: number, fill: (writer: StunWriter, random: Random) => void): Builder {
  return (random, challenge) => {
    const writer = new StunWriter(method, 'request', random.bytes(12));
    fill(writer, random);
    if (challenge) {
      writer.add(username, challenge.credential.username).add(realm, challenge.realm).add(nonce, challenge.nonce);
      writer.addIntegrity(keyOf(challenge));
    }
    return random.chance(0.3) ? writer.addFingerprint().finish() : writer.finish();
  };
}

export function keyOf({ credential, realm: name }: Challenge): Buffer {
  return longTermKeyMd5(credential.username, name, credential.password);
}

function peer(random: Random) {
  const six = random.chance(0.3);
  return {
    family: six ? (6 as const) : (4 as const),
    address: random.pick(six ? PEERS_6 : PEERS),
    port: random.below(0x10000),
  };
}

interface Tlv {
  readonly type: number;
  readonly length: number;
  readonly value: Buffer;
}

/** Signs `message` anew over whatever its attributes have become, so that the damage reaches the code behind authentication. */
function resigned(message: Buffer, attributes: readonly Tlv[], key: Buffer): Buffer {
  const writer = new StunWriter(message.readUInt8(1) & 0x0f, 'request', message.subarray(8, HEADER_BYTES));
  for (const { type, value } of attributes) {
    if (type === 0x0008 || type === 0x8028) continue;
    writer.add(attribute(type, '', anyBytes), value);
  }
  return writer.addIntegrity(key).finish();
}

function attributesOf(message: Buffer): Tlv[] {
  const attributes: Tlv[] = [];
  for (let at = HEADER_BYTES; at + 4 <= message.length;) {
    const length = message.readUInt16BE(at + 2);
    attributes.push({ type: message.readUInt16BE(at), length, value: message.subarray(at + 4, at + 4 + length) });
    at += 4 + ((length + 3) & ~3);
  }
  return attributes;
}

function assembled(message: Buffer, attributes: readonly Tlv[]): Buffer {
  const parts = attributes.map(({ type, length, value }) => {
    const padded = Buffer.alloc(4 + ((value.length + 3) & ~3));
    padded.writeUInt16BE(type, 0);
    padded.writeUInt16BE(length, 2);
    value.copy(padded, 4);
    return padded;
  });
  const head = Buffer.from(message.subarray(0, HEADER_BYTES));
  const body = Buffer.concat(parts);
  head.writeUInt16BE(Math.min(body.length, 0xfffc), 2);
  return Buffer.concat([head, body]);
}

type Mutation = (message: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  // Bit flips
  (message, random) => {
    const copy = Buffer.from(message);
    for (let i = random.between(1, 8); i > 0; i--) {
      const at = random.below(copy.length);
      copy[at] = copy[at]! ^ (1 << random.below(8));
    }
    return copy;
  },
  // Cut short
  (message, random) => message.subarray(0, random.below(message.length + 1)),
  // Grown
  (message, random) => Buffer.concat([message, random.bytes(random.between(1, 64))]),
  // The header lies about the length
  (message, random) => {
    const copy = Buffer.from(message);
    copy.writeUInt16BE(random.pick([0, 1, 4, 0xffff, 0xfffc, random.below(0x10000)]), 2);
    return copy;
  },
  // An attribute lies about its length
  (message, random) => {
    const attributes = attributesOf(message);
    if (attributes.length === 0) return message;
    const at = random.below(attributes.length);
    const length = random.pick([0, 1, 3, 0xffff, 0xfffe, random.below(0x10000)]);
    return assembled(message, attributes.with(at, { ...attributes[at]!, length }));
  },
  // Reordered
  (message, random) => assembled(message, random.shuffled(attributesOf(message))),
  // Repeated
  (message, random) => {
    const attributes = attributesOf(message);
    if (attributes.length === 0) return message;
    const more = Array.from({ length: random.between(1, 200) }, () => random.pick(attributes));
    return assembled(message, [...attributes, ...more]);
  },
  // Of another type
  (message, random) => {
    const attributes = attributesOf(message);
    if (attributes.length === 0) return message;
    const at = random.below(attributes.length);
    return assembled(message, attributes.with(at, { ...attributes[at]!, type: random.below(0x10000) }));
  },
  // Oversized: an attribute fills what a datagram can carry
  (message, random) => {
    const value = random.bytes(16);
    const big = Buffer.alloc(random.pick([1000, 9000, 60_000]), value);
    return assembled(message, [
      ...attributesOf(message),
      { type: random.pick([6, 0x13, 0x8022]), length: big.length, value: big },
    ]);
  },
  // Thousands of empty attributes
  (message, random) => {
    const empty = { type: random.pick([0x7fff, 0x001a, 0xc000]), length: 0, value: Buffer.alloc(0) };
    return assembled(message, new Array<Tlv>(random.between(100, 12_000)).fill(empty));
  },
  // Another method and class
  (message, random) => {
    const copy = Buffer.from(message);
    copy.writeUInt16BE(random.below(0x4000), 0);
    return copy;
  },
];

export function mutated(message: Buffer, random: Random): Buffer {
  return random.pick(MUTATIONS)(message, random);
}

/** Damage to the attributes under a signature that is right. */
export function signedDamage(message: Buffer, random: Random, challenge: Challenge): Buffer {
  const attributes = attributesOf(message).map((attribute): Tlv => {
    const keep = [0x0006, 0x0014, 0x0015].includes(attribute.type) || random.chance(0.5);
    if (keep) return attribute;
    const value = random.chance(0.5) ? random.bytes(attribute.value.length) : random.bytes(random.below(64));
    return { type: random.chance(0.2) ? random.below(0x10000) : attribute.type, length: value.length, value };
  });
  return resigned(message, attributes, keyOf(challenge));
}

/** ChannelData, honest about its length or not. */
export function channelData(random: Random): Buffer {
  const payload = random.bytes(random.below(1200));
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0x4000 + random.below(0x1000), 0);
  head.writeUInt16BE(random.chance(0.7) ? payload.length : random.below(0x10000), 2);
  return Buffer.concat([head, payload]);
}
