import { EpcscfTurnError } from '../base/errors.ts';
import { type KeySource } from '../credentials/signing-keys.ts';
import { type EdgeCore } from './build-core.ts';
import { type EdgePorts, type EdgeState } from './build-state.ts';
import { type EdgeOptions, type TokenIssuerOptions } from './edge-options.ts';
import { BoundTokens } from './web-identity/bound-tokens.ts';
import { Introspection } from './web-identity/introspection.ts';
import { PoolHolders } from './web-identity/pool-holders.ts';
import { RemoteKeys } from './web-identity/remote-keys.ts';
import { TokenCap } from './web-identity/token-cap.ts';
import { TokenEnds } from './web-identity/token-ends.ts';
import { TokenVerifier, type TrustedIssuer } from './web-identity/token-verifier.ts';
import { type WebFetch } from './web-identity/web-fetch.ts';
import { WebSignIn } from './web-identity/web-sign-in.ts';

export interface SignInPorts extends EdgePorts {
  /** Asks authorization servers; needed for those that are elsewhere. */
  readonly webFetch?: WebFetch | undefined;
  /** Keys of the authorization server in this process; needed for that one. */
  readonly localKeys?: KeySource | undefined;
}

/** What signing in by web tokens adds to the way of requests. */
export interface EdgeSignIn {
  readonly signIn: WebSignIn;
  readonly tokenCap: TokenCap;
}

/** Between core and proxy: signing in by web tokens; `undefined` where nobody does. Throws ERR_INVALID_ARGUMENT for a port that is missing. */
export function buildSignIn(
  options: EdgeOptions,
  { home, registrations, admission }: EdgeState,
  { deregistrations }: Pick<EdgeCore, 'deregistrations'>,
  ports: SignInPorts,
): EdgeSignIn | undefined {
  const { webIdentity, registration, transaction } = options;
  if (!webIdentity) return undefined;
  const { clock, timers, events, run, wrap } = ports;
  const { audience, skewSec, scope, allowDigest, requireOnEveryRequest } = webIdentity;
  const bound = new BoundTokens(registrations);
  const poolHolders = new PoolHolders((registrationId) => {
    deregistrations.hasten(registrationId);
    registrations.endLapsed(registrationId);
  });
  for (const observer of [bound, poolHolders, new TokenEnds({ registrations, bound, clock, timers })]) {
    registrations.observe(observer);
  }
  const issuers = webIdentity.issuers.map((issuer) => trustedIssuer(issuer, ports));
  const authzServer = issuers[0]?.issuer ?? '';
  const verifier = new TokenVerifier({ issuers, audience, skewSec });
  const signIn = new WebSignIn({
    options: {
      challenge: { realm: home.name, scope, authzServer },
      allowsDigest: allowDigest,
      requiresOnEveryRequest: requireOnEveryRequest,
      minLeftSec: registration.minExpiresSec,
      retryAfterSec: transaction.retryAfterSec,
    },
    verifier: wrap?.tokenCheck?.(verifier) ?? verifier,
    bound,
    poolHolders,
    registrations,
    admission,
    home,
    events,
    clock,
    timers,
    run,
  });
  return { signIn, tokenCap: new TokenCap(clock, registration.defaultExpiresSec) };
}

function trustedIssuer(
  { issuer, entity, clients, check }: TokenIssuerOptions,
  { webFetch, localKeys, clock }: SignInPorts,
): TrustedIssuer {
  const named = { issuer, entity, clients };
  if (check.kind === 'local') {
    return { ...named, check: { kind: 'signature', keys: given(localKeys, issuer) } };
  }
  const fetch = given(webFetch, issuer);
  if (check.kind === 'jwks') {
    return { ...named, check: { kind: 'signature', keys: new RemoteKeys({ uri: check.uri, fetch, clock }) } };
  }
  return { ...named, check: { kind: 'introspection', introspection: new Introspection(check, fetch) } };
}

function given<T>(port: T | undefined, issuer: string): T {
  if (port === undefined) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `webIdentity.issuers: nothing to check tokens of ${issuer} with`);
  }
  return port;
}
