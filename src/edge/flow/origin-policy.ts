import { type OriginOptions } from '../edge-options.ts';

/**
 * Whether a page of this Origin may open the WebSocket (RFC 6455 §10.2). `host` is the Host header of the upgrade: `self` admits
 * the page that was served under it over https.
 */
function originAllowed(origin: string, host: string | undefined, allow: readonly string[]): boolean {
  const wanted = normalOrigin(origin);
  if (wanted === undefined) return false;
  return allow.some((entry) =>
    entry === 'self'
      ? host !== undefined && normalOrigin(`https://${host}`) === wanted
      : normalOrigin(entry) === wanted,
  );
}

/** The cause of the refusal, or `undefined` when the Origin may pass. */
export function refuseOrigin(
  origin: string | undefined,
  host: string | undefined,
  options: OriginOptions,
): 'origin' | 'origin-missing' | undefined {
  if (origin === undefined) return options.allowMissing ? undefined : 'origin-missing';
  return originAllowed(origin, host, options.allow) ? undefined : 'origin';
}

/** Scheme, host and port with defaults removed; `undefined` for `null` and anything that is no tuple origin. */
function normalOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
