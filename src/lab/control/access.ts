import { isLoopback } from '../../base/ip.ts';
import { type Secret } from '../../base/secret.ts';
import { transportAddress } from '../../base/transport-address.ts';
import { isAdmitted, strangeness, type Strangeness } from '../../base/visitor.ts';
import { ControlError } from './control-error.ts';

/** What a request shows of its sender. */
export interface Visitor {
  /** IP address at the other end of the TCP connection. */
  readonly peer: string | undefined;
  readonly headers: Headers;
}

const REFUSALS: Readonly<Record<Strangeness | 'elsewhere', string>> = {
  elsewhere: 'lab control is for this machine only; start it with --lab-token-file to let others in',
  host: 'Host: expected localhost, 127.0.0.1 or [::1]',
  proxy: 'lab control is not for clients of a proxy',
  origin: 'Origin: expected none, or the page of this server',
  site: 'Sec-Fetch-Site: expected same-origin, or a client that is no browser',
};

/** Lets pass or throws. Without a token: programs and pages of this machine only. With one: whoever holds it, and the pages of this server. */
export function checkAccess({ peer = '', headers }: Visitor, token: Secret | undefined): void {
  const isHere = isLoopback(transportAddress(peer, 0)?.address ?? '');
  const stranger = isHere ? strangeness(headers) : 'elsewhere';
  if (isAdmitted(headers, stranger !== undefined, token)) return;
  if (token === undefined && stranger !== undefined) throw new ControlError('ERR_FORBIDDEN', REFUSALS[stranger]);
  throw new ControlError('ERR_UNAUTHORIZED', 'expected Authorization: Bearer with the token of --lab-token-file');
}
