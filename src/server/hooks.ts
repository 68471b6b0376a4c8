import { type HttpBindings } from '@hono/node-server';
import { type Hono } from 'hono';
import { type Secret } from '../base/secret.ts';
import { type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { type EdgeWrap } from '../edge/edge-wrap.ts';
import { type WrapRequests } from '../turn/engine/serve-request.ts';

export { LOST, type Impairment, type RelayDirection } from '../turn/engine/impairment.ts';

/** What a route of the HTTPS server finds in its context. */
export interface HttpEnv {
  Bindings: HttpBindings & {
    /**
     * Takes the deadline off the connection, for an answer that is long in coming or does not end; the caller must bound it. The function it returns puts
     * the deadline back.
     */
    readonly holdConnection: () => () => void;
  };
}

/** Where a lab reaches into a server. A server in production has none of them. */
export interface ServerHooks {
  readonly edge?: EdgeWrap;
  readonly turnRequests?: WrapRequests;
  readonly wrapIssuer?: (issuer: CredentialIssuer) => CredentialIssuer;
  readonly wrapVerifier?: (verifier: CredentialVerifier) => CredentialVerifier;
  /** Adds routes to the HTTPS server of the edge, before the page's. `reportError` logs an error that nobody expected. */
  readonly mountRoutes?: (app: Hono, reportError: (error: unknown) => void) => void;
  /** Path of those routes, for the page to know; absent: the page does without. */
  readonly labPath?: string;
  /** Bearer token that those routes ask for; absent: they are for this machine only. */
  readonly labToken?: Secret;
  /** `message` events carry the text of the message, passwords and digest responses masked. */
  readonly messageText?: boolean;
}
