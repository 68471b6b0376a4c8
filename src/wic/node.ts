/*
 * `epcscf-turn/wic` under Node, which takes it by the condition `node` of the package; browsers load `index.ts`. JsSIP says nothing where Node lacks what a
 * browser has: it goes on connecting, and nobody hears of it. Here it is told in words. SIP.js tells it itself.
 */
import { attachTurnCredentials as attachTurn, type JsSipUserAgent } from './jssip.ts';
import { attachWebToken as attachToken } from './jssip-web-token.ts';
import { requireBrowserGlobals } from './require-browser-globals.ts';

export { parseTurnCredential } from './parse-turn-credential.ts';
export { attachTurnCredentialsSipJs } from './sip-js.ts';
export { attachWebTokenSipJs } from './sip-js-web-token.ts';

export const attachTurnCredentials: typeof attachTurn = (ua, options) => withGlobals(ua, attachTurn(ua, options));

export const attachWebToken: typeof attachToken = (ua, supply, options) =>
  withGlobals(ua, attachToken(ua, supply, options));

/** `attached`, which takes the check of globals off the user agent too. */
function withGlobals<Attached extends { detach(): void }>(ua: JsSipUserAgent, attached: Attached): Attached {
  const release = requireBrowserGlobals(ua);
  return {
    ...attached,
    detach: () => {
      release();
      attached.detach();
    },
  };
}
