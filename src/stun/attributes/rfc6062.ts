import { attribute } from '../attribute.ts';
import { uint32 } from '../codec/uint-codec.ts';

/** RFC 6062 §6.2.1. */
export const connectionId = attribute(0x002a, 'CONNECTION-ID', uint32, { understood: true });
