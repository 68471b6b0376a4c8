/*
 * Causes that the events of the edge name: each closed union with its meaning and, where the client or the operator can do something, what to do
 * next. The types, the enums of the HTTP interface, the reference page of the events and the words of the demo page all come from here. Nothing is imported,
 * so that a page can.
 */

/** Why a WebSocket was refused. */
export const FLOW_REFUSALS = {
  method: 'A WebSocket opens with GET. Connect with a WebSocket client.',
  path: 'There is no WebSocket at that path. Use the address that the server printed.',
  subprotocol: 'The client did not offer the subprotocol sip. Open it with new WebSocket(url, "sip").',
  origin: 'The page’s origin is not allowed. Add it to edge.origins.allow.',
  'origin-missing': 'There was no Origin, as from Node. Set edge.origins.allowMissing for tests.',
  connections:
    'There are as many connections as are allowed, all registered. Close some, or raise edge.limits.connections.',
  'connections-per-address':
    'That address has as many connections as are allowed, all registered. Close some, or raise edge.limits.connectionsPerAddress.',
  'handshake-rate':
    'That address connects too often. Wait as long as Retry-After says, or raise edge.limits.handshakesPerSecPerAddress.',
  stopping: 'The server is about to stop. Connect again when it is back.',
  handshake: 'The WebSocket handshake is broken. See Sec-WebSocket-Key and Sec-WebSocket-Version in RFC 6455 §4.',
} as const;
export type FlowRefusal = keyof typeof FLOW_REFUSALS;

/** How a WebSocket ended. */
export const FLOW_CLOSE_CAUSES = {
  client: 'The client closed it.',
  abrupt:
    'It broke without a close frame: the network went, or it was cut. The client should connect and register again.',
  'ping-timeout': 'The client did not answer pings in time. See whether its tab sleeps or its network went.',
  'slow-reader': 'The client did not read what was sent to it. See whether its tab sleeps.',
  'message-rate': 'It sent too many messages a second. Send less often.',
  'message-size': 'It sent a message that is too long. Send less in one.',
  'protocol-error': 'It sent what is no WebSocket frame or no SIP. See the log of the server.',
  unregistered: 'It was open for long without a registration. Register soon after connecting.',
  'made-room':
    'It had no registration when all places were taken, and made room for another. Register as soon as it is open.',
  'authentication-failures': 'It failed to log in too often. Mend the password, then connect again.',
  'core-outage':
    'The core is back after an outage, and may have forgotten it. The client should connect and register again.',
  deregistered:
    'The core ended its last registration. The client should connect and register again, if the core lets it.',
  shortened: 'The core wants it to register earlier than agreed. The client should connect and register again.',
  operator: 'The operator closed it. The client should connect and register again.',
  stopped: 'The server stopped, or drained.',
} as const;
export type FlowCloseCause = keyof typeof FLOW_CLOSE_CAUSES;

/** How a registration ended. */
export const UNREGISTERED_CAUSES = {
  requested: 'The client ended it (Expires 0).',
  expired: 'Its time ran out without a refresh.',
  'flow-closed': 'Its WebSocket closed.',
  replaced: 'The same device registered over another WebSocket.',
  'token-expired': 'Its web token ended and was not renewed. The client should sign in again.',
  operator: 'The operator ended it.',
  removed: 'The core no longer lists the Contact.',
  'core-terminated': 'The core ended it, and said so by reg-event. The client may register again, if the core lets it.',
  'core-rejected': 'The core rejected its user, and said so by reg-event. The client cannot register for the moment.',
} as const;
export type UnregisteredCause = keyof typeof UNREGISTERED_CAUSES;

/** Why a digest proof or a web token was refused. */
export const AUTHENTICATION_FAILURES = {
  malformed: 'Its Authorization cannot be read, or lacks qop, cnonce or nc. Use digest with qop=auth (RFC 3261 §22).',
  'wrong-realm': 'Its Authorization answers another realm. Use the realm of the 401.',
  algorithm:
    'Its Authorization uses an algorithm that was not offered. Take one of the WWW-Authenticate lines of the 401.',
  'unknown-user':
    'There is no such user here. Use one of those that the server printed at its start, or add one to edge.core.users.',
  'wrong-password':
    'The password is wrong. Generated users and their passwords are what the server printed at its start.',
  'uri-mismatch':
    'The uri= of its Authorization is not the Request-URI. Compute the digest over the Request-URI as sent.',
  'foreign-nonce':
    'Its nonce was made for another WebSocket or before a restart. The new 401 carries one; the client repeats the request with it.',
  replayed: 'The same nonce count was used before. Count nc up with each request; the new 401 carries a fresh nonce.',
  'other-identity': 'It proves one user’s password and registers another. Use the user’s own address in To and From.',
  'refused-by-core':
    'The core behind the edge refused it. See whether user and password are those that the core knows.',
  'token-malformed':
    'Its web token cannot be read, or there are two. Send one Authorization: Bearer with the token as it was issued.',
  'token-issuer':
    'Its web token is of no issuer that is known here, or names none. List the issuer in edge.webIdentity.issuers.',
  'token-key': 'Its web token is signed by a key that the issuer does not publish. Sign in again.',
  'token-signature':
    'The signature of its web token is wrong, or of an algorithm that is not allowed. Sign in again; issuers sign by ES256 or RS256.',
  'token-expired': 'Its web token has ended, or is about to. Sign in again, or renew the token before its end.',
  'token-not-yet-valid': 'Its web token is not valid yet. Compare the clocks of the issuer and of the edge.',
  'token-audience': 'Its web token is meant for somebody else. Its aud must hold edge.webIdentity.audience.',
  'token-claims':
    'Its web token lacks client_id, impi, impu or exp, or one of them cannot be read. Let the issuer write them.',
  'token-inactive': 'The issuer says that its web token is not active: unknown, ended or revoked. Sign in again.',
  'token-client':
    'Its web token was issued to a web server that is not known here. List it in edge.webIdentity.issuers[].clients.',
  'token-origin':
    'Its page comes from an origin for which its web token, or the web server, is not meant. Compare the origins of the client with that of the page.',
  'token-identity':
    'Its web token is not for the identity that it registers, or not for that of this WebSocket. Use the address of the token in To and From, and a WebSocket for each user.',
  'token-pool':
    'Its web token names an identity outside of the pool of its web server. Compare edge.webIdentity.issuers[].clients[].pools with the pool of the web server.',
  'token-in-use': 'Another device is registered under that identity of a pool. Each serves one device at a time.',
  'issuer-unavailable': 'The issuer of its web token could not be asked. Try again later.',
} as const;
export type AuthenticationFailure = keyof typeof AUTHENTICATION_FAILURES;

/** What TURN-Cred-Req asks for. */
export const CREDENTIAL_KINDS = {
  turn: 'Name and password, by the approach of this edge.',
  oauth: 'An access token of RFC 7635 with its session key and kid.',
} as const;
export type CredentialKind = keyof typeof CREDENTIAL_KINDS;

/** Why an answer carries no TURN credential. */
export const CREDENTIAL_REFUSALS = {
  denied: 'The issuer does not give one to this user. Ask the operator.',
  quota: 'There are too many credentials for now. Try again after retry-after.',
  insecure:
    'The request did not come over a secure WebSocket, and a password must not go in the clear. Connect with wss://.',
  unsupported: 'This edge makes no credential of the kind asked for. Ask with “TURN-Cred-Req: turn”.',
  unavailable: 'The issuer does not work at the moment. Try again later; the registration itself stands.',
  malformed: 'TURN-Cred-Req cannot be read. Send “TURN-Cred-Req: turn”, with ttl=<seconds> at most.',
  unregistered: 'There is no registration on this WebSocket. Register first, then ask by OPTIONS.',
  limited: 'This user asks too often (edge.credential.burst and intervalSec). Wait as long as Retry-After says.',
} as const;
export type CredentialRefusal = keyof typeof CREDENTIAL_REFUSALS;

/** Which limit was reached. */
export const LIMIT_CAUSES = {
  connections: 'There are too many connections.',
  'connections-per-address': 'There are too many connections from one address.',
  'message-rate': 'There are too many messages a second on one WebSocket. Send less often.',
  'message-size': 'A message is too long. Send less in one: fewer candidates or codecs.',
  'buffered-bytes': 'The client reads too slowly, and too much waits for it. See whether its tab sleeps.',
  transactions: 'Too many requests are open at once on this server. Wait for answers before sending more.',
  'transactions-per-flow': 'Too many requests are open at once on one WebSocket. Wait for answers before sending more.',
  'contacts-per-user': 'That user is registered from too many devices. Unregister some.',
  'contacts-per-flow':
    'This connection has registered too many Contacts. Unregister some, or raise edge.limits.contactsPerFlow.',
  'credential-rate': 'That user asks for credentials too often. Keep the one there is until it nears its end.',
  'authentication-failures': 'There were too many failed logins. Mend the password, then connect again.',
  'handshake-rate': 'There are too many new connections a second from one address. Connect again a little later.',
  'address-message-rate': 'There are too many requests a second from one address. Wait as long as Retry-After says.',
  'identity-request-rate': 'There are too many requests a second of one user. Wait as long as Retry-After says.',
  'authentication-delay':
    'There were too many failed logins of that user from one address. Wait as long as Retry-After says, and mend the password.',
  'address-authentication-failures':
    'There were too many failed logins from one address. Each further one ends its connection.',
} as const;
export type LimitCause = keyof typeof LIMIT_CAUSES;

/** How a subscription of the edge to the registrations of a user ended (reg-event). */
export const REG_EVENT_ENDS = {
  unneeded: 'Nobody of that user is registered here any more.',
  refused:
    'The core refused it, and is asked again in an hour at the earliest. Let the core allow SUBSCRIBE to reg, or set edge.core.regEvent to off.',
  failed: 'A SUBSCRIBE was not answered, or answered by an error. The edge subscribes again, after a while.',
  terminated: 'The core ended it. The edge subscribes again, after a while.',
} as const;
export type RegEventEnd = keyof typeof REG_EVENT_ENDS;

/** What a NOTIFY of the core made the edge do with a registration (reg-event). */
export const REG_EVENT_ORDERS = {
  terminated: 'The core ended the registration. It is gone here too, and so are its TURN credentials.',
  rejected:
    'The core rejected the user. As with terminated; besides, the WebSocket is closed at once and the user refused for five minutes.',
  missing: 'The core no longer lists the registration, also when asked again. As with terminated.',
  shortened:
    'The core wants the registration to end earlier. The WebSocket is closed shortly before, so that the client comes back.',
  identities: 'The identities that the client may speak as have changed.',
} as const;
export type RegEventOrder = keyof typeof REG_EVENT_ORDERS;

/** Why an address of the core counts as down. */
export const CORE_DOWN_CAUSES = {
  timeout: 'It does not answer OPTIONS. See whether it runs, and whether a firewall lets SIP pass in both directions.',
  unreachable: 'No connection to it can be made. See whether it listens there, by that transport.',
  unavailable: 'It answers OPTIONS with 503. See what it is short of.',
} as const;
export type CoreDownCause = keyof typeof CORE_DOWN_CAUSES;
