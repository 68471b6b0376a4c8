import { type Attribute } from '../attribute.ts';
import { octetAttribute } from '../codec/uint-codec.ts';

/** RFC 8656 §18.11. The family octet as it came (`FamilyCode`); only IPv6 is valid in an Allocate request. */
export const additionalAddressFamily: Attribute<number> = octetAttribute(0x8000, 'ADDITIONAL-ADDRESS-FAMILY');
