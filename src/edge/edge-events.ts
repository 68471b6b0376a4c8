import { type IssueFailure } from '../credentials/credential.ts';

export type FlowRefusal =
  | 'method'
  | 'path'
  | 'subprotocol'
  | 'origin'
  | 'origin-missing'
  | 'connections'
  | 'connections-per-address'
  | 'handshake-rate'
  | 'stopping'
  | 'handshake';

export type FlowCloseCause =
  | 'client'
  | 'abrupt'
  | 'ping-timeout'
  | 'slow-reader'
  | 'message-rate'
  | 'message-size'
  | 'protocol-error'
  | 'unregistered'
  /** Without a registration, where a newcomer needed the place. */
  | 'made-room'
  | 'authentication-failures'
  | 'core-outage'
  | 'operator'
  | 'stopped';

export type UnregisteredCause = 'requested' | 'expired' | 'flow-closed' | 'replaced' | 'removed';

export type AuthenticationFailure =
  | 'malformed'
  | 'wrong-realm'
  | 'algorithm'
  | 'unknown-user'
  | 'wrong-password'
  | 'uri-mismatch'
  | 'foreign-nonce'
  | 'replayed'
  | 'other-identity'
  /** A core outside has answered 401 or 403. */
  | 'refused-by-core';

export type CredentialRefusal = IssueFailure | 'malformed' | 'unregistered' | 'limited';

export type LimitCause =
  | 'connections'
  | 'connections-per-address'
  | 'message-rate'
  | 'message-size'
  | 'buffered-bytes'
  | 'transactions'
  | 'transactions-per-flow'
  | 'contacts-per-user'
  | 'contacts-per-flow'
  | 'credential-rate'
  | 'authentication-failures'
  | 'handshake-rate'
  | 'address-message-rate'
  | 'identity-request-rate'
  | 'authentication-delay'
  | 'address-authentication-failures';

/** `timeout`: no answer; `unreachable`: no connection; `unavailable`: 503. */
export type CoreDownCause = 'timeout' | 'unreachable' | 'unavailable';

/** A party of figure 6.3.3-1. */
export type Party = 'wic' | 'edge' | 'core';

interface MessageTraceBase {
  readonly direction: 'in' | 'out';
  readonly from: Party;
  readonly to: Party;
  /** Of the request, or of the CSeq of a response. */
  readonly method: string;
  readonly callId: string;
  readonly flowId: string;
  /** UNIX milliseconds */
  readonly at: number;
}

/** One SIP message as it passes, for a ladder diagram. Holds no credentials. */
export interface MessageTrace extends MessageTraceBase {
  /** Absent for a request. */
  readonly status?: number;
  /** The whole message, passwords and digest responses masked. Only where it was asked for, as a lab does. */
  readonly text?: string;
}

export interface RegistrationEvent {
  readonly flowId: string;
  /** Address-of-record: `sip:user@domain`. */
  readonly aor: string;
  /** Stable per user and device; what the credential issuer knows the registration by. */
  readonly registrationId: string;
}

/** What an edge tells observers. No payload carries a password, nonce or message body. */
export interface EdgeEvents {
  'flow-opened': { readonly flowId: string; readonly remoteAddress: string; readonly origin: string | undefined };
  'flow-closed': { readonly flowId: string; readonly cause: FlowCloseCause; readonly code: number };
  'flow-refused': { readonly remoteAddress: string; readonly cause: FlowRefusal; readonly origin: string | undefined };
  'register-challenged': { readonly flowId: string; readonly aor: string; readonly stale: boolean };
  'authentication-failed': { readonly flowId: string; readonly aor: string; readonly cause: AuthenticationFailure };
  registered: RegistrationEvent & { readonly expiresSec: number; readonly refresh: boolean };
  unregistered: RegistrationEvent & { readonly cause: UnregisteredCause };
  'credential-issued': RegistrationEvent & {
    /** u, the pseudonymous TURN name. */
    readonly name: string;
    readonly expiresAtSec: number;
    readonly via: 'REGISTER' | 'OPTIONS';
  };
  'credential-refused': {
    readonly flowId: string;
    readonly cause: CredentialRefusal;
    readonly via: 'REGISTER' | 'OPTIONS';
  };
  limited: { readonly flowId: string | undefined; readonly cause: LimitCause };
  /** An address of the external core, as a URI, answers: for the first time, or after it was down for so long. */
  'core-up': { readonly core: string; readonly downMs: number | undefined };
  'core-down': { readonly core: string; readonly cause: CoreDownCause };
  message: MessageTrace;
}
