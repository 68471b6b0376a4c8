/** What tests use of the package, which has no types of its own. */
declare module 'oidc-provider' {
  import { type RequestListener } from 'node:http';

  interface Account {
    readonly accountId: string;
    readonly claims: () => { readonly sub: string };
  }

  /** A token that is being made. */
  interface Token {
    resourceServer: object;
    readonly expiration: number;
    /** The token as the client gets it. */
    save(): Promise<string>;
  }

  interface GrantContext {
    readonly oidc: { readonly client?: object; readonly params?: Readonly<Record<string, unknown>> };
    body: object;
  }

  export default class Provider {
    constructor(
      issuer: string,
      options: {
        readonly clients: readonly object[];
        readonly cookies?: object;
        readonly findAccount?: (context: unknown, id: string) => Account;
        readonly jwks?: object;
        readonly features?: object;
        readonly extraTokenClaims?: (context: unknown, token: object) => object;
      },
    );
    callback(): RequestListener;
    registerGrantType(name: string, handler: (context: GrantContext) => Promise<void>, parameters: string[]): void;
    readonly ClientCredentials: new (options: { readonly client: object; readonly scope: string }) => Token;
    readonly ResourceServer: new (identifier: string, options: object) => object;
  }

  export const errors: {
    readonly InvalidClient: new (text: string) => Error;
    readonly InvalidGrant: new (text: string) => Error;
  };
}
