import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { software } from '../../src/stun/attributes/rfc8489.ts';
import { lifetime } from '../../src/stun/attributes/rfc8656.ts';
import { checkIntegrity, type IntegrityCheck } from '../../src/stun/integrity.ts';
import { unwrap } from '../support/unwrap.ts';
import { longTermKeyMd5, longTermKeySha256 } from './long-term-key.ts';
import { decodeMessage, type StunMessage } from '../../src/stun/message.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { hex } from '../vectors/hex.ts';
import {
  RFC5769_IPV4_RESPONSE,
  RFC5769_IPV6_RESPONSE,
  RFC5769_LONG_TERM,
  RFC5769_LONG_TERM_REQUEST,
  RFC5769_PASSWORD,
  RFC5769_REQUEST,
} from '../vectors/rfc5769.ts';
import { RFC8489_B1, RFC8489_B1_REQUEST } from '../vectors/rfc8489-appendix-b.ts';

const KEY = Buffer.from('a key');

function read(bytes: Buffer): StunMessage {
  return unwrap(decodeMessage(bytes));
}

function writer(): StunWriter {
  return new StunWriter(Method.Refresh, 'request', Buffer.alloc(12, 9)).add(lifetime, 600);
}

describe('checkIntegrity', () => {
  const longTermKey = longTermKeyMd5(RFC5769_LONG_TERM.username, RFC5769_LONG_TERM.realm, RFC5769_LONG_TERM.password);

  it.each([
    ['request', RFC5769_REQUEST, Buffer.from(RFC5769_PASSWORD)],
    ['IPv4 response', RFC5769_IPV4_RESPONSE, Buffer.from(RFC5769_PASSWORD)],
    ['IPv6 response', RFC5769_IPV6_RESPONSE, Buffer.from(RFC5769_PASSWORD)],
    ['long-term request', RFC5769_LONG_TERM_REQUEST, longTermKey],
  ])('accepts the %s of RFC 5769, and none with another key', (_, bytes, key) => {
    expect(checkIntegrity(read(bytes), key)).toBe('valid');
    expect(checkIntegrity(read(bytes), KEY)).toBe('invalid');
    expect(checkIntegrity(read(bytes), key, 'sha256')).toBe('absent');
  });

  it('accepts the SHA-256 request of RFC 8489 appendix B.1, whose key is made by SHA-256', () => {
    const { username, realm, password } = RFC8489_B1;
    const message = read(RFC8489_B1_REQUEST);
    expect(checkIntegrity(message, longTermKeySha256(username, realm, password), 'sha256')).toBe('valid');
    expect(checkIntegrity(message, longTermKeyMd5(username, realm, password), 'sha256')).toBe('invalid');
    expect(checkIntegrity(message, longTermKeySha256(username, realm, password))).toBe('absent');
  });

  it('leaves the message as it was', () => {
    const bytes = Buffer.from(RFC5769_REQUEST);
    checkIntegrity(read(bytes), KEY);
    expect(bytes).toEqual(RFC5769_REQUEST);
  });

  it('accepts both integrity attributes and a fingerprint in one message', () => {
    const message = read(writer().addIntegrity(KEY).addIntegrity(KEY, 'sha256').addFingerprint().finish());
    expect(checkIntegrity(message, KEY, 'sha1')).toBe('valid');
    expect(checkIntegrity(message, KEY, 'sha256')).toBe('valid');
  });

  it.each(['sha1', 'sha256'] as const)('finds %s broken by any changed bit of what it covers', (algorithm) => {
    const good = writer().add(software, 'odd').addIntegrity(KEY, algorithm).finish();
    expect(checkIntegrity(read(good), KEY, algorithm)).toBe('valid');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: good.length * 8 - 1 }), (bit) => {
        const bytes = Buffer.from(good);
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
        const result = decodeMessage(bytes);
        if (result.ok) expect(checkIntegrity(result.value, KEY, algorithm)).not.toBe('valid');
      }),
      { numRuns: 300 },
    );
  });

  it('covers nothing that was added behind it, and nothing there is read', () => {
    const signed = writer().addIntegrity(KEY).finish();
    const forged = Buffer.concat([signed, hex('000d0004 00000000')]);
    forged.writeUInt16BE(forged.length - 20, 2);
    const message = read(forged);
    expect(checkIntegrity(message, KEY)).toBe('valid');
    expect(message.getAll(lifetime)).toEqual([600]);
  });

  it.each<[string, string, IntegrityCheck]>([
    ['no attribute at all', '', 'absent'],
    ['an empty value', '00080000', 'invalid'],
    ['a value of 16 bytes', `00080010${'00'.repeat(16)}`, 'invalid'],
    ['a value of 32 bytes', `00080020${'00'.repeat(32)}`, 'invalid'],
  ])('%s (%s) is %s', (_, attribute, check) => {
    const body = hex(attribute);
    const header = hex('0001 0000 2112a442 000000000000000000000000');
    header.writeUInt16BE(body.length, 2);
    expect(checkIntegrity(read(Buffer.concat([header, body])), KEY)).toBe(check);
  });

  it('a truncated SHA-256 value is invalid: it would be that much easier to guess', () => {
    const whole = writer().addIntegrity(KEY, 'sha256').finish();
    const truncated = Buffer.from(whole.subarray(0, -16));
    truncated.writeUInt16BE(truncated.length - 20, 2);
    truncated.writeUInt16BE(16, truncated.length - 18);
    expect(checkIntegrity(read(truncated), KEY, 'sha256')).toBe('invalid');
  });
});
