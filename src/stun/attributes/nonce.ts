import { type Attribute } from '../attribute.ts';
import { PHRASE_LIMITS, textAttribute } from '../codec/text-codec.ts';

/** RFC 8489 §14.10. */
export const nonce: Attribute<string> = textAttribute(0x0015, 'NONCE', PHRASE_LIMITS);
