import { type OriginOptions } from '../edge-options.ts';

/**
 * Whether a page of this Origin may open the WebSocket (RFC 6455 §10.2). `hosts` are the names of this edge: `self` admits the page that
 * was served under one of them over https.
 */
function originAllowed(origin: string, hosts: readonly string[], allow: readonly string[]): boolean {
  const wanted = webOrigin(origin);
  // RFC 6454 §4: only for a tuple that has a known default port are there two spellings; all others are compared as they are sent.
  if (wanted === undefined) return origin !== 'self' && allow.includes(origin);
  return allow.some((entry) =>
    entry === 'self' ? hosts.some((host) => webOrigin(`https://${host}`) === wanted) : webOrigin(entry) === wanted,
  );
}

/**
 * The cause of the refusal, or `undefined` when the Origin may pass. `host` is the Host header of the upgrade, `publicHosts` are the further
 * names of this edge.
 */
export function refuseOrigin(
  origin: string | undefined,
  host: string | undefined,
  publicHosts: readonly string[],
  options: OriginOptions,
): 'origin' | 'origin-missing' | undefined {
  if (origin === undefined) return options.allowMissing ? undefined : 'origin-missing';
  const hosts = host === undefined ? publicHosts : [host, ...publicHosts];
  return originAllowed(origin, hosts, options.allow) ? undefined : 'origin';
}

/** An origin of http or https as scheme, host and port, without a default port; `undefined` for any other text. */
function webOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
