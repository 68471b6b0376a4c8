/** STUN error codes by name (RFC 8489 §14.8, RFC 8656 §19, RFC 8445 §16.2, RFC 6062 §6.3, RFC 8016 §3.4). */
export const ErrorCode = {
  TryAlternate: 300,
  BadRequest: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  MobilityForbidden: 405,
  UnknownAttribute: 420,
  AllocationMismatch: 437,
  StaleNonce: 438,
  AddressFamilyNotSupported: 440,
  WrongCredentials: 441,
  UnsupportedTransport: 442,
  PeerAddressFamilyMismatch: 443,
  ConnectionAlreadyExists: 446,
  ConnectionTimeoutOrFailure: 447,
  AllocationQuotaReached: 486,
  RoleConflict: 487,
  ServerError: 500,
  InsufficientCapacity: 508,
} as const;

const REASONS: ReadonlyMap<number, string> = new Map([
  [ErrorCode.TryAlternate, 'Try Alternate'],
  [ErrorCode.BadRequest, 'Bad Request'],
  [ErrorCode.Unauthenticated, 'Unauthenticated'],
  [ErrorCode.Forbidden, 'Forbidden'],
  [ErrorCode.MobilityForbidden, 'Mobility Forbidden'],
  [ErrorCode.UnknownAttribute, 'Unknown Attribute'],
  [ErrorCode.AllocationMismatch, 'Allocation Mismatch'],
  [ErrorCode.StaleNonce, 'Stale Nonce'],
  [ErrorCode.AddressFamilyNotSupported, 'Address Family not Supported'],
  [ErrorCode.WrongCredentials, 'Wrong Credentials'],
  [ErrorCode.UnsupportedTransport, 'Unsupported Transport Protocol'],
  [ErrorCode.PeerAddressFamilyMismatch, 'Peer Address Family Mismatch'],
  [ErrorCode.ConnectionAlreadyExists, 'Connection Already Exists'],
  [ErrorCode.ConnectionTimeoutOrFailure, 'Connection Timeout or Failure'],
  [ErrorCode.AllocationQuotaReached, 'Allocation Quota Reached'],
  [ErrorCode.RoleConflict, 'Role Conflict'],
  [ErrorCode.ServerError, 'Server Error'],
  [ErrorCode.InsufficientCapacity, 'Insufficient Capacity'],
]);

/** The reason phrase the IANA registry recommends; empty for a code that is not registered. */
export function defaultReason(code: number): string {
  return REASONS.get(code) ?? '';
}
