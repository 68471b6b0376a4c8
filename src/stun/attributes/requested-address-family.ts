import { type Attribute } from '../attribute.ts';
import { octetAttribute } from '../codec/uint-codec.ts';

/** RFC 8656 §18.6. The family octet as it came (`FamilyCode`): an unknown one is answered with 440, not 400. */
export const requestedAddressFamily: Attribute<number> = octetAttribute(0x0017, 'REQUESTED-ADDRESS-FAMILY');
