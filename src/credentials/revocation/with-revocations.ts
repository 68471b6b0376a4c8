import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, type Result } from '../../base/result.ts';
import { type Now } from '../../base/clock.ts';
import { type CredentialVerifier, type KnownUser, type LookupFailure } from '../credential.ts';
import { type Revocations } from './revocation.ts';

/** `verifier`, which knows no name that is revoked. Costs a lookup in a table; no request waits for it. */
export function withRevocations(
  verifier: CredentialVerifier,
  revocations: Pick<Revocations, 'isRevoked'>,
): CredentialVerifier {
  const unrevoked = <User extends KnownUser>(
    found: Outcome<Result<User, LookupFailure>>,
    now: Now,
  ): Outcome<Result<User, LookupFailure>> =>
    mapOutcome(found, (result) =>
      result.ok && revocations.isRevoked(result.value.user, now) ? fail('revoked') : result,
    );
  const lookupHash = verifier.lookupHash?.bind(verifier);
  return {
    ...verifier,
    lookup: (request, now) => unrevoked(verifier.lookup(request, now), now),
    ...(lookupHash && { lookupHash: (request, now) => unrevoked(lookupHash(request, now), now) }),
  };
}
