import { type Attribute } from '../attribute.ts';
import { textAttribute } from '../codec/text-codec.ts';

/** RFC 8489 §14.16. A DNS name. */
export const alternateDomain: Attribute<string> = textAttribute(0x8003, 'ALTERNATE-DOMAIN', {
  maxEncodedBytes: 255,
  maxDecodedBytes: 255,
});
