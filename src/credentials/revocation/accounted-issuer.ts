import { type Now } from '../../base/clock.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { type Result } from '../../base/result.ts';
import { type IssueRequest, type Release } from '../credential.ts';
import { type HeldCredentials } from './held-credentials.ts';
import { type Revocation, type Revocations } from './revocation.ts';

/** `CredentialIssuer` or `AccessTokenIssuer`. */
interface Issuer<Credential> {
  issue(request: IssueRequest, now: Now): Outcome<Result<Credential, IssueFailure>>;
  release(registrationId: string, how: Release): void;
}

export interface AccountPorts<Credential> {
  readonly held: HeldCredentials;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
  /** By which entry a credential could be revoked. */
  readonly entryOf: (credential: Credential) => Revocation;
}

/**
 * `issuer`, of which is known who holds what. It hands out no name that is revoked: a registration that stands, though its name was revoked, gets another name
 * with its next credential.
 */
export function accountedIssuer<Credential>(
  issuer: Issuer<Credential>,
  { held, revocations, entryOf }: AccountPorts<Credential>,
): Issuer<Credential> {
  return {
    issue: (request, now) => {
      const isRevoked = (issued: Result<Credential, IssueFailure>): boolean =>
        issued.ok && revocations.isRevoked(entryOf(issued.value).user, now);
      const first = mapOutcome(issuer.issue(request, now), (issued): Outcome<Result<Credential, IssueFailure>> => {
        if (!isRevoked(issued)) return issued;
        issuer.release(request.registrationId, 'forget');
        return issuer.issue(request, now);
      });
      return mapOutcome(first, (issued) => {
        if (issued.ok) held.note(request, entryOf(issued.value));
        return issued;
      });
    },
    release: (registrationId, how) => {
      issuer.release(registrationId, how);
    },
  };
}
