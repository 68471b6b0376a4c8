import { type Attribute } from '../attribute.ts';
import { uint32Attribute } from '../codec/uint-codec.ts';

/** RFC 8656 §18.2. Seconds. */
export const lifetime: Attribute<number> = uint32Attribute(0x000d, 'LIFETIME');
