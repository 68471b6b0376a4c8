import { attribute } from '../attribute.ts';
import { flag } from '../codec/flag-codec.ts';
import { uint32, uint64 } from '../codec/uint-codec.ts';

/** RFC 8445 §16.1. */
export const priority = attribute(0x0024, 'PRIORITY', uint32);

/** RFC 8445 §16.1. */
export const useCandidate = attribute(0x0025, 'USE-CANDIDATE', flag);

/** RFC 8445 §16.1. The tie-breaker. */
export const iceControlled = attribute(0x8029, 'ICE-CONTROLLED', uint64);

/** RFC 8445 §16.1. The tie-breaker. */
export const iceControlling = attribute(0x802a, 'ICE-CONTROLLING', uint64);
