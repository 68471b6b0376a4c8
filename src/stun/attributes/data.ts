import { type Attribute } from '../attribute.ts';
import { ANY_LENGTH, bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8656 §18.4. UDP payload; decodes to a view. */
export const data: Attribute<Buffer> = bytesAttribute(0x0013, 'DATA', 0, ANY_LENGTH);
