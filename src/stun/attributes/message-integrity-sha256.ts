import { type Attribute } from '../attribute.ts';
import { bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8489 §14.6. HMAC-SHA256, 32 bytes: no usage of STUN here allows a truncated one. Check it with `checkIntegrity`. */
export const messageIntegritySha256: Attribute<Buffer> = bytesAttribute(0x001c, 'MESSAGE-INTEGRITY-SHA256', 32, 32);
