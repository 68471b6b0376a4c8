import { type TlsParts } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';
import { type EmergencyOptions } from './emergency-services.ts';
import { type UserDirectory } from './user-directory.ts';

/** Where the WebSocket may be opened from (RFC 6454; TS 33.203 X.2.1 asks for a trusted domain). */
export interface OriginOptions {
  /** Origins as they are sent, such as `https://app.example.org` or `capacitor://localhost`, or `self`: the page served under a name of the edge. */
  readonly allow: readonly string[];
  /** Programs outside a browser send no Origin; whether they may connect. */
  readonly allowMissing: boolean;
}

/** Limits of one source address and of one user, over all their connections. */
export interface FloodLimits {
  /** SIP requests per second from one IPv4 address or IPv6 /64. */
  readonly messagesPerSecPerAddress: number;
  readonly messageBurstPerAddress: number;
  /** SIP requests per second of one user. REGISTER counts by user and address, since anybody may claim to be the user. */
  readonly requestsPerSecPerIdentity: number;
  readonly requestBurstPerIdentity: number;
  /** WebSocket handshakes per second from one address. */
  readonly handshakesPerSecPerAddress: number;
  readonly handshakeBurstPerAddress: number;
  /** Wrong passwords for one user from one address that cost no wait. */
  readonly authenticationFailuresPerIdentity: number;
  /** The longest wait before the next try; the first is a second, and each failure doubles it. */
  readonly authenticationDelaySec: number;
  /** Wrong passwords of one address within ten minutes, whatever the user; each one more costs its connection. */
  readonly authenticationFailuresPerAddress: number;
  /** Entries of each table behind these limits; past it the longest unused is forgotten. */
  readonly sources: number;
  /** Ranges (see `parseIpRange`) to which nothing counted by address applies. */
  readonly exempt: readonly string[];
}

/** Bounds on what one remote, and all of them together, can make the edge hold or do. */
export interface EdgeLimits extends FloodLimits {
  readonly messageBytes: number;
  readonly headerCount: number;
  readonly lineBytes: number;
  readonly fragments: number;
  /** Pieces of one WebSocket frame, as the connection brings them, that may wait for its end. */
  readonly bufferedChunks: number;
  /** Bytes that may wait for a client that does not read, before its flow is closed. */
  readonly bufferedBytes: number;
  readonly connections: number;
  /** WebSockets of one IPv4 address or IPv6 /64. */
  readonly connectionsPerAddress: number;
  readonly messagesPerSec: number;
  readonly messageBurst: number;
  /** Server and client transactions of the whole edge. */
  readonly transactions: number;
  /** Server transactions one flow may have open, and requests that may wait for one. */
  readonly transactionsPerFlow: number;
  /** Contacts that one flow may have registered, and that one REGISTER may name. */
  readonly contactsPerFlow: number;
  /** A flow without a registration is closed after this time. */
  readonly unregisteredSec: number;
  /** Failed digest answers on one flow before it is closed. */
  readonly authenticationFailures: number;
}

export interface KeepaliveOptions {
  readonly pingSec: number;
  readonly pongTimeoutSec: number;
}

export interface RegistrationOptions {
  readonly defaultExpiresSec: number;
  readonly minExpiresSec: number;
  readonly maxExpiresSec: number;
  readonly contactsPerUser: number;
}

export interface TransactionOptions {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
  /** Seconds of timer C: more than three minutes (RFC 3261 §16.6 step 11). */
  readonly timerCSec: number;
  /** Seconds that Retry-After tells when a request is refused for load. */
  readonly retryAfterSec: number;
}

export type DigestAlgorithm = 'SHA-256' | 'MD5';

export interface DigestOptions {
  /** In wire order. JsSIP and SIP.js follow the last challenge and know only MD5, so MD5 comes last. */
  readonly algorithms: readonly DigestAlgorithm[];
  readonly nonceLifetimeSec: number;
}

export interface EmbeddedCoreOptions {
  readonly kind: 'embedded';
  readonly digest: DigestOptions;
  readonly users: UserDirectory;
}

/** Where the core reaches the edge, and by which name. */
export interface CoreListenOptions {
  readonly addresses: readonly string[];
  /** Port of UDP and TCP; 0 lets the system choose one that is free for both. */
  readonly port: number;
  /** Port of TLS; `undefined`: no TLS listener. */
  readonly tlsPort: number | undefined;
  /** Host the core is told in Via, Path and Record-Route; the first address when absent. */
  readonly publicHost: string | undefined;
}

/** TLS between the edge and a core: the certificate serves connections to the core and the TLS listener. */
export interface CoreTlsOptions extends TlsParts {
  /** Whether a core that connects by TLS must show a certificate of `ca`. */
  readonly requireClientCertificate: boolean;
}

export interface CoreProbeOptions {
  /** Seconds between two OPTIONS to a core that answers. */
  readonly intervalSec: number;
  readonly timeoutSec: number;
  /** Longest wait before a core that does not answer is tried again; the wait doubles from one second. */
  readonly maxBackoffSec: number;
}

/** A real I/S-CSCF behind the edge. */
export interface ExternalCoreOptions {
  readonly kind: 'external';
  /** SIP or SIPS URIs of the core in order of preference. Each name may stand for several destinations (RFC 3263). */
  readonly uris: readonly string[];
  readonly listen: CoreListenOptions;
  /** Ranges of the core's addresses (see `parseIpRange`), besides those that `uris` resolve to. */
  readonly trusted: readonly string[];
  readonly tls: CoreTlsOptions;
  /** `address` or `address:port` of DNS servers; the system's when empty. */
  readonly dnsServers: readonly string[];
  readonly probe: CoreProbeOptions;
  /** How many TCP and TLS connections with the core there may be, in both directions. */
  readonly connections: number;
  /** P-Visited-Network-ID of REGISTER; the home domain when absent. */
  readonly visitedNetworkId: string | undefined;
  /** P-Access-Network-Info that a client's own is replaced by; `undefined`: theirs passes unless it says `network-provided`. */
  readonly accessNetworkInfo: string | undefined;
  /** A client whose connection is gone for so many seconds is de-registered in its place; `undefined`: never, the core learns by 430. */
  readonly deregisterAfterSec: number | undefined;
  /** Whether clients are closed (1012), so that they register again, once the core is back after an outage: it may have lost their bindings. */
  readonly reregisterAfterOutage: boolean;
  /** Whether the edge subscribes to the registrations of its users (RFC 3680); `auto`: unless the core knows nothing of it. */
  readonly regEvent: 'auto' | 'on' | 'off';
  /** Seconds over which these clients are closed (1012), so that they do not register again all at once. */
  readonly reregisterWindowSec: number;
  /** 32 bytes: key of the flow tokens, the same for as long as the core remembers Path. Random when absent. */
  readonly flowTokenKey?: Uint8Array | undefined;
}

/** A web server (WWSF) to which an authorization server issues tokens. */
export interface WebClientOptions {
  /** Its `client_id`. */
  readonly id: string;
  /** Origins of its pages; absent: all that the edge lets in. */
  readonly origins?: readonly string[] | undefined;
  /** Private identities that it lends: texts in which one `*` stands for any characters but `@`, or one range such as `{1-500}` for a number. */
  readonly pools: readonly string[];
}

/** An authorization server (WAF) whose tokens sign clients in. */
export interface TokenIssuerOptions {
  /** `iss` of its tokens: its URL. */
  readonly issuer: string;
  /** What a core outside is told of it in `authorization-entity`. */
  readonly entity: string;
  readonly clients: readonly WebClientOptions[];
  readonly check:
    /** By the keys of the authorization server in this process. */
    | { readonly kind: 'local' }
    | { readonly kind: 'jwks'; readonly uri: string }
    | {
        readonly kind: 'introspection';
        readonly url: string;
        readonly clientId: string;
        readonly clientSecret: Secret;
      };
}

/** Signing in by web tokens (registration scenarios 2 and 3). */
export interface WebIdentityOptions {
  /** At least one. */
  readonly issuers: readonly TokenIssuerOptions[];
  /** Whom tokens have to be meant for (`aud`). */
  readonly audience: string;
  readonly scope: string;
  /** Whether a client without a token may register by digest. */
  readonly allowDigest: boolean;
  /** Whether each request of a client that has signed in by a token must show it. */
  readonly requireOnEveryRequest: boolean;
  /** Whether a core outside is told whose token it was. */
  readonly authorizationEntity: boolean;
  /** Seconds after which a client that has lost its WebSocket is de-registered. */
  readonly graceSec: number;
  /** By how many seconds the clock of an issuer may be ahead. */
  readonly skewSec: number;
}

/** `both`: TURN-Cred-Rsp and the separate TURN-* fields; or one of the two. */
export type CredentialHeaderForm = 'both' | 'combined' | 'separate';

export interface CredentialOptions {
  readonly headers: CredentialHeaderForm;
  /** TURN URIs (RFC 7065) handed out with the credential. */
  readonly uris: readonly string[];
  /** Realm of the TURN server, told to the client. */
  readonly realm: string;
  /** Credentials one user may fetch at once, over whatever connections, and how many seconds later one more. */
  readonly burst: number;
  readonly intervalSec: number;
}

/** Where copies of SIP messages go (HEP3). */
export interface HepOptions {
  /** Name or address, an IPv6 one without brackets, and UDP port. */
  readonly collector: { readonly host: string; readonly port: number };
  /** By which the collector tells its agents apart: 0 to 2^32 - 1. */
  readonly captureId: number;
  /** Up to 255 bytes. */
  readonly captureKey?: Secret | undefined;
}

export interface EdgeOptions {
  /** SIP home domain. */
  readonly domain: string;
  /** Path of the WebSocket upgrade. */
  readonly path: string;
  readonly origins: OriginOptions;
  /** Further names of this edge towards WICs, `host` or `host:port` (not 443), lower case: those of a proxy that puts another Host into the upgrade. */
  readonly publicHosts: readonly string[];
  readonly limits: EdgeLimits;
  readonly keepalive: KeepaliveOptions;
  readonly registration: RegistrationOptions;
  readonly transaction: TransactionOptions;
  readonly core: EmbeddedCoreOptions | ExternalCoreOptions;
  /** Emergency calls. When absent, only `urn:service:sos` is known, and there is no E-CSCF to pass it on to. */
  readonly emergency?: EmergencyOptions | undefined;
  readonly credential: CredentialOptions;
  /** When absent, clients sign in by digest alone, and a web token is worth nothing. */
  readonly webIdentity?: WebIdentityOptions | undefined;
  readonly trace?: { readonly hep?: HepOptions | undefined } | undefined;
}

/** How the edge parts from its clients before it stops. */
export interface EdgeDrainOptions {
  /** How long all clients stay connected, so that a load balancer learns that others must serve. */
  readonly noticeMs: number;
  /** Time over which clients are closed for the restart. */
  readonly windowMs: number;
  /** How long after its turn a client that waits for an answer, or owes one, is waited for. */
  readonly transactionMs: number;
  /** How long after its turn a client in a call is waited for. */
  readonly callMs: number;
}
