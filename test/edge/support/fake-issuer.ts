import { type Now } from '../../../src/core/clock.ts';
import { fail, ok, type Result } from '../../../src/core/result.ts';
import { Secret } from '../../../src/core/secret.ts';
import {
  type CredentialIssuer,
  type IssueFailure,
  type IssueRequest,
  type TurnCredential,
} from '../../../src/credentials/credential.ts';

/** Issues numbered credentials, or the failure it is told to. */
export class FakeIssuer implements CredentialIssuer {
  readonly requests: IssueRequest[] = [];
  readonly released: string[] = [];
  failure: IssueFailure | undefined;

  issue(request: IssueRequest, now: Now): Result<TurnCredential, IssueFailure> {
    this.requests.push(request);
    if (this.failure) return fail(this.failure);
    const name = `u${this.requests.length}`;
    const expiresAtSec = Math.floor(now.unixMs / 1000) + (request.wishedTtlSec ?? 3600);
    return ok({
      name,
      username: `${expiresAtSec}:${name}`,
      password: new Secret(`p/${this.requests.length}=`),
      expiresAtSec,
    });
  }

  release(registrationId: string): void {
    this.released.push(registrationId);
  }
}
