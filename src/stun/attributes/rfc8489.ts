import { attribute, type Codec } from '../attribute.ts';
import { address, xorAddress } from '../codec/address-codec.ts';
import { bytes } from '../codec/bytes-codec.ts';
import { decodeErrorCode, encodeErrorCode } from '../codec/error-code-codec.ts';
import { passwordAlgorithmChoice, passwordAlgorithmChoices } from '../codec/password-algorithm-codec.ts';
import { phrase, text } from '../codec/text-codec.ts';
import { uint16List } from '../codec/uint-codec.ts';

const codeAndReason: Codec<{ readonly code: number; readonly reason: string }> = (name) => ({
  decode: (bytes, at, length) => {
    const fields = decodeErrorCode(bytes, at, length);
    return fields && { code: fields.code, reason: fields.reason };
  },
  encode: ({ code, reason }, into, at) => encodeErrorCode(name, { firstOctet: 0, code, reason }, into, at),
});

/** RFC 8489 §14.1. Only for clients of RFC 3489. */
export const mappedAddress = attribute(0x0001, 'MAPPED-ADDRESS', address, { understood: true });

/** RFC 8489 §14.3. Fewer than 509 bytes are sent; 763 must be read from a client of RFC 5389. */
export const username = attribute(0x0006, 'USERNAME', text({ maxEncodedBytes: 508, maxDecodedBytes: 763 }), {
  understood: true,
});

/** RFC 8489 §14.5. HMAC-SHA1, 20 bytes. Check it with `checkIntegrity`. */
export const messageIntegrity = attribute(0x0008, 'MESSAGE-INTEGRITY', bytes(20, 20), { understood: true });

/** RFC 8489 §14.8. */
export const errorCode = attribute(0x0009, 'ERROR-CODE', codeAndReason, { understood: true });

/** RFC 8489 §14.13. The attribute types that were not understood. */
export const unknownAttributes = attribute(0x000a, 'UNKNOWN-ATTRIBUTES', uint16List, { understood: true });

/** RFC 8489 §14.9. */
export const realm = attribute(0x0014, 'REALM', phrase, { understood: true });

/** RFC 8489 §14.10. */
export const nonce = attribute(0x0015, 'NONCE', phrase, { understood: true });

/** RFC 8489 §14.6. HMAC-SHA256, 32 bytes: no usage of STUN here allows a truncated one. Check it with `checkIntegrity`. */
export const messageIntegritySha256 = attribute(0x001c, 'MESSAGE-INTEGRITY-SHA256', bytes(32, 32), {
  understood: true,
});

/** RFC 8489 §14.12. What the client chose: exactly one. */
export const passwordAlgorithm = attribute(0x001d, 'PASSWORD-ALGORITHM', passwordAlgorithmChoice, {
  understood: true,
});

/** RFC 8489 §14.4. SHA-256 of user name and realm, 32 bytes. */
export const userhash = attribute(0x001e, 'USERHASH', bytes(32, 32), { understood: true });

/** RFC 8489 §14.2. The reflexive transport address. */
export const xorMappedAddress = attribute(0x0020, 'XOR-MAPPED-ADDRESS', xorAddress, { understood: true });

/** RFC 8489 §14.11. What the server offers; the client returns it unchanged. */
export const passwordAlgorithms = attribute(0x8002, 'PASSWORD-ALGORITHMS', passwordAlgorithmChoices);

/** RFC 8489 §14.16. A DNS name. */
export const alternateDomain = attribute(
  0x8003,
  'ALTERNATE-DOMAIN',
  text({ maxEncodedBytes: 255, maxDecodedBytes: 255 }),
);

/** RFC 8489 §14.14. For diagnosis only. */
export const software = attribute(0x8022, 'SOFTWARE', phrase);

/** RFC 8489 §14.15. */
export const alternateServer = attribute(0x8023, 'ALTERNATE-SERVER', address);

/** RFC 8489 §14.7. 4 bytes. Check it with `checkFingerprint`. */
export const fingerprint = attribute(0x8028, 'FINGERPRINT', bytes(4, 4));
