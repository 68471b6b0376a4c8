import { type Now } from '../base/clock.ts';
import { mapOutcome, type Outcome } from '../base/outcome.ts';
import { fail, type Result } from '../base/result.ts';
import {
  KEY_ALGORITHMS,
  type CredentialVerifier,
  type KnownUser,
  type LocalVerifier,
  type LookupFailure,
} from './credential.ts';

/** What says least about a name: that it means nothing to a verifier. Any other failure was told by one that knows it. */
const STRANGERS: ReadonlySet<LookupFailure> = new Set(['unknown-form', 'unknown-user', 'wrong-realm']);

/**
 * Several kinds of users at once: the first verifier that knows a name answers for it. What a challenge may offer is what all of them can do,
 * for it is made before anybody has a name.
 */
export function combineVerifiers(verifiers: readonly LocalVerifier[]): LocalVerifier;
export function combineVerifiers(verifiers: readonly CredentialVerifier[]): CredentialVerifier;
export function combineVerifiers(verifiers: readonly CredentialVerifier[]): CredentialVerifier {
  const byName = verifiers.map((verifier) => verifier.lookup.bind(verifier));
  const byHash = verifiers.flatMap((verifier) => (verifier.lookupHash ? [verifier.lookupHash.bind(verifier)] : []));
  const keyAlgorithms = KEY_ALGORITHMS.filter((algorithm) =>
    verifiers.every((verifier) => (verifier.keyAlgorithms ?? ['md5']).includes(algorithm)),
  );
  const accessTokensFor = verifiers.find((verifier) => verifier.accessTokensFor !== undefined)?.accessTokensFor;
  return {
    keyAlgorithms,
    ...(accessTokensFor !== undefined && { accessTokensFor }),
    lookup: (request, now) => first(byName, request, now),
    ...(byHash.length === verifiers.length && { lookupHash: (request, now) => first(byHash, request, now) }),
  };
}

type Lookup<Request, User extends KnownUser> = (request: Request, now: Now) => Outcome<Result<User, LookupFailure>>;

/** The first user that `lookups` find, asked one after the other from the index `from` on. `failure`: why those before it found none. */
function first<Request, User extends KnownUser>(
  lookups: readonly Lookup<Request, User>[],
  request: Request,
  now: Now,
  from = 0,
  failure: LookupFailure = 'unknown-user',
): Outcome<Result<User, LookupFailure>> {
  const found = lookups[from]?.(request, now);
  if (!found) return fail(failure);
  return mapOutcome(found, (result) =>
    result.ok ? result : first(lookups, request, now, from + 1, STRANGERS.has(failure) ? result.reason : failure),
  );
}

/**
 * Access tokens beside users with passwords. A request with ACCESS-TOKEN is for `tokens` alone, and every other for `others` alone: nothing is tried
 * by both, and no kid is taken for the name of a user.
 */
export function withAccessTokens(tokens: CredentialVerifier, others: CredentialVerifier): CredentialVerifier {
  const { accessTokensFor } = tokens;
  const lookupHash = others.lookupHash?.bind(others);
  return {
    keyAlgorithms: others.keyAlgorithms ?? ['md5'],
    ...(accessTokensFor !== undefined && { accessTokensFor }),
    lookup: (request, now) => (request.accessToken ? tokens : others).lookup(request, now),
    ...(lookupHash && { lookupHash }),
  };
}

/** Its users are of this realm alone: with one Km a name and password would otherwise fit any. */
export function inRealm(own: string, verifier: LocalVerifier): LocalVerifier;
export function inRealm(own: string, verifier: CredentialVerifier): CredentialVerifier;
export function inRealm(own: string, verifier: CredentialVerifier): CredentialVerifier {
  const { keyAlgorithms, accessTokensFor } = verifier;
  const lookupHash = verifier.lookupHash?.bind(verifier);
  return {
    ...(keyAlgorithms && { keyAlgorithms }),
    ...(accessTokensFor !== undefined && { accessTokensFor }),
    lookup: (request, now) => (request.realm === own ? verifier.lookup(request, now) : fail('wrong-realm')),
    ...(lookupHash && {
      lookupHash: (request, now) => (request.realm === own ? lookupHash(request, now) : fail('wrong-realm')),
    }),
  };
}
