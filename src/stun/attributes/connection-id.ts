import { type Attribute } from '../attribute.ts';
import { uint32Attribute } from '../codec/uint-codec.ts';

/** RFC 6062 §6.2.1. */
export const connectionId: Attribute<number> = uint32Attribute(0x002a, 'CONNECTION-ID');
