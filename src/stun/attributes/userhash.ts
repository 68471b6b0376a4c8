import { type Attribute } from '../attribute.ts';
import { bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8489 §14.4. SHA-256 of user name and realm, 32 bytes. */
export const userhash: Attribute<Buffer> = bytesAttribute(0x001e, 'USERHASH', 32, 32);
