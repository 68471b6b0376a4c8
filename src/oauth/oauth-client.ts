import { type KeyObject } from 'node:crypto';
import { type Secret } from '../base/secret.ts';
import { type SigningAlgorithm } from '../credentials/signing-keys.ts';
import { type Grant, type Scope } from './oauth-words.ts';

/** How a client proves who it is. `none`: it is a program in the hands of its user, which can keep no secret (RFC 6749 §2.1). */
export type ClientProof =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'key'; readonly key: KeyObject; readonly algorithm: SigningAlgorithm }
  | { readonly kind: 'none' };

/** A client of the authorization server: a WWSF, an edge that asks about tokens, or another program of the operator. */
export interface OAuthClient {
  readonly id: string;
  readonly proof: ClientProof;
  readonly grants: ReadonlySet<Grant>;
  /** Scopes that the client may ask for. The first one counts when a request names none. */
  readonly scopes: readonly Scope[];
  /** Redirect URIs, which are compared character by character. */
  readonly redirectUris: readonly string[];
  /** Origins of its pages: only they may use its tokens, and read answers in a browser. */
  readonly origins: readonly string[];
  /** Whether the client may say who a user is, as a WWSF does that logs users in. */
  readonly namesUsers: boolean;
  /** Private identities that it gives to users of the moment (TS 24.371 §6.1, registration scenario 3). */
  readonly pool: ReadonlySet<string>;
  /** Whether it may ask about tokens (RFC 7662). */
  readonly introspects: boolean;
}

export type OAuthClients = ReadonlyMap<string, OAuthClient>;
