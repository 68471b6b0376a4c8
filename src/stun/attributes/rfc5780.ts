import { attribute, type Codec } from '../attribute.ts';
import { address } from '../codec/address-codec.ts';
import { anyBytes } from '../codec/bytes-codec.ts';
import { uint16, uint32 } from '../codec/uint-codec.ts';

const CHANGE_IP = 0x04;
const CHANGE_PORT = 0x02;

const changeFlags: Codec<{ readonly changeIp: boolean; readonly changePort: boolean }> = () => ({
  decode: (bytes, at, length) => {
    if (length !== 4) return undefined;
    const flags = bytes.readUInt8(at + 3);
    return { changeIp: (flags & CHANGE_IP) !== 0, changePort: (flags & CHANGE_PORT) !== 0 };
  },
  encode: ({ changeIp, changePort }, into, at) =>
    into.writeUInt32BE((changeIp ? CHANGE_IP : 0) | (changePort ? CHANGE_PORT : 0), at) - at,
});

const port: Codec<number> = (name) => {
  const padded = uint16(name);
  return {
    decode: (bytes, at, length, transactionId) =>
      length === 2 ? bytes.readUInt16BE(at) : padded.decode(bytes, at, length, transactionId),
    encode: padded.encode,
  };
};

/** RFC 5780 §7.2. Understood, as PADDING and RESPONSE-PORT are, only by a server that takes part in NAT discovery: the engine says so. */
export const changeRequest = attribute(0x0003, 'CHANGE-REQUEST', changeFlags);

/** RFC 5780 §7.6. The value means nothing. */
export const padding = attribute(0x0026, 'PADDING', anyBytes);

/** RFC 5780 §7.5. The port the response is to go to. The two bytes behind it may be counted in the length or be STUN's own padding. */
export const responsePort = attribute(0x0027, 'RESPONSE-PORT', port);

/** RFC 5780 §9.1 registers it, but no RFC gives its form: taken to be seconds in 32 bits. */
export const cacheTimeout = attribute(0x8027, 'CACHE-TIMEOUT', uint32);

/** RFC 5780 §7.3. The address a response was sent from. */
export const responseOrigin = attribute(0x802b, 'RESPONSE-ORIGIN', address);

/** RFC 5780 §7.4. The address that CHANGE-REQUEST would use. */
export const otherAddress = attribute(0x802c, 'OTHER-ADDRESS', address);
