import { type ArrowFacts, type Party } from './arrow.ts';
import {
  asksForToken,
  carriesToken,
  credentialError,
  hasHeader,
  hasRelayCandidate,
  methodOf,
  readSipText,
  registeringUser,
  removesRegistration,
  showsWebToken,
  statusOf,
  type SipText,
} from './sip-text.ts';

export interface SipPassing {
  readonly from: Party;
  readonly to: Party;
  readonly user: string | undefined;
  readonly atUnixMs: number;
  readonly origin: string | undefined;
  /** Where it is known apart from the text. */
  readonly method?: string | undefined;
  readonly status?: number | undefined;
  readonly text?: string | undefined;
}

/** Challenges and the answer to a request that was cancelled are part of a healthy exchange. */
const NO_FAILURE: ReadonlySet<number> = new Set([401, 407, 487]);

/** One SIP message between two parties. */
export function sipArrow({ text, ...passing }: SipPassing): ArrowFacts {
  const message = readSipText(text ?? '');
  const told = statusOf(message);
  const method = passing.method ?? methodOf(message);
  const status = passing.status ?? told?.status;
  const { from, to, atUnixMs, origin } = passing;
  // The first REGISTER of a WebSocket says whose it is before the server knows.
  const user = passing.user ?? (method === 'REGISTER' ? registeringUser(message) : undefined);
  const shared = { kind: 'sip', from, to, user, text, atUnixMs, origin } as const;
  if (status === undefined) {
    const title = method + requestDetail(message, method);
    return { ...shared, label: method, title, look: 'plain', routine: isKeepalive(message, method) };
  }
  const label = `${status} ${method}`;
  const details = responseDetails(message, told?.reason);
  return {
    ...shared,
    label,
    title: details === '' ? label : `${label}: ${details}`,
    look: responseLook(message, status),
    routine: status === 100 || isKeepalive(message, method),
  };
}

function requestDetail(message: SipText, method: string): string {
  const parts = [
    hasHeader(message, 'authorization', 'proxy-authorization') &&
      (showsWebToken(message) ? 'Authorization: Bearer' : 'Authorization'),
    asksForCredential(message) && (asksForToken(message) ? 'TURN-Cred-Req: oauth' : 'TURN-Cred-Req'),
    hasRelayCandidate(message) && 'a relay candidate',
  ].filter((part) => part !== false);
  const carried = parts.length === 0 ? '' : ` with ${parts.join(' and ')}`;
  return method === 'REGISTER' && removesRegistration(message) ? `${carried}, to leave` : carried;
}

function responseDetails(message: SipText, reason = ''): string {
  const error = credentialError(message);
  return [
    reason,
    hasHeader(message, 'www-authenticate', 'proxy-authenticate') && 'challenge',
    error !== undefined && `no credential (${error})`,
    error === undefined && carriesCredential(message) && (carriesToken(message) ? 'access token' : 'TURN credential'),
    hasRelayCandidate(message) && 'relay candidate',
  ]
    .filter((part) => part !== false && part !== '')
    .join(', ');
}

function responseLook(message: SipText, status: number): ArrowFacts['look'] {
  if ((status >= 400 && !NO_FAILURE.has(status)) || credentialError(message) !== undefined) return 'failure';
  return carriesCredential(message) ? 'good' : 'plain';
}

/** An OPTIONS that asks for a credential is the refresh, and no keepalive. */
function isKeepalive(message: SipText, method: string): boolean {
  return method === 'OPTIONS' && message.startLine !== '' && !asksForCredential(message) && !carriesCredential(message);
}

function asksForCredential(message: SipText): boolean {
  return hasHeader(message, 'turn-cred-req', 'turn-cred-req-hdr');
}

function carriesCredential(message: SipText): boolean {
  return hasHeader(message, 'turn-cred-rsp', 'turn-cred-rsp-hdr', 'turn-username', 'turn-password');
}
