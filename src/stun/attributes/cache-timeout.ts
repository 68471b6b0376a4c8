import { type Attribute } from '../attribute.ts';
import { uint32Attribute } from '../codec/uint-codec.ts';

/** RFC 5780 §9.1 registers it, but no RFC gives its form: taken to be seconds in 32 bits. */
export const cacheTimeout: Attribute<number> = uint32Attribute(0x8027, 'CACHE-TIMEOUT');
