/**
 * `epcscf-turn/wic`: TURN credentials in a WebRTC IMS client, in the browser or under Node. No dependencies.
 *
 * @packageDocumentation
 */
export { type HeaderSource, parseTurnCredential, type ReceivedTurnCredential } from './parse-turn-credential.ts';
export { attachTurnCredentials, type JsSipUserAgent } from './jssip.ts';
export { type CredentialFailure, type IceServer, type TurnCredentialOptions, type TurnCredentials } from './options.ts';
export { attachTurnCredentialsSipJs, type SipJsUserAgent } from './sip-js.ts';
export { attachWebToken } from './jssip-web-token.ts';
export { type WebToken, type WebTokenOptions, type WebTokens } from './keep-web-token.ts';
export { attachWebTokenSipJs } from './sip-js-web-token.ts';
