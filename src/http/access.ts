import { isLoopback } from '../base/ip.ts';
import { type Secret } from '../base/secret.ts';
import { transportAddress } from '../base/transport-address.ts';
import { ApiError } from './api-error.ts';
import { isAdmitted, strangeness, type Strangeness } from './visitor.ts';

/** What a request shows of its sender. */
export interface Visitor {
  /** IP address at the other end of the TCP connection. */
  readonly peer: string | undefined;
  readonly headers: Headers;
}

/** What an API tells a sender that it refuses, in words that name the API and its settings. */
export interface AccessWords {
  /** The sender is not on this machine, and the API has no token. */
  readonly elsewhere: string;
  /** The request came through a proxy on this machine, and the API has no token. */
  readonly proxy: string;
  /** The sender did not show the token of the API. */
  readonly token: string;
}

const REFUSALS: Readonly<Record<Exclude<Strangeness, 'proxy'>, string>> = {
  host: 'Host: expected localhost, 127.0.0.1 or [::1]',
  origin: 'Origin: expected none, or the page of this server',
  site: 'Sec-Fetch-Site: expected same-origin, or a client that is no browser',
};

/**
 * Returns if the sender may use the API, else throws ERR_FORBIDDEN or ERR_UNAUTHORIZED. Without a token, programs and pages of this machine may.
 * With a token, its holders and the pages of this server on this machine may.
 */
export function checkAccess({ peer = '', headers }: Visitor, token: Secret | undefined, words: AccessWords): void {
  const isHere = isLoopback(transportAddress(peer, 0)?.address ?? '');
  const stranger = isHere ? strangeness(headers) : 'elsewhere';
  if (isAdmitted(headers, stranger !== undefined, token)) return;
  if (token === undefined && stranger !== undefined) {
    throw new ApiError('ERR_FORBIDDEN', { ...REFUSALS, ...words }[stranger]);
  }
  throw new ApiError('ERR_UNAUTHORIZED', words.token);
}
