import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { addressAttribute } from '../codec/address-codec.ts';

/** RFC 5780 §7.3. The address a response was sent from. */
export const responseOrigin: Attribute<TransportAddress> = addressAttribute(0x802b, 'RESPONSE-ORIGIN');
