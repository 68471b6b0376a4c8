/** `client_assertion_type` (RFC 7523 §2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The name of a grant (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What a client may get a token by (RFC 6749 §1.3). */
export const GRANTS = {
  client_credentials: 'The client itself is known, and says for whom it asks (RFC 6749 §4.4).',
  [JWT_BEARER]: 'The client signs who the user is for whom it asks (RFC 7523 §2.1).',
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
  invalid_grant: 'The code or the assertion, or what goes with it, is not good.',
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

/** Why a token was not given, for the operator. */
export const TOKEN_REFUSALS = {
  invalid_request: 'A parameter is missing, repeated, too long or not understood. See the parameters of /oauth/token.',
  invalid_client: 'No such client may send browsers here. List it in oauth.clients.',
  invalid_grant:
    'The code or the assertion, or what goes with it, is not good. Log in again, as a code is good once, for a minute; make another assertion, for a user of the domain.',
  unauthorized_client: 'The client may not do this. See grants, namesUsers and pool of the client in oauth.clients.',
  unsupported_grant_type:
    'Tokens are not given in this way here. Use client_credentials, a JWT assertion or authorization_code.',
  unsupported_response_type:
    'That way is not open here. Use code with PKCE, or set oauth.implicit for the implicit flow.',
  invalid_scope: 'The scope is not known here, or not for this client. See its scopes, and oauth.keys for turn.',
  invalid_target: 'Tokens for that audience are not made here. Compare aud with oauth.serverName.',
  access_denied: 'The user did not log in. Log in, or do not ask.',
  temporarily_unavailable: 'It cannot be made at the moment, or too many were asked for. Try again later.',
  'unknown-client': 'No client has that name. Compare client_id with oauth.clients.',
  'no-proof': 'The request shows nothing by which the client is known. Send the secret, or an assertion.',
  'several-proofs': 'The request proves the client in more than one way (RFC 6749 §2.3). Use one.',
  'other-proof':
    'The client is configured to prove itself in another way. Compare secret and publicKeyFile of the client.',
  'wrong-secret': 'The secret is not that of the client. Compare it with oauth.clients.',
  'malformed-assertion':
    'The assertion is no JWT of a kind that is accepted, or is too long. Sign it by ES256 or RS256.',
  'wrong-signature': 'The signature of the assertion is not by the key of the client. Compare the keys.',
  'wrong-claims':
    'Issuer, subject, audience or times of the assertion are not as RFC 7523 §3 wants them. Let aud be the issuer or the endpoint.',
  'replayed-assertion': 'The assertion was shown before. Make another for each request.',
} as const satisfies Readonly<Record<OAuthError | ClientRefusal, string>>;
export type TokenRefusal = keyof typeof TOKEN_REFUSALS;

/** Why a web server (WWSF) got no token of an authorization server (WAF) on another machine, for the operator. */
export const WAF_FAULTS = {
  'no-answer':
    'It could not be reached, or did not answer in time. See oauth.wwsf.waf.issuer, caFile, and whether it runs.',
  'server-error': 'It answered by a status that tells of a fault of its own. See its log.',
  'too-many-requests':
    'It answered 429: this client asks too often. At a server of this kind see requestsPerSecPerClient.',
  'no-metadata':
    'Its metadata (RFC 8414) cannot be read, are of another issuer, or name an endpoint that is not secure. Compare oauth.wwsf.waf.issuer, or set tokenEndpoint.',
  'client-not-believed':
    'It does not believe the proof of this client. Compare oauth.wwsf.client, and the secret or the key, with those it has.',
  'token-refused':
    'It makes no such token for this client. See grants, namesUsers, pool and scopes of the client there.',
  'malformed-answer': 'Its answer is no token (RFC 6749 §5.1, RFC 7635 appendix B). See whether the endpoint is right.',
  'forged-token': 'The token is not signed by a key that it publishes. See oauth.wwsf.waf.jwksUri.',
  'other-token':
    'The token is for another user, audience or client than it was asked for, or has ended. Compare oauth.wwsf.waf.audience, and the clocks.',
  'keys-unavailable': 'Its keys cannot be fetched, so that its tokens cannot be checked. See oauth.wwsf.waf.jwksUri.',
} as const;
export type WafFault = keyof typeof WAF_FAULTS;

/** What is asked of the web server and of the authorization server. */
export const WEB_EXCHANGES = {
  login:
    'A user logs in: by the form of the web server, coming back there from an OpenID provider, or by the form of the authorization server.',
  guest: 'A page asks the web server for an identity that is lent.',
  logout: 'A user logs out at the web server.',
  'registration-token': 'A page asks the web server for a registration token.',
  'turn-credentials': 'A page asks the web server for TURN credentials.',
  token: 'A client asks the authorization server for a token (RFC 6749 §3.2).',
  authorization: 'A browser asks the authorization server for a code or a token (RFC 6749 §3.1).',
} as const;
export type WebExchange = keyof typeof WEB_EXCHANGES;

/** How a user signs in. */
export const SIGN_IN_WAYS = {
  password: 'By name and password, in the form of the server.',
  openid: 'By an OpenID provider.',
  guest: 'As a guest, by an identity that is lent.',
} as const;
export type SignInWay = keyof typeof SIGN_IN_WAYS;

/** Why somebody could not sign in. */
export const SIGN_IN_REFUSALS = {
  'wrong-password':
    'User name or password is wrong. Lab users and their passwords are what the server printed at its start.',
  'too-many-failures': 'Too many tries from that address have failed. Wait a minute, then try again.',
  'too-many-logins': 'Too many logins of that user, or from that address, were begun. Wait a minute, then try again.',
  'stale-form': 'The form was open for too long, or belongs to another browser. Log in again.',
  'provider-unavailable': 'The OpenID provider does not answer. See oauth.wwsf.openid, and whether the provider runs.',
  'provider-refused': 'The OpenID provider did not say who the user is. The log of the server says why.',
  'unknown-user': 'The OpenID provider knows the user, and this server does not. List the user in oauth.users.',
  'no-identity': 'All identities of the pool are lent. Wait, or list more names in the pool of the client.',
} as const;
export type SignInRefusal = keyof typeof SIGN_IN_REFUSALS;
