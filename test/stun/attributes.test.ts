import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EpcscfTurnError } from '../../src/base/errors.ts';
import { ATTRIBUTES } from '../../src/stun/attribute-registry.ts';
import { type Attribute } from '../../src/stun/attribute.ts';
import { decodeMessage } from '../../src/stun/message.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { decoded, encoded } from './raw-attribute.ts';
import { hex } from '../vectors/hex.ts';
import { transactionIds, VALUES } from './arbitrary-values.ts';

const TRANSACTION_ID = hex('b7e7a701 bc34d686 fa87dfae');
const byName = new Map<string, Attribute<unknown>>(ATTRIBUTES.map((attribute) => [attribute.name, attribute]));

function attributeNamed(name: string): Attribute<unknown> {
  return byName.get(name)!;
}

/** Mostly of the lengths that attributes have, so that the deeper branches are reached. */
const anyBytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 64 }),
    ...[1, 4, 8, 20, 32].map((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes })),
  )
  .map((array) => Buffer.from(array));

describe('every attribute', () => {
  it('has values to be tested with', () => {
    expect(Object.keys(VALUES).sort()).toEqual([...byName.keys()].sort());
  });

  it.each([...byName.values()])('$name carries its value through a message unchanged', (attribute) => {
    fc.assert(
      fc.property(VALUES[attribute.name]!, transactionIds, (value, transactionId) => {
        const bytes = new StunWriter(Method.Binding, 'request', transactionId).add(attribute, value).finish();
        const message = decodeMessage(bytes);
        expect(message.ok && message.value.get(attribute)).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it.each([...byName.values()])(
    '$name decodes any bytes without throwing, and what decodes is a value it can carry',
    (attribute) => {
      fc.assert(
        fc.property(anyBytes, transactionIds, (bytes, transactionId) => {
          const value = decoded(attribute, bytes, transactionId);
          if (value === undefined) return;
          const again = encoded(attribute, value, transactionId);
          expect(decoded(attribute, again, transactionId)).toEqual(value);
        }),
        { numRuns: 200 },
      );
    },
  );
});

describe('attribute values', () => {
  const peer4 = { family: 4, address: '192.0.2.1', port: 32853 };
  const peer6 = { family: 6, address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32853 };

  it.each([
    ['MAPPED-ADDRESS', '00018055c0000201', peer4],
    ['MAPPED-ADDRESS', '0002805520010db8123456780011223344556677', peer6],
    ['XOR-PEER-ADDRESS', '0001a147e112a643', peer4],
    ['XOR-PEER-ADDRESS', '0002a1470113a9faa5d3f179bc25f4b5bed2b9d9', peer6],
    ['XOR-MAPPED-ADDRESS', '0001a147e112a643', peer4],
    ['CHANNEL-NUMBER', '40000000', 0x4000],
    ['LIFETIME', '00000258', 600],
    ['LIFETIME', 'ffffffff', 4_294_967_295],
    ['REQUESTED-ADDRESS-FAMILY', '02000000', 2],
    ['REQUESTED-ADDRESS-FAMILY', '07000000', 7],
    ['REQUESTED-TRANSPORT', '11000000', 17],
    ['EVEN-PORT', '80', true],
    ['EVEN-PORT', '00', false],
    ['DONT-FRAGMENT', '', true],
    ['RESERVATION-TOKEN', '0102030405060708', hex('0102030405060708')],
    ['ERROR-CODE', '00000401556e61757468656e74696361746564', { code: 401, reason: 'Unauthenticated' }],
    ['ERROR-CODE', '00000563', { code: 599, reason: '' }],
    ['ADDRESS-ERROR-CODE', '020004286e6f', { family: 2, code: 440, reason: 'no' }],
    ['UNKNOWN-ATTRIBUTES', '00030026', [0x0003, 0x0026]],
    ['ICMP', '0000060400000578', { type: 3, code: 4, data: 1400 }],
    ['CHANGE-REQUEST', '00000006', { changeIp: true, changePort: true }],
    ['CHANGE-REQUEST', '00000002', { changeIp: false, changePort: true }],
    ['PASSWORD-ALGORITHM', '00020000', { algorithm: 2, parameters: hex('') }],
    ['PASSWORD-ALGORITHMS', '0002000000010000', [2, 1].map((algorithm) => ({ algorithm, parameters: hex('') }))],
    ['PASSWORD-ALGORITHMS', '00090001ff000000', [{ algorithm: 9, parameters: hex('ff') }]],
    ['TRANSACTION_TRANSMIT_COUNTER', '00000201', { request: 2, response: 1 }],
    ['RESPONSE-PORT', '0d960000', 3478],
    ['ICE-CONTROLLED', '932ff9b151263b36', 0x932ff9b151263b36n],
    ['USERNAME', 'e3839e', '\u30de'],
    ['USERNAME', '', ''],
    ['USERNAME', 'efbbbf61', '\ufeffa'],
  ])('%s %s', (name, bytes, value) => {
    const attribute = attributeNamed(name);
    expect(decoded(attribute, hex(bytes), TRANSACTION_ID)).toEqual(value);
    expect(encoded(attribute, value, TRANSACTION_ID).toString('hex')).toBe(bytes);
  });

  it.each([
    ['CHANNEL-NUMBER', '4000ffff', 0x4000],
    ['REQUESTED-ADDRESS-FAMILY', '01ffffff', 1],
    ['REQUESTED-TRANSPORT', '11ffffff', 17],
    ['EVEN-PORT', '7f', false],
    ['EVEN-PORT', 'ff', true],
    ['ERROR-CODE', 'fffffc01', { code: 401, reason: '' }],
    ['ADDRESS-ERROR-CODE', '01ffff08', undefined],
    ['ADDRESS-ERROR-CODE', '01fffd08', { family: 1, code: 508, reason: '' }],
    ['MAPPED-ADDRESS', 'ff018055c0000201', peer4],
    ['ICMP', 'ffff060400000000', { type: 3, code: 4, data: 0 }],
    ['CHANGE-REQUEST', 'fffffff9', { changeIp: false, changePort: false }],
    ['PASSWORD-ALGORITHM', '00090001ff', { algorithm: 9, parameters: hex('ff') }],
    ['PASSWORD-ALGORITHM', '00090001ffaaaaaa', { algorithm: 9, parameters: hex('ff') }],
  ])('%s %s: reserved bits and padding are ignored', (name, bytes, value) => {
    expect(decoded(attributeNamed(name), hex(bytes), TRANSACTION_ID)).toEqual(value);
  });

  it.each([
    ['MAPPED-ADDRESS', '', 'empty'],
    ['MAPPED-ADDRESS', '00018055', 'no address'],
    ['MAPPED-ADDRESS', '00018055c00002', 'a short address'],
    ['MAPPED-ADDRESS', '00018055c000020100', 'a long address'],
    ['MAPPED-ADDRESS', '00028055c0000201', 'IPv6 of 4 bytes'],
    ['MAPPED-ADDRESS', '0001805520010db8123456780011223344556677', 'IPv4 of 16 bytes'],
    ['MAPPED-ADDRESS', '00038055c0000201', 'an unknown family'],
    ['XOR-PEER-ADDRESS', '0000a147e112a643', 'family 0'],
    ['CHANNEL-NUMBER', '4000', 'without its reserved bytes'],
    ['LIFETIME', '0258', 'two bytes'],
    ['LIFETIME', '0000000000000258', 'eight bytes'],
    ['EVEN-PORT', '', 'empty'],
    ['EVEN-PORT', '80000000', 'four bytes'],
    ['REQUESTED-TRANSPORT', '11', 'without its reserved bytes'],
    ['DONT-FRAGMENT', '00', 'with a value'],
    ['RESERVATION-TOKEN', '01020304050607', 'seven bytes'],
    ['MESSAGE-INTEGRITY', '', 'empty'],
    ['MESSAGE-INTEGRITY', '00'.repeat(32), 'as long as a SHA-256'],
    ['MESSAGE-INTEGRITY-SHA256', '00'.repeat(16), 'truncated'],
    ['FINGERPRINT', '000000', 'three bytes'],
    ['ERROR-CODE', '000004', 'three bytes'],
    ['ERROR-CODE', '00000201', 'class 2'],
    ['ERROR-CODE', '00000701', 'class 7'],
    ['ERROR-CODE', '00000464', 'number 100'],
    ['ERROR-CODE', '00000401ff', 'a reason that is no UTF-8'],
    ['UNKNOWN-ATTRIBUTES', '000300', 'half a type'],
    ['ICMP', '00000604', 'without error data'],
    ['PASSWORD-ALGORITHM', '', 'empty'],
    ['PASSWORD-ALGORITHM', '0002000000010000', 'two algorithms'],
    ['PASSWORD-ALGORITHM', '00020001', 'parameters that are not there'],
    ['PASSWORD-ALGORITHMS', '000200', 'half a header'],
    ['USERNAME', 'c3', 'a cut UTF-8 sequence'],
    ['USERNAME', 'eda080', 'a surrogate'],
    ['USERNAME', 'c080', 'an overlong NUL'],
    ['REALM', 'ff', 'no UTF-8'],
    ['NONCE', '80', 'no UTF-8'],
    ['USERNAME', '61'.repeat(764), '764 bytes'],
    ['REALM', '61'.repeat(764), '764 bytes'],
    ['NONCE', '61'.repeat(764), '764 bytes'],
    ['SOFTWARE', '61'.repeat(764), '764 bytes'],
    ['ALTERNATE-DOMAIN', '61'.repeat(256), '256 bytes'],
  ])('%s %s is malformed: %s', (name, bytes) => {
    expect(decoded(attributeNamed(name), hex(bytes), TRANSACTION_ID)).toBeUndefined();
  });

  it('text of 763 bytes is read, as old peers may send it', () => {
    for (const name of ['USERNAME', 'REALM', 'NONCE', 'SOFTWARE']) {
      expect(decoded(attributeNamed(name), Buffer.alloc(763, 'a'), TRANSACTION_ID)).toHaveLength(763);
    }
  });

  it.each([
    ['::ffff:7f00:1', '0000000000000000 0000ffff 7f000001'],
    ['::7f00:1', '0000000000000000 00000000 7f000001'],
    ['64:ff9b::7f00:1', '0064ff9b00000000 00000000 7f000001'],
  ])('an IPv4 address inside IPv6 stays the IPv6 address %s that the peer policy must judge', (address, bytes) => {
    const mask = Buffer.concat([hex('2112a442'), TRANSACTION_ID]);
    const xored = hex(bytes).map((byte, i) => byte ^ mask[i]!);
    const value = Buffer.concat([hex('0002a147'), xored]);
    const peer = { family: 6, address, port: 32853 };
    expect(decoded(attributeNamed('XOR-PEER-ADDRESS'), value, TRANSACTION_ID)).toEqual(peer);
    expect(encoded(attributeNamed('XOR-PEER-ADDRESS'), peer, TRANSACTION_ID)).toEqual(value);
  });

  it('DATA decodes to a view of the message, not to a copy', () => {
    const message = hex('ff0102ff');
    const value = attributeNamed('DATA').decode(message, 1, 2, TRANSACTION_ID) as Buffer;
    expect(value).toEqual(hex('0102'));
    message[1] = 0x03;
    expect(value).toEqual(hex('0302'));
  });

  it.each([
    ['LIFETIME', -1],
    ['LIFETIME', 2 ** 32],
    ['LIFETIME', 0.5],
    ['CHANNEL-NUMBER', 0x10000],
    ['REQUESTED-TRANSPORT', 256],
    ['ICE-CONTROLLED', -1n],
    ['ICE-CONTROLLED', 2n ** 64n],
    ['RESERVATION-TOKEN', Buffer.alloc(7)],
    ['MESSAGE-INTEGRITY', Buffer.alloc(19)],
    ['DATA', Buffer.alloc(65_536)],
    ['ERROR-CODE', { code: 299, reason: '' }],
    ['ERROR-CODE', { code: 700, reason: '' }],
    ['ERROR-CODE', { code: 400, reason: 'a'.repeat(510) }],
    ['USERNAME', 'a'.repeat(509)],
    ['REALM', '\u30de'.repeat(170)],
    ['ICMP', { type: 128, code: 0, data: 0 }],
    ['ICMP', { type: 3, code: 512, data: 0 }],
    ['TRANSACTION_TRANSMIT_COUNTER', { request: 256, response: 0 }],
    ['PASSWORD-ALGORITHM', { algorithm: 1, parameters: Buffer.alloc(65_536) }],
    ['XOR-PEER-ADDRESS', { family: 4, address: '::1', port: 1 }],
    ['XOR-PEER-ADDRESS', { family: 6, address: '192.0.2.1', port: 1 }],
    ['XOR-PEER-ADDRESS', { family: 4, address: 'localhost', port: 1 }],
    ['XOR-PEER-ADDRESS', { family: 4, address: '192.0.2.1', port: 65_536 }],
  ])('%s refuses to write what it cannot carry', (name, value) => {
    expect(() => encoded(attributeNamed(name), value, TRANSACTION_ID)).toThrow(EpcscfTurnError);
  });
});
