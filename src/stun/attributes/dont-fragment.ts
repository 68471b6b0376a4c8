import { type Attribute } from '../attribute.ts';
import { flagAttribute } from '../codec/flag-codec.ts';

/** RFC 8656 §18.9. */
export const dontFragment: Attribute<true> = flagAttribute(0x001a, 'DONT-FRAGMENT');
