import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTES } from '../../src/stun/attribute-registry.ts';
import { type Attribute } from '../../src/stun/attribute.ts';
import {
  fingerprint,
  messageIntegrity,
  messageIntegritySha256,
  realm,
  software,
  username,
} from '../../src/stun/attributes/rfc8489.ts';
import { lifetime, xorPeerAddress } from '../../src/stun/attributes/rfc8656.ts';
import { checkFingerprint } from '../../src/stun/fingerprint.ts';
import { checkIntegrity } from '../../src/stun/integrity.ts';
import { decodeMessage, type StunDecodeError, type StunMessage } from '../../src/stun/message.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { unwrap } from '../support/unwrap.ts';
import { hex } from '../vectors/hex.ts';
import { RFC5769_IPV6_RESPONSE, RFC5769_LONG_TERM_REQUEST, RFC5769_REQUEST } from '../vectors/rfc5769.ts';
import { RFC8489_B1_REQUEST } from '../vectors/rfc8489-appendix-b.ts';

const TRANSACTION_ID = '000102030405060708090a0b';
const KEY = Buffer.from('key');
const KNOWN: readonly Attribute<unknown>[] = ATTRIBUTES;
const A = '000d0004 00000001';
const B = '000d0004 00000002';

/** A Binding request with these attributes, in hex. */
function binding(attributes: string): Buffer {
  const body = hex(attributes);
  const header = hex(`0001 0000 2112a442 ${TRANSACTION_ID}`);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function read(bytes: Buffer): StunMessage {
  return unwrap(decodeMessage(bytes));
}

/** Asks a message everything that can be asked. */
function interrogate(message: StunMessage): void {
  for (const attribute of KNOWN) {
    message.get(attribute);
    message.has(attribute);
    message.getAll(attribute);
  }
  message.malformed();
  message.unknownRequired(new Set());
  checkIntegrity(message, KEY, 'sha1');
  checkIntegrity(message, KEY, 'sha256');
  checkFingerprint(message);
}

describe('decodeMessage', () => {
  it('reads the header', () => {
    const message = read(hex(`0113 0000 2112a442 ${TRANSACTION_ID}`));
    expect(message.method).toBe(Method.Allocate);
    expect(message.messageClass).toBe('error');
    expect(message.transactionId).toEqual(hex(TRANSACTION_ID));
  });

  it.each<[string, StunDecodeError | undefined]>([
    ['', 'too-short'],
    [`0001 0000 2112a442 ${TRANSACTION_ID.slice(2)}`, 'too-short'],
    [`4001 0000 2112a442 ${TRANSACTION_ID}`, 'not-stun'],
    [`8001 0000 2112a442 ${TRANSACTION_ID}`, 'not-stun'],
    [`0401 0000 2112a442 ${TRANSACTION_ID}`, 'not-stun'],
    [`0001 0000 2112a443 ${TRANSACTION_ID}`, 'bad-cookie'],
    [`0001 0000 00000000 ${TRANSACTION_ID}`, 'bad-cookie'],
    [`0001 0003 2112a442 ${TRANSACTION_ID} 000000`, 'bad-length'],
    [`0001 0001 2112a442 ${TRANSACTION_ID}`, 'bad-length'],
    [`0001 0004 2112a442 ${TRANSACTION_ID}`, 'length-mismatch'],
    [`0001 0000 2112a442 ${TRANSACTION_ID} 80220000`, 'length-mismatch'],
    [`0001 fffc 2112a442 ${TRANSACTION_ID} 80220000`, 'length-mismatch'],
    [`0001 0004 2112a442 ${TRANSACTION_ID} 80220001`, 'attribute-overrun'],
    [`0001 0008 2112a442 ${TRANSACTION_ID} 8022ffff 00000000`, 'attribute-overrun'],
    [`0001 000c 2112a442 ${TRANSACTION_ID} 80220005 00000000 00000000`, undefined],
    [`0001 000c 2112a442 ${TRANSACTION_ID} 80220009 00000000 00000000`, 'attribute-overrun'],
  ])('%s: %s', (bytes, reason) => {
    const result = decodeMessage(hex(bytes));
    expect(result.ok ? undefined : result.reason).toBe(reason);
  });

  const cutOf = (body: string, peers?: number) => {
    const result = decodeMessage(binding(body), peers === undefined ? undefined : { peers });
    return result.ok ? result.value.cut : result.reason;
  };

  it('lists 128 attributes, says when there are more, and finds what signs the message behind them', () => {
    expect(cutOf('80220000'.repeat(128))).toBeUndefined();
    expect(cutOf('80220000'.repeat(129))).toBe('others');
    const signed = decodeMessage(binding(`${'80220000'.repeat(5000)} 00080014 ${'00'.repeat(20)}`));
    expect(signed.ok && signed.value.valueOffset(messageIntegrity)).toBe(20 + 5000 * 4 + 4);
    expect(cutOf(`${A} 00080014 ${'00'.repeat(20)}` + '80220000'.repeat(127))).toBeUndefined();
  });

  it('counts XOR-PEER-ADDRESS apart, up to the limit given', () => {
    const peers = '0012000800010001deadbeef'.repeat(1000);
    expect(cutOf(peers, 1000)).toBeUndefined();
    expect(cutOf(peers, 999)).toBe('peers');
    expect(cutOf(`${peers}${'80220000'.repeat(128)}`, 1000)).toBeUndefined();
    expect(cutOf(`${peers}${'80220000'.repeat(129)}`, 999)).toBe('others');
  });

  it('answers any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = decodeMessage(Buffer.from(bytes));
        if (result.ok) interrogate(result.value);
      }),
      { numRuns: 500 },
    );
  });

  it('answers any attributes behind a right header without throwing', () => {
    const types = fc.constantFrom(...ATTRIBUTES.map(({ type }) => type), 0x7fff, 0xffff);
    const attributes = fc.array(fc.tuple(types, fc.uint8Array({ maxLength: 40 })), { maxLength: 10 });
    fc.assert(
      fc.property(attributes, (list) => {
        const body = list.map(([type, value]) => {
          const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
          bytes.writeUInt16BE(type, 0);
          bytes.writeUInt16BE(value.length, 2);
          bytes.set(value, 4);
          return bytes.toString('hex');
        });
        interrogate(read(binding(body.join(''))));
      }),
      { numRuns: 500 },
    );
  });

  it('answers mutated real messages without throwing', () => {
    const vectors = [RFC5769_REQUEST, RFC5769_IPV6_RESPONSE, RFC5769_LONG_TERM_REQUEST, RFC8489_B1_REQUEST];
    const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...vectors), mutations, (vector, list) => {
        const bytes = Buffer.from(vector);
        // The magic cookie stays, or hardly any message would get past the header.
        for (const [at, value] of list)
          if (at % bytes.length > 7 || at % bytes.length < 4) bytes[at % bytes.length] = value;
        const result = decodeMessage(bytes);
        if (result.ok) interrogate(result.value);
      }),
      { numRuns: 500 },
    );
  });
});

describe('StunMessage', () => {
  it('is a view: values lie in the bytes that were given', () => {
    const bytes = Buffer.from(RFC5769_REQUEST);
    const message = read(bytes);
    expect(message.bytes).toBe(bytes);
    expect(message.transactionId.buffer).toBe(bytes.buffer);
    expect(message.get(messageIntegrity)?.buffer).toBe(bytes.buffer);
  });

  it('an absent attribute has no value', () => {
    const message = read(binding(''));
    expect(message.get(lifetime)).toBeUndefined();
    expect(message.has(lifetime)).toBe(false);
    expect(message.getAll(lifetime)).toEqual([]);
  });

  it('a malformed attribute is there, has no value, and is named', () => {
    const message = read(binding('000d0002 00010000 80220001 ff000000'));
    expect(message.has(lifetime)).toBe(true);
    expect(message.get(lifetime)).toBeUndefined();
    expect(message.malformed()).toEqual([lifetime.type, software.type]);
  });

  it('of an attribute that comes twice the first counts, malformed or not', () => {
    expect(read(binding(`${A} ${B}`)).get(lifetime)).toBe(1);
    expect(read(binding(`000d0000 ${B}`)).get(lifetime)).toBeUndefined();
  });

  it('gives every XOR-PEER-ADDRESS, and names a malformed second one', () => {
    const peers = [1, 2, 3].map((host) => ({ family: 4, address: `192.0.2.${host}`, port: host }) as const);
    const writer = new StunWriter(Method.CreatePermission, 'request', hex(TRANSACTION_ID));
    for (const peer of peers) writer.add(xorPeerAddress, peer);
    expect(read(writer.finish()).getAll(xorPeerAddress)).toEqual(peers);

    const secondIsBroken = read(binding('00120008 0001a147 e112a643 00120004 0001a147'));
    expect(secondIsBroken.getAll(xorPeerAddress)).toHaveLength(1);
    expect(secondIsBroken.malformed()).toEqual([xorPeerAddress.type]);
  });

  it('ignores the padding of an attribute', () => {
    expect(read(binding('00060001 61ffffff')).get(username)).toBe('a');
    expect(read(binding('00060001 61ffffff 0014000162000000')).get(realm)).toBe('b');
  });

  const HMAC1 = `00080014 ${'01'.repeat(20)}`;
  const HMAC2 = `001c0020 ${'02'.repeat(32)}`;
  const CRC = '80280004 00000000';
  it.each([
    ['all', `${A} ${HMAC1} ${HMAC2} ${CRC}`, [true, true, true, true]],
    ['nothing else after MESSAGE-INTEGRITY', `${HMAC1} ${A} ${HMAC2} ${CRC}`, [false, true, true, true]],
    ['only FINGERPRINT after MESSAGE-INTEGRITY-SHA256', `${HMAC2} ${A} ${HMAC1} ${CRC}`, [false, false, true, true]],
    ['nothing after FINGERPRINT', `${CRC} ${A} ${HMAC1} ${HMAC2}`, [false, false, false, true]],
    [
      'nothing between MESSAGE-INTEGRITY-SHA256 and FINGERPRINT',
      `${HMAC1} ${HMAC2} ${A} ${CRC}`,
      [false, true, true, true],
    ],
    ['a malformed MESSAGE-INTEGRITY hides as a whole one does', `00080000 ${A} ${CRC}`, [false, true, false, true]],
  ])('shows %s', (_, attributes, visible) => {
    const message = read(binding(attributes));
    expect([lifetime, messageIntegrity, messageIntegritySha256, fingerprint].map((each) => message.has(each))).toEqual(
      visible,
    );
  });

  it('does not read, count or name what stands behind MESSAGE-INTEGRITY', () => {
    const message = read(binding(`${HMAC1} 000d0000 7fff0000 ${A}`));
    expect(message.get(lifetime)).toBeUndefined();
    expect(message.getAll(lifetime)).toEqual([]);
    expect(message.malformed()).toEqual([]);
    expect(message.unknownRequired(new Set([messageIntegrity.type]))).toEqual([]);
  });

  it('lists comprehension-required types that are not understood, each once, in order', () => {
    const message = read(binding(`7fff0000 ${A} 00310000 7fff0000 80010000 ffff0000`));
    expect(message.unknownRequired(new Set([lifetime.type]))).toEqual([0x7fff, 0x0031]);
  });

  it('knows no malformed form of a type it does not know', () => {
    expect(read(binding('7fff0001 00000000')).malformed()).toEqual([]);
  });
});
