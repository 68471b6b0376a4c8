import { z } from 'zod';
import { type LabEvent, type LabEventName } from '../lab-events.ts';

/** `cause` of an event. */
type CauseOf<Name extends LabEventName> =
  LabEvent<Name> extends { readonly cause: infer Cause extends string } ? Cause : never;

/** The names of a closed union: the compiler holds the list against it. */
function oneOf<T extends string>(names: Readonly<Record<T, true>>) {
  return z.enum(Object.keys(names) as [T, ...T[]]);
}

export const flowCloseCause = oneOf<CauseOf<'flow-closed'>>({
  client: true,
  abrupt: true,
  'ping-timeout': true,
  'slow-reader': true,
  'message-rate': true,
  'message-size': true,
  'protocol-error': true,
  unregistered: true,
  'made-room': true,
  'authentication-failures': true,
  'core-outage': true,
  operator: true,
  stopped: true,
});

export const flowRefusal = oneOf<CauseOf<'flow-refused'>>({
  method: true,
  path: true,
  subprotocol: true,
  origin: true,
  'origin-missing': true,
  connections: true,
  'connections-per-address': true,
  'handshake-rate': true,
  stopping: true,
  handshake: true,
});

export const unregisteredCause = oneOf<CauseOf<'unregistered'>>({
  requested: true,
  expired: true,
  'flow-closed': true,
  replaced: true,
  removed: true,
});

export const authenticationFailure = oneOf<CauseOf<'authentication-failed'>>({
  malformed: true,
  'wrong-realm': true,
  algorithm: true,
  'unknown-user': true,
  'wrong-password': true,
  'uri-mismatch': true,
  'foreign-nonce': true,
  replayed: true,
  'other-identity': true,
  'refused-by-core': true,
});

export const limitCause = oneOf<CauseOf<'limited'>>({
  connections: true,
  'connections-per-address': true,
  'message-rate': true,
  'message-size': true,
  'buffered-bytes': true,
  transactions: true,
  'transactions-per-flow': true,
  'contacts-per-user': true,
  'contacts-per-flow': true,
  'credential-rate': true,
  'authentication-failures': true,
  'handshake-rate': true,
  'address-message-rate': true,
  'identity-request-rate': true,
  'authentication-delay': true,
  'address-authentication-failures': true,
});

export const coreDownCause = oneOf<CauseOf<'core-down'>>({ timeout: true, unreachable: true, unavailable: true });

export const allocationEndCause = oneOf<CauseOf<'allocation-ended'>>({
  expired: true,
  'deleted-by-client': true,
  'client-closed': true,
  operator: true,
  stopped: true,
});

export const relayEndCause = oneOf<CauseOf<'relay-ended'>>({ expired: true, 'deleted-by-client': true });

export const refusalCause = oneOf<CauseOf<'request-refused'>>({
  expired: true,
  'malformed-attribute': true,
  'missing-attribute': true,
  'conflicting-attributes': true,
  'unknown-attribute': true,
  'too-many-attributes': true,
  'no-allocation': true,
  'allocation-exists': true,
  'other-user': true,
  'unsupported-transport': true,
  'unsupported-family': true,
  'family-mismatch': true,
  'tunnelled-client': true,
  'unknown-reservation': true,
  'user-quota': true,
  'address-quota': true,
  'total-quota': true,
  redirected: true,
  draining: true,
  'no-free-port': true,
  'relay-unavailable': true,
  'peer-denied': true,
  'permission-limit': true,
  'channel-out-of-range': true,
  'channel-bound-to-other-peer': true,
  'peer-bound-to-other-channel': true,
  'channel-limit': true,
  'wrong-relay-protocol': true,
  'connection-exists': true,
  'connection-limit': true,
  'connect-failed': true,
  'connect-timeout': true,
  'unknown-connection': true,
  'clear-connection': true,
  'mobility-forbidden': true,
  'unknown-ticket': true,
  'client-did-not-move': true,
  fault: true,
});

export const peerDenial = oneOf<CauseOf<'peer-denied'>>({
  'not-an-address': true,
  'own-listener': true,
  'own-address': true,
  core: true,
  'not-a-live-relay': true,
  'port-zero': true,
  'ipv4-in-ipv6': true,
  'not-unicast': true,
  'deny-list': true,
  metadata: true,
  private: true,
  'special-purpose': true,
});

export const credentialRefusal = oneOf<CauseOf<'credential-refused'>>({
  denied: true,
  quota: true,
  insecure: true,
  unsupported: true,
  unavailable: true,
  malformed: true,
  unregistered: true,
  limited: true,
});

export const authenticationCause = oneOf<CauseOf<'authentication-refused'>>({
  'no-credentials': true,
  'malformed-integrity': true,
  'incomplete-credentials': true,
  'unknown-form': true,
  'unknown-user': true,
  expired: true,
  'not-yet-valid': true,
  'wrong-realm': true,
  'wrong-key-or-password': true,
  'stale-nonce': true,
  'foreign-nonce': true,
  'bid-down': true,
  'weak-algorithm': true,
  fault: true,
});

export const faultEndCause = oneOf<CauseOf<'fault-ended'>>({ times: true, time: true, cleared: true });

export const peerCallEnd = oneOf<CauseOf<'peer-call-ended'>>({
  'hung-up': true,
  cancelled: true,
  refused: true,
  'not-acknowledged': true,
  'session-expired': true,
  'media-lost': true,
  'too-long': true,
  stopped: true,
});
