import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { xorAddressAttribute } from '../codec/address-codec.ts';

/** RFC 8489 §14.2. The reflexive transport address. */
export const xorMappedAddress: Attribute<TransportAddress> = xorAddressAttribute(0x0020, 'XOR-MAPPED-ADDRESS');
