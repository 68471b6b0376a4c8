import { type Attribute } from '../attribute.ts';
import { bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8489 §14.7. 4 bytes. Check it with `checkFingerprint`. */
export const fingerprint: Attribute<Buffer> = bytesAttribute(0x8028, 'FINGERPRINT', 4, 4);
