import { type Attribute } from '../attribute.ts';
import { textAttribute } from '../codec/text-codec.ts';

/** RFC 8489 §14.3. Fewer than 509 bytes are sent; 763 must be read from a client of RFC 5389. */
export const username: Attribute<string> = textAttribute(0x0006, 'USERNAME', {
  maxEncodedBytes: 508,
  maxDecodedBytes: 763,
});
