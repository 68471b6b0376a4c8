import { type Now } from '../../../src/base/clock.ts';
import { type IssueFailure } from '../../../src/base/issue-failure.ts';
import { type Outcome } from '../../../src/base/outcome.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type CredentialIssuer, type IssueRequest, type TurnCredential } from '../../../src/credentials/credential.ts';

type Issued = Result<TurnCredential, IssueFailure>;

/** Issues numbered credentials, or the failure it is told to; at once, or when it is told to. */
export class FakeIssuer implements CredentialIssuer {
  readonly requests: IssueRequest[] = [];
  readonly released: string[] = [];
  failure: IssueFailure | undefined;
  /** What is asked from now on waits for `answer`. */
  isSlow = false;
  readonly #waiting: (() => void)[] = [];

  issue(request: IssueRequest, now: Now): Outcome<Issued> {
    this.requests.push(request);
    const issued = this.#issued(this.requests.length, request, now);
    if (!this.isSlow) return issued;
    return {
      later: (settle) => {
        this.#waiting.push(() => {
          settle(issued);
        });
      },
    };
  }

  release(registrationId: string): void {
    this.released.push(registrationId);
  }

  /** Answers what waited, by its place from 0 or all; once more, too. */
  answer(index?: number): void {
    for (const [at, settle] of this.#waiting.entries()) if (index === undefined || index === at) settle();
  }

  #issued(count: number, request: IssueRequest, now: Now): Issued {
    if (this.failure) return fail(this.failure);
    const name = `u${count}`;
    const expiresAtSec = Math.floor(now.unixMs / 1000) + (request.wishedTtlSec ?? 3600);
    return ok({ name, username: `${expiresAtSec}:${name}`, password: new Secret(`p/${count}=`), expiresAtSec });
  }
}
