/** What a client may get a token by (RFC 6749 §1.3). */
export const GRANTS = {
  client_credentials: 'The client itself is known, and says for whom it asks (RFC 6749 §4.4).',
  authorization_code: 'The user logs in, and the client exchanges a code for the token (RFC 6749 §4.1, RFC 7636).',
  implicit: 'The user logs in, and the token comes in the fragment of the redirection (RFC 6749 §4.2).',
} as const;
export type Grant = keyof typeof GRANTS;

/** What a token is for. */
export const SCOPES = {
  sip: 'A registration token: a signed JWT by which a browser registers at the edge.',
  turn: 'A token of RFC 7635 for the TURN server, with its session key.',
} as const;
export type Scope = keyof typeof SCOPES;

/** `error` of an answer: RFC 6749 §4.1.2.1 and §5.2, `invalid_target` RFC 8707 §2. */
export const OAUTH_ERRORS = {
  invalid_request: 'A parameter is missing, repeated, too long or not understood.',
  invalid_client: 'The client is not known, or has not proved who it is.',
  invalid_grant: 'The code, or what goes with it, is not good.',
  unauthorized_client: 'The client may not do this.',
  unsupported_grant_type: 'Tokens are not given in this way here.',
  unsupported_response_type: 'Codes or tokens are not given in this way here.',
  invalid_scope: 'The scope is not known here, or not for this client.',
  invalid_target: 'Tokens for that audience are not made here.',
  access_denied: 'The user did not log in.',
  temporarily_unavailable: 'The token cannot be made at the moment, or too many were asked for.',
} as const;
export type OAuthError = keyof typeof OAUTH_ERRORS;

/** Why a client was not believed. Goes to the log; the client learns `invalid_client` alone. */
export const CLIENT_REFUSALS = {
  'unknown-client': 'No client has that name.',
  'no-proof': 'The request shows nothing by which the client is known.',
  'several-proofs': 'The request proves the client in more than one way (RFC 6749 §2.3).',
  'other-proof': 'The client is configured to prove itself in another way.',
  'wrong-secret': 'The secret is not that of the client.',
  'malformed-assertion': 'The assertion is no JWT of a kind that is accepted, or is too long.',
  'wrong-signature': 'The signature of the assertion is not by the key of the client.',
  'wrong-claims': 'Issuer, subject, audience or times of the assertion are not as RFC 7523 §3 wants them.',
  'replayed-assertion': 'The assertion was shown before.',
} as const;
export type ClientRefusal = keyof typeof CLIENT_REFUSALS;
