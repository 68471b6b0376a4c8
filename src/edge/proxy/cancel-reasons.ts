import { type SipRequest } from '../../sip/message.ts';
import { reasonPhrase } from '../../sip/status.ts';

/** Values of Reason fields (RFC 3326). */
export type CancelReasons = readonly string[];

export const NO_REASON: CancelReasons = [];
/** The reason that another branch was answered (RFC 3326 §3.1). Without it phones show a missed call. */
export const ANSWERED_ELSEWHERE: CancelReasons = ['SIP;cause=200;text="Call completed elsewhere"'];
/** The reason that timer C has run out. */
export const RANG_TOO_LONG: CancelReasons = [reasonOf(408)];

/** Characters of Reason fields that are copied into the CANCEL of each branch at most, all fields together. */
const MAX_LENGTH = 1024;

/** The reasons in the CANCEL of all other branches after one branch was answered with a final `status`. */
export function declinedElsewhere(status: number): CancelReasons {
  return [reasonOf(status)];
}

/** The reasons of a received CANCEL, for the CANCELs that it causes. */
export function reasonsIn({ headers }: SipRequest): CancelReasons {
  let left = MAX_LENGTH;
  return headers.getAll('Reason').filter((value) => (left -= value.length) >= 0);
}

function reasonOf(status: number): string {
  return `SIP;cause=${status};text="${reasonPhrase(status)}"`;
}
