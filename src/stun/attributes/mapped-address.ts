import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { addressAttribute } from '../codec/address-codec.ts';

/** RFC 8489 §14.1. Only for clients of RFC 3489. */
export const mappedAddress: Attribute<TransportAddress> = addressAttribute(0x0001, 'MAPPED-ADDRESS');
