import { type JsSipUserAgent } from './jssip.ts';
import { keepWebToken, type WebToken, type WebTokenOptions, type WebTokens } from './keep-web-token.ts';

/** What a `UA` of JsSIP has besides. */
interface JsSipWithToken extends JsSipUserAgent {
  set(name: 'authorization_jwt', value: string): unknown;
  register(): void;
  on(type: 'registrationFailed', listener: (event: JsSipFailure) => void): void;
  removeListener(type: 'registrationFailed', listener: (event: JsSipFailure) => void): void;
}

interface JsSipFailure {
  readonly response: { readonly status_code: number } | null;
}

/**
 * Registers a JsSIP user agent by a token of a web server in place of a password (registration scenarios 2 and 3 of TS 24.371): `supply` fetches one,
 * every request carries it, and the next is fetched before it ends. A token that the edge refuses is replaced once. The `UA` needs no password.
 *
 * @example
 * const web = attachWebToken(ua, async () => {
 *   const answer = await fetch('/registration-token');
 *   const { token, expires_in } = await answer.json();
 *   return { token, expiresInSec: expires_in };
 * });
 * await web.ready();
 * ua.start();
 */
export function attachWebToken(
  ua: JsSipUserAgent,
  supply: () => Promise<WebToken>,
  options: WebTokenOptions = {},
): WebTokens {
  const parts = ua as JsSipWithToken;
  const [tokens, refused] = keepWebToken(
    supply,
    options,
    (token) => {
      parts.set('authorization_jwt', `Bearer ${token}`);
    },
    () => {
      parts.removeListener('registrationFailed', onFailed);
    },
  );

  function onFailed({ response }: JsSipFailure): void {
    if (response?.status_code !== 401) return;
    refused(() => {
      parts.register();
    });
  }

  parts.on('registrationFailed', onFailed);
  return tokens;
}
