import { type Hono } from 'hono';
import { type Secret } from '../base/secret.ts';
import { type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { type EdgeWrap } from '../edge/edge-wrap.ts';
import { type TurnWrap } from '../turn/turn-wrap.ts';

/**
 * What `composeServer` puts around the parts of a server, and beside them, at each start. A lab uses it. A server of `createServer` has nothing of it,
 * and pays nothing for it.
 */
export interface ServerWrap {
  readonly edge?: EdgeWrap;
  readonly turn?: TurnWrap;
  readonly issuer?: (issuer: CredentialIssuer) => CredentialIssuer;
  readonly verifier?: (verifier: CredentialVerifier) => CredentialVerifier;
  /** Adds routes to the HTTPS server of the edge, before the page's. `reportError` logs an error that nobody expected. */
  readonly mountRoutes?: (app: Hono, reportError: (error: unknown) => void) => void;
  /** Path of those routes, for the page to know; absent: the page does without. */
  readonly labPath?: string;
  /** Bearer token that those routes ask for; absent: they are for this machine only. */
  readonly labToken?: Secret;
  /** Lets the page offer users of the configuration with their passwords, as it does generated ones; on loopback only. */
  readonly showUsers?: boolean;
  /** Users that can register besides those of the configuration, with their passwords. */
  readonly extraUsers?: ReadonlyMap<string, Secret>;
  /** `message` events carry the text of the message, passwords and digest responses masked. */
  readonly messageText?: boolean;
}
