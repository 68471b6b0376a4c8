import type * as OpenId from 'openid-client';
import { isLoopbackHost } from '../../base/loopback-host.ts';
import { type Secret } from '../../base/secret.ts';

export interface OpenIdOptions {
  /** URL of the OpenID provider. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope: string;
  /** The claim of the id_token that names the user. */
  readonly userClaim: string;
}

/** What a browser keeps between its departure to the provider and its return. */
export interface OpenIdTrip {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Asks the provider, within bounds of time and size. */
export type OpenIdFetch = OpenId.CustomFetch;

interface Provider {
  readonly openid: typeof OpenId;
  readonly configuration: OpenId.Configuration;
}

/** A provider on another server that logs users in. */
export type LoginProvider = Pick<OpenIdLogin, 'begin' | 'finish'>;

/** Lets an OpenID provider log users in: by code with PKCE, state and nonce. The library is loaded at the first login. */
export class OpenIdLogin {
  readonly #options: OpenIdOptions;
  readonly #fetch: OpenIdFetch;
  #provider: Promise<Provider> | undefined;

  constructor(options: OpenIdOptions, fetch: OpenIdFetch) {
    this.#options = options;
    this.#fetch = fetch;
  }

  /** Where to send the browser, and what it must bring back. Rejects while the provider does not answer. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly trip: OpenIdTrip }> {
    const { openid, configuration } = await this.#discover();
    const verifier = openid.randomPKCECodeVerifier();
    const trip = { state: openid.randomState(), nonce: openid.randomNonce(), verifier };
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.#options.scope,
      state: trip.state,
      nonce: trip.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, trip };
  }

  /** The name of the user with whom the browser has come back to `url`. Rejects whatever is not as it must be. */
  async finish(url: URL, { state, nonce, verifier }: OpenIdTrip): Promise<string | undefined> {
    const { openid, configuration } = await this.#discover();
    const tokens = await openid.authorizationCodeGrant(configuration, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const name = tokens.claims()?.[this.#options.userClaim];
    return typeof name === 'string' ? name : undefined;
  }

  /** Fetches the metadata of the provider once; after a failure it tries again. */
  #discover(): Promise<Provider> {
    this.#provider ??= this.#ask().catch((error: unknown) => {
      this.#provider = undefined;
      throw error;
    });
    return this.#provider;
  }

  async #ask(): Promise<Provider> {
    const { issuer, clientId, clientSecret } = this.#options;
    const openid = await import('openid-client');
    const url = new URL(issuer);
    const isPlain = url.protocol === 'http:' && isLoopbackHost(url.host);
    // For a provider on this machine alone. The library marks it as deprecated so that nobody uses it lightly.
    const allowPlainHttp = Reflect.get(openid, 'allowInsecureRequests');
    const secret = clientSecret.revealText();
    const configuration = await openid.discovery(url, clientId, secret, openid.ClientSecretBasic(secret), {
      [openid.customFetch]: this.#fetch,
      execute: isPlain ? [allowPlainHttp] : [],
    });
    return { openid, configuration };
  }
}
