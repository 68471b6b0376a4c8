import {
  type AuthenticationFailure,
  type CoreDownCause,
  type CredentialKind,
  type CredentialRefusal,
  type FlowCloseCause,
  type FlowRefusal,
  type LimitCause,
  type RegEventEnd,
  type RegEventOrder,
  type UnregisteredCause,
} from './edge-words.ts';

/** A party of figure 6.3.3-1. */
export type Party = 'wic' | 'edge' | 'core';

interface MessageTraceBase {
  readonly direction: 'in' | 'out';
  readonly from: Party;
  readonly to: Party;
  /** Method of the request; of a response, the method in its CSeq. */
  readonly method: string;
  readonly callId: string;
  readonly flowId: string;
  /** When the message passed, in UNIX milliseconds. */
  readonly at: number;
}

/** One SIP message as it passes, for a ladder diagram. Holds no credentials. */
export interface MessageTrace extends MessageTraceBase {
  /** Status of a response; absent for a request. */
  readonly status?: number;
  /** The whole message, passwords and digest responses masked. Only where it was asked for. */
  readonly text?: string;
}

export interface RegistrationEvent {
  readonly flowId: string;
  /** Address-of-record: `sip:user@domain`. */
  readonly aor: string;
  /** Stable per user and device; what the credential issuer knows the registration by. */
  readonly registrationId: string;
}

/** That nothing of a registration is left, not even the wait for a client that has lost its WebSocket. */
export interface RegistrationEnd {
  readonly registrationId: string;
  /** Private user identity, where a digest or a web token has proven one. */
  readonly impi: string | undefined;
  /** Public user identity: the address-of-record. */
  readonly impu: string;
  /** Whether a web token has proven it (registration scenarios 2 and 3), so that a pool may give the identity to somebody else. */
  readonly webIdentity: boolean;
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
  'registration-ended': RegistrationEnd;
  'credential-issued': RegistrationEvent & {
    /** u, the TURN name of the credential. */
    readonly name: string;
    readonly expiresAtSec: number;
    readonly via: 'REGISTER' | 'OPTIONS';
    readonly kind: CredentialKind;
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
  /** `expiresSec`: seconds granted. */
  'reg-event-subscribed': { readonly aor: string; readonly expiresSec: number };
  /** `status`: of the answer to SUBSCRIBE, if that was why. */
  'reg-event-ended': { readonly aor: string; readonly cause: RegEventEnd; readonly status?: number | undefined };
  'reg-event-obeyed': { readonly aor: string; readonly registrationId: string; readonly cause: RegEventOrder };
  message: MessageTrace;
}

/** What each event of the edge says. */
export const EDGE_EVENTS = {
  'flow-opened': 'A WebSocket has opened.',
  'flow-closed': 'A WebSocket has closed.',
  'flow-refused': 'The edge refused to open a WebSocket.',
  'register-challenged': 'The edge or the core answered a REGISTER with a challenge (401).',
  'authentication-failed': 'A client failed to log in.',
  registered: 'A REGISTER was answered with 200: a new registration, or a refresh of one.',
  unregistered: 'A registration has ended.',
  'registration-ended':
    'Nothing of a registration is left: the client or the core ended it, its time or its token ran out, or the client did not come back in time.',
  'credential-issued': 'An answer carried a TURN credential.',
  'credential-refused': 'A client asked for a TURN credential and got none.',
  limited: 'A limit of `edge.limits` was reached.',
  'core-up': 'An address of the external core answers: for the first time, or again after it was down.',
  'core-down': 'An address of the external core counts as down.',
  'reg-event-subscribed': 'The external core took a subscription to the registrations of a user, or a refresh of one.',
  'reg-event-ended': 'A subscription to the registrations of a user has ended.',
  'reg-event-obeyed': 'A NOTIFY of the external core changed or ended a registration.',
  message: 'A SIP message passed between two parties.',
} as const satisfies Readonly<Record<keyof EdgeEvents, string>>;
