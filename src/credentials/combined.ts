import { type Now } from '../core/clock.ts';
import { fail, type Result } from '../core/result.ts';
import { KEY_ALGORITHMS, type CredentialVerifier, type KnownUser, type LookupFailure } from './credential.ts';

/** What says least about a name: that it means nothing to a verifier. Any other failure was told by one that knows it. */
const STRANGERS: ReadonlySet<LookupFailure> = new Set(['unknown-form', 'unknown-user', 'wrong-realm']);

/**
 * Several kinds of users at once: the first verifier that knows a name answers for it. What a challenge may offer is what all of them can do,
 * for it is made before anybody has a name.
 */
export function combineVerifiers(verifiers: readonly CredentialVerifier[]): CredentialVerifier {
  const byHash = verifiers.flatMap((verifier) => (verifier.lookupHash ? [verifier.lookupHash.bind(verifier)] : []));
  const keyAlgorithms = KEY_ALGORITHMS.filter((algorithm) =>
    verifiers.every((verifier) => (verifier.keyAlgorithms ?? ['md5']).includes(algorithm)),
  );
  return {
    keyAlgorithms,
    lookup: (request, now) =>
      first(
        verifiers.map((verifier) => verifier.lookup.bind(verifier)),
        request,
        now,
      ),
    ...(byHash.length === verifiers.length && { lookupHash: (request, now) => first(byHash, request, now) }),
  };
}

function first<Request, User extends KnownUser>(
  lookups: readonly ((request: Request, now: Now) => Result<User, LookupFailure>)[],
  request: Request,
  now: Now,
): Result<User, LookupFailure> {
  let failure: LookupFailure = 'unknown-user';
  for (const lookup of lookups) {
    const found = lookup(request, now);
    if (found.ok) return found;
    if (STRANGERS.has(failure)) failure = found.reason;
  }
  return fail(failure);
}

/** Its users are of this realm alone: with one Km a name and password would otherwise fit any. */
export function inRealm(own: string, verifier: CredentialVerifier): CredentialVerifier {
  const { keyAlgorithms } = verifier;
  const lookupHash = verifier.lookupHash?.bind(verifier);
  return {
    ...(keyAlgorithms && { keyAlgorithms }),
    lookup: (request, now) => (request.realm === own ? verifier.lookup(request, now) : fail('wrong-realm')),
    ...(lookupHash && {
      lookupHash: (request, now) => (request.realm === own ? lookupHash(request, now) : fail('wrong-realm')),
    }),
  };
}
