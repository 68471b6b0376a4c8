import { type Attribute } from '../attribute.ts';
import { uint32Attribute } from '../codec/uint-codec.ts';

/** RFC 5780 §9.1: registered there, defined in the drafts before it. Seconds. */
export const cacheTimeout: Attribute<number> = uint32Attribute(0x8027, 'CACHE-TIMEOUT');
