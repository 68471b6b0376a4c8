import { type Attribute } from '../attribute.ts';
import { PHRASE_LIMITS, textAttribute } from '../codec/text-codec.ts';

/** RFC 8489 §14.9. */
export const realm: Attribute<string> = textAttribute(0x0014, 'REALM', PHRASE_LIMITS);
