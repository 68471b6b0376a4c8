import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseParams } from '../../sip/params.ts';

/** RFC 4028 §4: no less may be asked for. */
export const MIN_SESSION_SEC = 90;
const MAX_SESSION_SEC = 86_400;

/** Roles are those of the request that it is agreed in. */
export interface SessionTimer {
  readonly expiresSec: number;
  readonly refresher: 'uac' | 'uas';
}

export type SessionTimerOffer =
  { readonly kind: 'timer'; readonly timer: SessionTimer } | { readonly kind: 'none' | 'too-small' };

/** What a request asks for, and what a UAS makes of it (RFC 4028 §9). A malformed field counts as none. */
export function readSessionTimer(headers: SipHeaders): SessionTimerOffer {
  const value = headers.get('Session-Expires');
  const expiresSec = Number(/^\d{1,9}/.exec(value ?? '')?.[0] ?? NaN);
  const params = parseParams(value ?? '', (value ?? '').search(/(;|$)/));
  if (Number.isNaN(expiresSec) || !params.ok) return { kind: 'none' };
  if (expiresSec < MIN_SESSION_SEC) return { kind: 'too-small' };
  const wished = params.value.get('refresher');
  const supported = headers.getList('Supported').includes('timer');
  const refresher = wished === 'uac' || wished === 'uas' ? wished : supported ? 'uac' : 'uas';
  return { kind: 'timer', timer: { expiresSec: Math.min(expiresSec, MAX_SESSION_SEC), refresher } };
}

/** Tells the caller what was agreed. */
export function addSessionTimer(response: SipResponse, { expiresSec, refresher }: SessionTimer): void {
  response.headers.append('Session-Expires', `${expiresSec};refresher=${refresher}`);
  // §9: the side that is to refresh must know it.
  if (refresher === 'uac') response.headers.append('Require', 'timer');
}

/** For a request that refreshes: its sender goes on doing so. */
export function addRefresh(request: SipRequest, expiresSec: number): void {
  request.headers.append('Session-Expires', `${expiresSec};refresher=uac`);
  request.headers.append('Min-SE', String(MIN_SESSION_SEC));
}

/** §10: the side that waits for a refresh hangs up so long before the end. */
export function hangUpAfterSec(expiresSec: number): number {
  return expiresSec - Math.min(32, Math.floor(expiresSec / 3));
}
