import { type Attribute } from '../attribute.ts';
import { flagAttribute } from '../codec/flag-codec.ts';

/** RFC 8445 §16.1. */
export const useCandidate: Attribute<true> = flagAttribute(0x0025, 'USE-CANDIDATE');
