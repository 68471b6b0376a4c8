import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFingerprint, computeFingerprint } from '../../src/stun/fingerprint.ts';
import { decodeMessage, type StunMessage } from '../../src/stun/message.ts';
import { unwrap } from '../support/unwrap.ts';
import { hex } from '../vectors/hex.ts';
import {
  RFC5769_IPV4_RESPONSE,
  RFC5769_IPV6_RESPONSE,
  RFC5769_LONG_TERM_REQUEST,
  RFC5769_REQUEST,
} from '../vectors/rfc5769.ts';

function read(bytes: Buffer): StunMessage {
  return unwrap(decodeMessage(bytes));
}

describe('checkFingerprint', () => {
  it.each([
    ['request', RFC5769_REQUEST],
    ['IPv4 response', RFC5769_IPV4_RESPONSE],
    ['IPv6 response', RFC5769_IPV6_RESPONSE],
  ])('accepts the %s of RFC 5769', (_, bytes) => {
    expect(checkFingerprint(read(bytes))).toBe('valid');
  });

  it('finds none in the long-term request of RFC 5769', () => {
    expect(checkFingerprint(read(RFC5769_LONG_TERM_REQUEST))).toBe('absent');
  });

  it('finds any changed bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: RFC5769_REQUEST.length * 8 - 1 }), (bit) => {
        const bytes = Buffer.from(RFC5769_REQUEST);
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
        const result = decodeMessage(bytes);
        if (result.ok) expect(checkFingerprint(result.value)).not.toBe('valid');
      }),
    );
  });

  it('must be the last attribute, even when its value is right', () => {
    const bytes = Buffer.concat([RFC5769_REQUEST, hex('80220000')]);
    bytes.writeUInt16BE(bytes.length - 20, 2);
    const attributeOffset = RFC5769_REQUEST.length - 8;
    bytes.writeUInt32BE(computeFingerprint(bytes, attributeOffset), attributeOffset + 4);
    expect(checkFingerprint(read(bytes))).toBe('invalid');
  });

  it('of a wrong length is invalid', () => {
    expect(checkFingerprint(read(hex('0001 0004 2112a442 000000000000000000000000 80280000')))).toBe('invalid');
  });
});
