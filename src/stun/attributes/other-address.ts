import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { addressAttribute } from '../codec/address-codec.ts';

/** RFC 5780 §7.4. The address that CHANGE-REQUEST would use. */
export const otherAddress: Attribute<TransportAddress> = addressAttribute(0x802c, 'OTHER-ADDRESS');
