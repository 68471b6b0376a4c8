import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { xorAddressAttribute } from '../codec/address-codec.ts';

/** RFC 8656 §18.5. The address the server allocated. */
export const xorRelayedAddress: Attribute<TransportAddress> = xorAddressAttribute(0x0016, 'XOR-RELAYED-ADDRESS');
