import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { addressAttribute } from '../codec/address-codec.ts';

/** RFC 8489 §14.15. */
export const alternateServer: Attribute<TransportAddress> = addressAttribute(0x8023, 'ALTERNATE-SERVER');
