import { type Attribute } from '../attribute.ts';
import { bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8656 §18.10. 8 bytes. */
export const reservationToken: Attribute<Buffer> = bytesAttribute(0x0022, 'RESERVATION-TOKEN', 8, 8);
