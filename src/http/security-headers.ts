import { type MiddlewareHandler } from 'hono';

/** A Host header worth repeating: name or bracketed address, with an optional port. */
const HOST = /^(?:[a-z0-9.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/**
 * What a page may do: its own scripts and styles only, and one WebSocket back to where it came from. Browsers before CSP level 3 do not
 * count `wss:` under 'self', so the host is named too. A page that needs less, or a form, brings a policy of its own.
 */
export function securityHeaders(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const host = context.req.header('host') ?? '';
    const webSocket = HOST.test(host) ? ` wss://${host}` : '';
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "media-src 'self' blob:",
      `connect-src 'self'${webSocket}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; ');
    const { headers } = context.res;
    if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', policy);
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Permissions-Policy', 'camera=(self), microphone=(self), geolocation=(), payment=(), usb=()');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  };
}
