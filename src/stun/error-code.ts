const reasons = new Map<number, string>();

/** STUN error codes by name (RFC 8489 §14.8, RFC 8656 §19, RFC 8445 §16.2, RFC 6062 §6.3, RFC 8016 §3.4), with the reason phrases of the IANA registry. */
export const ErrorCode = {
  TryAlternate: code(300, 'Try Alternate'),
  BadRequest: code(400, 'Bad Request'),
  Unauthenticated: code(401, 'Unauthenticated'),
  Forbidden: code(403, 'Forbidden'),
  MobilityForbidden: code(405, 'Mobility Forbidden'),
  UnknownAttribute: code(420, 'Unknown Attribute'),
  AllocationMismatch: code(437, 'Allocation Mismatch'),
  StaleNonce: code(438, 'Stale Nonce'),
  AddressFamilyNotSupported: code(440, 'Address Family not Supported'),
  WrongCredentials: code(441, 'Wrong Credentials'),
  UnsupportedTransport: code(442, 'Unsupported Transport Protocol'),
  PeerAddressFamilyMismatch: code(443, 'Peer Address Family Mismatch'),
  ConnectionAlreadyExists: code(446, 'Connection Already Exists'),
  ConnectionTimeoutOrFailure: code(447, 'Connection Timeout or Failure'),
  AllocationQuotaReached: code(486, 'Allocation Quota Reached'),
  RoleConflict: code(487, 'Role Conflict'),
  ServerError: code(500, 'Server Error'),
  InsufficientCapacity: code(508, 'Insufficient Capacity'),
} as const;

/** The reason phrase the IANA registry recommends; empty for a code that is not registered. */
export function defaultReason(code: number): string {
  return reasons.get(code) ?? '';
}

function code<const Code extends number>(number: Code, reason: string): Code {
  reasons.set(number, reason);
  return number;
}
