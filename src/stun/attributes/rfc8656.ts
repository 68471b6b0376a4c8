import { attribute, type Codec } from '../attribute.ts';
import { xorAddress } from '../codec/address-codec.ts';
import { anyBytes, bytes } from '../codec/bytes-codec.ts';
import { decodeErrorCode, encodeErrorCode } from '../codec/error-code-codec.ts';
import { flag } from '../codec/flag-codec.ts';
import { icmpError } from '../codec/icmp-codec.ts';
import { octet, uint16, uint32 } from '../codec/uint-codec.ts';

const R_BIT = 0x80;

const rBit: Codec<boolean> = () => ({
  decode: (bytes, at, length) => (length === 1 ? (bytes.readUInt8(at) & R_BIT) !== 0 : undefined),
  encode: (reserveNext, into, at) => into.writeUInt8(reserveNext ? R_BIT : 0, at) - at,
});

const familyCodeAndReason: Codec<{
  /** The family octet (`FamilyCode`) of the address that was not allocated. */
  readonly family: number;
  readonly code: number;
  readonly reason: string;
}> = (name) => ({
  decode: (bytes, at, length) => {
    const fields = decodeErrorCode(bytes, at, length);
    return fields && { family: fields.firstOctet, code: fields.code, reason: fields.reason };
  },
  encode: ({ family, code, reason }, into, at) => encodeErrorCode(name, { firstOctet: family, code, reason }, into, at),
});

/** RFC 8656 §18.1. Any 16-bit number decodes: whether it is a channel is for the engine to say. */
export const channelNumber = attribute(0x000c, 'CHANNEL-NUMBER', uint16, { understood: true });

/** RFC 8656 §18.2. Seconds. */
export const lifetime = attribute(0x000d, 'LIFETIME', uint32, { understood: true });

/** RFC 8656 §18.3. The peer as the server sees it; CreatePermission may carry several. */
export const xorPeerAddress = attribute(0x0012, 'XOR-PEER-ADDRESS', xorAddress, { understood: true });

/** RFC 8656 §18.4. UDP payload; decodes to a view. */
export const data = attribute(0x0013, 'DATA', anyBytes, { understood: true });

/** RFC 8656 §18.5. The address the server allocated. */
export const xorRelayedAddress = attribute(0x0016, 'XOR-RELAYED-ADDRESS', xorAddress, { understood: true });

/** RFC 8656 §18.6. The family octet as it came (`FamilyCode`): an unknown one is answered with 440, not 400. */
export const requestedAddressFamily = attribute(0x0017, 'REQUESTED-ADDRESS-FAMILY', octet, { understood: true });

/** RFC 8656 §18.7. True when the R bit asks to reserve the next port too; the other seven bits mean nothing. */
export const evenPort = attribute(0x0018, 'EVEN-PORT', rBit, { understood: true });

/** RFC 8656 §18.8. An IP protocol number: 17 is UDP, 6 is TCP (RFC 6062 §4.1). */
export const requestedTransport = attribute(0x0019, 'REQUESTED-TRANSPORT', octet, { understood: true });

/** RFC 8656 §18.9. Only a server that can set DF understands it: the engine says whether this one can. */
export const dontFragment = attribute(0x001a, 'DONT-FRAGMENT', flag);

/** RFC 8656 §18.10. 8 bytes. */
export const reservationToken = attribute(0x0022, 'RESERVATION-TOKEN', bytes(8, 8), { understood: true });

/** RFC 8656 §18.11. The family octet as it came (`FamilyCode`); only IPv6 is valid in an Allocate request. */
export const additionalAddressFamily = attribute(0x8000, 'ADDITIONAL-ADDRESS-FAMILY', octet);

/** RFC 8656 §18.12. */
export const addressErrorCode = attribute(0x8001, 'ADDRESS-ERROR-CODE', familyCodeAndReason);

/** RFC 8656 §18.13. */
export const icmp = attribute(0x8004, 'ICMP', icmpError);
