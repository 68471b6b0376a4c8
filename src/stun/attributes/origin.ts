import { type Attribute } from '../attribute.ts';
import { PHRASE_LIMITS, textAttribute } from '../codec/text-codec.ts';

/** draft-ietf-tram-stun-origin, whose number IANA never registered. The web origin that asks. */
export const origin: Attribute<string> = textAttribute(0x802f, 'ORIGIN', PHRASE_LIMITS);
