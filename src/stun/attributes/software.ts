import { type Attribute } from '../attribute.ts';
import { PHRASE_LIMITS, textAttribute } from '../codec/text-codec.ts';

/** RFC 8489 §14.14. For diagnosis only. */
export const software: Attribute<string> = textAttribute(0x8022, 'SOFTWARE', PHRASE_LIMITS);
