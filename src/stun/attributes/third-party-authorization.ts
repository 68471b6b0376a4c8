import { type Attribute } from '../attribute.ts';
import { PHRASE_LIMITS, textAttribute } from '../codec/text-codec.ts';

/** RFC 7635 §6.1. The name of the STUN server, under which the authorization server knows it. */
export const thirdPartyAuthorization: Attribute<string> = textAttribute(
  0x802e,
  'THIRD-PARTY-AUTHORIZATION',
  PHRASE_LIMITS,
);
