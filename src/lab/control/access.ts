import { isLoopback } from '../../config/loopback.ts';
import { isLoopbackHost } from '../../core/loopback-host.ts';
import { Secret } from '../../core/secret.ts';
import { transportAddress } from '../../core/transport-address.ts';
import { ControlError } from './control-error.ts';

/** What a request shows of whoever sends it. */
export interface Visitor {
  /** IP address at the other end of the TCP connection. */
  readonly peer: string | undefined;
  readonly header: (name: string) => string | undefined;
}

/** A proxy on this machine makes everybody a loopback peer. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

/**
 * Lets pass or throws. Without a token: programs and pages of this machine only. With one: whoever holds it, and the pages of this server
 * on this machine, since an EventSource cannot show a token.
 */
export function checkAccess(visitor: Visitor, token: Secret | undefined): void {
  const stranger = strangeness(visitor);
  if (token === undefined) {
    if (stranger !== undefined) throw new ControlError('ERR_FORBIDDEN', stranger);
    return;
  }
  const shown = bearerOf(visitor.header('authorization'));
  if (shown?.equals(token)) return;
  if (shown === undefined && stranger === undefined && visitor.header('sec-fetch-site') === 'same-origin') return;
  throw new ControlError('ERR_UNAUTHORIZED', 'expected Authorization: Bearer with the token of --lab-token-file');
}

/** Why this is nobody of this machine; `undefined` when it is. */
function strangeness({ peer = '', header }: Visitor): string | undefined {
  const host = header('host');
  const origin = header('origin');
  const site = header('sec-fetch-site');
  if (!isLoopback(transportAddress(peer, 0)?.address ?? '')) {
    return 'lab control is for this machine only; start it with --lab-token-file to let others in';
  }
  if (!isLoopbackHost(host)) return 'Host: expected localhost, 127.0.0.1 or [::1]';
  if (FORWARDED.some((name) => header(name) !== undefined)) return 'lab control is not for clients of a proxy';
  if (origin !== undefined && origin.toLowerCase() !== `https://${host ?? ''}`.toLowerCase()) {
    return 'Origin: expected none, or the page of this server';
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return 'Sec-Fetch-Site: expected same-origin, or a client that is no browser';
  }
  return undefined;
}

function bearerOf(authorization: string | undefined): Secret | undefined {
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  return token === undefined ? undefined : new Secret(token);
}
