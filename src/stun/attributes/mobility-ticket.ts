import { type Attribute } from '../attribute.ts';
import { ANY_LENGTH, bytesAttribute } from '../codec/bytes-codec.ts';

/** RFC 8016 §3.3. Empty when a client asks for one. */
export const mobilityTicket: Attribute<Buffer> = bytesAttribute(0x8030, 'MOBILITY-TICKET', 0, ANY_LENGTH);
