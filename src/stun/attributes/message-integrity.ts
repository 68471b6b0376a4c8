import { type Attribute } from '../attribute.ts';
import { bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8489 §14.5. HMAC-SHA1, 20 bytes. Check it with `checkIntegrity`. */
export const messageIntegrity: Attribute<Buffer> = bytesAttribute(0x0008, 'MESSAGE-INTEGRITY', 20, 20);
