import { channelNumber } from '../../stun/attributes/channel-number.ts';
import { connectionId } from '../../stun/attributes/connection-id.ts';
import { data } from '../../stun/attributes/data.ts';
import { dontFragment } from '../../stun/attributes/dont-fragment.ts';
import { errorCode } from '../../stun/attributes/error-code.ts';
import { evenPort } from '../../stun/attributes/even-port.ts';
import { lifetime } from '../../stun/attributes/lifetime.ts';
import { mappedAddress } from '../../stun/attributes/mapped-address.ts';
import { messageIntegritySha256 } from '../../stun/attributes/message-integrity-sha256.ts';
import { messageIntegrity } from '../../stun/attributes/message-integrity.ts';
import { nonce } from '../../stun/attributes/nonce.ts';
import { passwordAlgorithm } from '../../stun/attributes/password-algorithm.ts';
import { realm } from '../../stun/attributes/realm.ts';
import { requestedAddressFamily } from '../../stun/attributes/requested-address-family.ts';
import { requestedTransport } from '../../stun/attributes/requested-transport.ts';
import { reservationToken } from '../../stun/attributes/reservation-token.ts';
import { unknownAttributes } from '../../stun/attributes/unknown-attributes.ts';
import { userhash } from '../../stun/attributes/userhash.ts';
import { username } from '../../stun/attributes/username.ts';
import { xorMappedAddress } from '../../stun/attributes/xor-mapped-address.ts';
import { xorPeerAddress } from '../../stun/attributes/xor-peer-address.ts';
import { xorRelayedAddress } from '../../stun/attributes/xor-relayed-address.ts';

const UNDERSTOOD = [
  channelNumber,
  connectionId,
  data,
  errorCode,
  evenPort,
  lifetime,
  mappedAddress,
  messageIntegrity,
  messageIntegritySha256,
  nonce,
  passwordAlgorithm,
  realm,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  unknownAttributes,
  userhash,
  username,
  xorMappedAddress,
  xorPeerAddress,
  xorRelayedAddress,
].map(({ type }) => type);

/** RFC 8656 §7.2 step 4 and §11.2: a server that cannot set DF does not know DONT-FRAGMENT. */
export function understoodAttributes(options: { readonly dontFragment: boolean }): ReadonlySet<number> {
  return new Set(options.dontFragment ? [...UNDERSTOOD, dontFragment.type] : UNDERSTOOD);
}
