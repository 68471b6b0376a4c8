import { type Attribute } from '../attribute.ts';
import { uint64Attribute } from '../codec/uint-codec.ts';

/** RFC 8445 §16.1. The tie-breaker. */
export const iceControlled: Attribute<bigint> = uint64Attribute(0x8029, 'ICE-CONTROLLED');
