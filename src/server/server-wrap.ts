import { type Hono } from 'hono';
import { type Secret } from '../base/secret.ts';
import { type AccessTokenIssuer, type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { type Delivery, type UserKeys } from '../credentials/delivered/delivery.ts';
import { type EdgeWrap } from '../edge/edge-wrap.ts';
import { type RedisTransport } from '../redis/transport.ts';
import { type TurnWrap } from '../turn/turn-wrap.ts';

/** For whom credentials are made: for WICs that have registered at the edge, or for pages and web servers that ask by HTTP. */
export type IssuerSide = 'edge' | 'web';

/** Where credentials of approach 2 are kept within one process. */
export type DeliveryStore = Delivery & UserKeys;

/**
 * What stands around the parts of a server, and beside them, from its next start on (`Server.wrap`). A lab uses it. Any other server has nothing of it,
 * and pays nothing for it.
 */
export interface ServerWrap {
  readonly edge?: EdgeWrap;
  readonly turn?: TurnWrap;
  readonly issuer?: (issuer: CredentialIssuer, side: IssuerSide) => CredentialIssuer;
  readonly tokenIssuer?: (issuer: AccessTokenIssuer, side: IssuerSide) => AccessTokenIssuer;
  /** Wraps the store of approach 2 when it is in this process, without Redis. */
  readonly store?: (store: DeliveryStore) => DeliveryStore;
  readonly redis?: (transport: RedisTransport) => RedisTransport;
  readonly verifier?: (verifier: CredentialVerifier) => CredentialVerifier;
  /** Adds routes to the HTTPS server of the edge, before the page's. `reportError` logs an error that nobody expected. */
  readonly mountRoutes?: (app: Hono, reportError: (error: unknown) => void) => void;
  /** Path of the control interface that `mountRoutes` adds, for the page; absent: the page does without. */
  readonly controlPath?: string;
  /** Bearer token that the control interface asks for; absent: it is for this machine only. */
  readonly controlToken?: Secret;
  /** Whether the page fills in the passwords of configured users, as it does those of generated users. It does so on loopback only. */
  readonly showUsers?: boolean;
  /** `message` events carry the text of the message, passwords and digest responses masked. */
  readonly messageText?: boolean;
}
