import { type Outcome } from '../../base/outcome.ts';
import { fail, type Result } from '../../base/result.ts';
import { type Secret } from '../../base/secret.ts';
import { readClaims, type TokenClaims } from './token-claims.ts';
import { type TokenDefect } from './token-defect.ts';
import { parseJson, type WebFetch } from './web-fetch.ts';

export interface IntrospectionOptions {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** How many requests to the issuer may be open at once. Further tokens are `issuer-unavailable`. */
const MAX_OPEN = 64;

/** Asks the issuer about a token (RFC 7662), for tokens that only the issuer can read. */
export class Introspection {
  readonly #options: IntrospectionOptions;
  readonly #fetch: WebFetch;
  #open = 0;

  constructor(options: IntrospectionOptions, fetch: WebFetch) {
    this.#options = options;
    this.#fetch = fetch;
  }

  ask(token: string): Outcome<Result<TokenClaims, TokenDefect>> {
    if (this.#open >= MAX_OPEN) return fail('issuer-unavailable');
    return {
      later: (settle) => {
        this.#open += 1;
        void this.#ask(token)
          .catch((): Result<TokenClaims, TokenDefect> => fail('issuer-unavailable'))
          .then((claims) => {
            this.#open -= 1;
            settle(claims);
          });
      },
    };
  }

  async #ask(token: string): Promise<Result<TokenClaims, TokenDefect>> {
    const { url, clientId, clientSecret } = this.#options;
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    const { status, body } = await this.#fetch({ url, form, client: { id: clientId, secret: clientSecret } });
    const answer = status === 200 ? parseJson(body) : undefined;
    if (typeof answer !== 'object' || answer === null) return fail('issuer-unavailable');
    return Reflect.get(answer, 'active') === true ? readClaims(answer) : fail('token-inactive');
  }
}
