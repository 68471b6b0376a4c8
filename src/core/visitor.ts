import { isLoopbackHost } from './loopback-host.ts';
import { Secret } from './secret.ts';

/** A header field of a request by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

/** Why a request is of nobody at this machine: `host` (DNS rebinding), a `proxy`, a page of another `origin`, or one of another `site`. */
export type Strangeness = 'host' | 'proxy' | 'origin' | 'site';

/** A proxy on this machine makes everybody a loopback peer. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

/** What the header of a request over loopback tells of whoever is behind it; `undefined`: a program or a page of this server at this machine. */
export function strangeness(header: HeaderReader): Strangeness | undefined {
  const host = header('host');
  const origin = header('origin');
  const site = header('sec-fetch-site');
  if (!isLoopbackHost(host)) return 'host';
  if (FORWARDED.some((name) => header(name) !== undefined)) return 'proxy';
  if (origin !== undefined && origin.toLowerCase() !== `https://${host ?? ''}`.toLowerCase()) return 'origin';
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'site';
  return undefined;
}

/**
 * Whether a request may learn the secrets of a lab. Without a token: whoever is no stranger. With one: whoever shows it (RFC 6750 §2.1), and
 * the pages of this server at this machine, since an EventSource cannot show a token.
 */
export function isAdmitted(header: HeaderReader, isStranger: boolean, token: Secret | undefined): boolean {
  if (token === undefined) return !isStranger;
  const shown = bearerOf(header('authorization'));
  if (shown) return shown.equals(token);
  return !isStranger && header('sec-fetch-site') === 'same-origin';
}

function bearerOf(authorization: string | undefined): Secret | undefined {
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  return token === undefined ? undefined : new Secret(token);
}
