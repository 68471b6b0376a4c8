/** What tests use of the package, which has no types of its own. */
declare module 'oidc-provider' {
  import { type RequestListener } from 'node:http';

  interface Account {
    readonly accountId: string;
    readonly claims: () => { readonly sub: string };
  }

  export default class Provider {
    constructor(
      issuer: string,
      options: {
        readonly clients: readonly object[];
        readonly cookies: object;
        readonly findAccount: (context: unknown, id: string) => Account;
      },
    );
    callback(): RequestListener;
  }
}
