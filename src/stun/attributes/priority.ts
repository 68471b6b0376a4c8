import { type Attribute } from '../attribute.ts';
import { uint32Attribute } from '../codec/uint-codec.ts';

/** RFC 8445 §16.1. */
export const priority: Attribute<number> = uint32Attribute(0x0024, 'PRIORITY');
