import { attribute } from '../attribute.ts';
import { anyBytes } from '../codec/bytes-codec.ts';
import { phrase } from '../codec/text-codec.ts';

/** RFC 7635 §6.2. Encrypted for the server; its form is checked where it is opened. */
export const accessToken = attribute(0x001b, 'ACCESS-TOKEN', anyBytes);

/** RFC 7635 §6.1. The name of the STUN server, under which the authorization server knows it. */
export const thirdPartyAuthorization = attribute(0x802e, 'THIRD-PARTY-AUTHORIZATION', phrase);
