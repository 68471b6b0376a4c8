import { isLoopbackHost } from '../base/loopback-host.ts';
import { Secret } from '../base/secret.ts';

/** Why a request does not come from this machine: `host` (DNS rebinding), a `proxy`, a page of another `origin`, or one of another `site`. */
export type Strangeness = 'host' | 'proxy' | 'origin' | 'site';

/**
 * Names of header fields, in lower case, that only a proxy puts there: a proxy on this machine makes every client look like loopback. Beside those of
 * standards (Via: RFC 9110 §7.6.3, Forwarded: RFC 7239, CDN-Loop: RFC 8586) each kind of proxy has its own, so that families of them count.
 */
const OF_A_PROXY =
  /^(?:via|forwarded|cdn-loop|x-(?:forwarded|real|original|envoy|proxyuser)(?:-.*)?|cf-.*|(?:.*-)?(?:client|connecting|remote)-(?:ip|addr))$/;

/** What the header of a request over loopback tells of its sender; `undefined`: a program or a page of this server at this machine. */
export function strangeness(headers: Headers): Strangeness | undefined {
  const host = headers.get('host') ?? undefined;
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (!isLoopbackHost(host)) return 'host';
  if ([...headers.keys()].some((name) => OF_A_PROXY.test(name))) return 'proxy';
  if (origin !== null && origin.toLowerCase() !== `https://${host ?? ''}`.toLowerCase()) return 'origin';
  if (site !== null && site !== 'same-origin' && site !== 'none') return 'site';
  return undefined;
}

/**
 * Whether a request may learn the secrets of a lab. Without a token: whoever is no stranger. With one: whoever shows it (RFC 6750 §2.1), and
 * the pages of this server at this machine, since an EventSource cannot show a token.
 */
export function isAdmitted(headers: Headers, isStranger: boolean, token: Secret | undefined): boolean {
  if (token === undefined) return !isStranger;
  const shown = bearerOf(headers.get('authorization'));
  if (shown) return shown.equals(token);
  return !isStranger && headers.get('sec-fetch-site') === 'same-origin';
}

function bearerOf(authorization: string | null): Secret | undefined {
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  return token === undefined ? undefined : new Secret(token);
}
