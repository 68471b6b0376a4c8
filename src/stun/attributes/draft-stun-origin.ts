import { attribute } from '../attribute.ts';
import { phrase } from '../codec/text-codec.ts';

/** draft-ietf-tram-stun-origin, whose number IANA never registered. The web origin that asks. */
export const origin = attribute(0x802f, 'ORIGIN', phrase);
