import { type Attribute } from './attribute.ts';
import { accessToken } from './attributes/access-token.ts';
import { additionalAddressFamily } from './attributes/additional-address-family.ts';
import { addressErrorCode } from './attributes/address-error-code.ts';
import { alternateDomain } from './attributes/alternate-domain.ts';
import { alternateServer } from './attributes/alternate-server.ts';
import { cacheTimeout } from './attributes/cache-timeout.ts';
import { changeRequest } from './attributes/change-request.ts';
import { channelNumber } from './attributes/channel-number.ts';
import { connectionId } from './attributes/connection-id.ts';
import { data } from './attributes/data.ts';
import { dontFragment } from './attributes/dont-fragment.ts';
import { errorCode } from './attributes/error-code.ts';
import { evenPort } from './attributes/even-port.ts';
import { fingerprint } from './attributes/fingerprint.ts';
import { iceControlled } from './attributes/ice-controlled.ts';
import { iceControlling } from './attributes/ice-controlling.ts';
import { icmp } from './attributes/icmp.ts';
import { lifetime } from './attributes/lifetime.ts';
import { mappedAddress } from './attributes/mapped-address.ts';
import { messageIntegritySha256 } from './attributes/message-integrity-sha256.ts';
import { messageIntegrity } from './attributes/message-integrity.ts';
import { mobilityTicket } from './attributes/mobility-ticket.ts';
import { nonce } from './attributes/nonce.ts';
import { origin } from './attributes/origin.ts';
import { otherAddress } from './attributes/other-address.ts';
import { padding } from './attributes/padding.ts';
import { passwordAlgorithm } from './attributes/password-algorithm.ts';
import { passwordAlgorithms } from './attributes/password-algorithms.ts';
import { priority } from './attributes/priority.ts';
import { realm } from './attributes/realm.ts';
import { requestedAddressFamily } from './attributes/requested-address-family.ts';
import { requestedTransport } from './attributes/requested-transport.ts';
import { reservationToken } from './attributes/reservation-token.ts';
import { responseOrigin } from './attributes/response-origin.ts';
import { responsePort } from './attributes/response-port.ts';
import { software } from './attributes/software.ts';
import { thirdPartyAuthorization } from './attributes/third-party-authorization.ts';
import { transactionTransmitCounter } from './attributes/transaction-transmit-counter.ts';
import { unknownAttributes } from './attributes/unknown-attributes.ts';
import { useCandidate } from './attributes/use-candidate.ts';
import { userhash } from './attributes/userhash.ts';
import { username } from './attributes/username.ts';
import { xorMappedAddress } from './attributes/xor-mapped-address.ts';
import { xorPeerAddress } from './attributes/xor-peer-address.ts';
import { xorRelayedAddress } from './attributes/xor-relayed-address.ts';

/** Every attribute this codec knows, in the order of their types. */
export const ATTRIBUTES = [
  mappedAddress,
  changeRequest,
  username,
  messageIntegrity,
  errorCode,
  unknownAttributes,
  channelNumber,
  lifetime,
  xorPeerAddress,
  data,
  realm,
  nonce,
  xorRelayedAddress,
  requestedAddressFamily,
  evenPort,
  requestedTransport,
  dontFragment,
  accessToken,
  messageIntegritySha256,
  passwordAlgorithm,
  userhash,
  xorMappedAddress,
  reservationToken,
  priority,
  useCandidate,
  padding,
  responsePort,
  connectionId,
  additionalAddressFamily,
  addressErrorCode,
  passwordAlgorithms,
  alternateDomain,
  icmp,
  software,
  alternateServer,
  transactionTransmitCounter,
  cacheTimeout,
  fingerprint,
  iceControlled,
  iceControlling,
  responseOrigin,
  otherAddress,
  thirdPartyAuthorization,
  origin,
  mobilityTicket,
] as const satisfies readonly Attribute<unknown>[];

const BY_TYPE: ReadonlyMap<number, Attribute<unknown>> = new Map(
  ATTRIBUTES.map((attribute): [number, Attribute<unknown>] => [attribute.type, attribute]),
);

export function registeredAttribute(type: number): Attribute<unknown> | undefined {
  return BY_TYPE.get(type);
}
