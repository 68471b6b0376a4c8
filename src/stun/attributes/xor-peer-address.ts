import { type TransportAddress } from '../../core/transport-address.ts';
import { type Attribute } from '../attribute.ts';
import { xorAddressAttribute } from '../codec/address-codec.ts';

/** RFC 8656 §18.3. The peer as the server sees it; CreatePermission may carry several. */
export const xorPeerAddress: Attribute<TransportAddress> = xorAddressAttribute(0x0012, 'XOR-PEER-ADDRESS');
