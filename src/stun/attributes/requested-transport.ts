import { type Attribute } from '../attribute.ts';
import { octetAttribute } from '../codec/uint-codec.ts';

/** RFC 8656 §18.8. An IP protocol number: 17 is UDP, 6 is TCP (RFC 6062 §4.1). */
export const requestedTransport: Attribute<number> = octetAttribute(0x0019, 'REQUESTED-TRANSPORT');
