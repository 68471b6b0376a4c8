import { type Attribute } from '../attribute.ts';
import { ANY_LENGTH, bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 5780 §7.6. The value means nothing. */
export const padding: Attribute<Buffer> = bytesAttribute(0x0026, 'PADDING', 0, ANY_LENGTH);
