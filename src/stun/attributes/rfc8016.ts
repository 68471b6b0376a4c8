import { attribute } from '../attribute.ts';
import { anyBytes } from '../codec/bytes-codec.ts';

/** RFC 8016 §3.3. Empty when a client asks for one. */
export const mobilityTicket = attribute(0x8030, 'MOBILITY-TICKET', anyBytes);
