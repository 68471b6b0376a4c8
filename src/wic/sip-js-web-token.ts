import { intercept } from './intercept.ts';
import { keepWebToken, type WebToken, type WebTokenOptions, type WebTokens } from './keep-web-token.ts';
import { type SipJsUserAgent } from './sip-js.ts';

interface SipJsWithTransport extends SipJsUserAgent {
  readonly transport: object;
}

interface SipJsRefusal {
  readonly message: { readonly statusCode?: number };
}

/** Requests that are never challenged (RFC 3261 §22.1) carry no token. */
const CHALLENGED = /^(?!ACK|CANCEL)[A-Z]+ [^\r\n]* SIP\/2\.0\r\n/;

/**
 * Registers a SIP.js user agent by a token of a web server in place of a password, as `attachWebToken` does one of JsSIP. A token that the edge refuses is
 * replaced once; the application calls `register()` again, as it does after any refusal.
 *
 * @example
 * const web = attachWebTokenSipJs(userAgent, fetchToken);
 * await web.ready();
 * await registerer.register();
 */
export function attachWebTokenSipJs(
  userAgent: SipJsUserAgent,
  supply: () => Promise<WebToken>,
  options: WebTokenOptions = {},
): WebTokens {
  const { transport, userAgentCore } = userAgent as SipJsWithTransport;
  let field = '';
  const [tokens, refused] = keepWebToken(
    supply,
    options,
    (token) => {
      field = `Authorization: Bearer ${token}\r\n`;
    },
    () => {
      for (const undo of hooks) undo();
    },
  );
  const hooks = [
    // Whatever makes a request, within dialogs and outside, it leaves here.
    intercept<[string], unknown>(transport, 'send', (original, message) =>
      original(message.replace(CHALLENGED, (start) => start + field)),
    ),
    intercept<[object, { onReject?: (response: SipJsRefusal) => void }], unknown>(
      userAgentCore,
      'register',
      (original, request, delegate) =>
        original(request, {
          ...delegate,
          onReject(response) {
            if (response.message.statusCode === 401) refused(() => undefined);
            delegate.onReject?.(response);
          },
        }),
    ),
  ];
  return tokens;
}
