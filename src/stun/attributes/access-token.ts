import { type Attribute } from '../attribute.ts';
import { ANY_LENGTH, bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 7635 §6.2. Encrypted for the server; its form is checked where it is opened. */
export const accessToken: Attribute<Buffer> = bytesAttribute(0x001b, 'ACCESS-TOKEN', 0, ANY_LENGTH);
