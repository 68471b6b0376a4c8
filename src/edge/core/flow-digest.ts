import { type Secret } from '../../base/secret.ts';
import { type DigestAuthorization } from '../../sip/digest-authorization.ts';
import { DigestVerifier } from '../../sip/digest.ts';
import { type IssuedNonce, type NonceMint } from './nonce.ts';
import { NonceCounts } from './nonce-counts.ts';

/** A verifier for a longer name is made anew each time, so that a flow holds little of what its client sends. */
const MAX_KEPT_NAME = 256;

/**
 * What digest authentication keeps of one flow. A client mostly answers the nonce it was given last, as the user it was before: the nonce is then known
 * without hashing it, and so is the password. That holds for a user who does not exist as well, so that no answer takes longer for one.
 */
export class FlowDigest {
  readonly #mint: NonceMint;
  readonly #flowId: string;
  readonly #counts = new NonceCounts();
  #latest: IssuedNonce | undefined;
  #verifier: DigestVerifier | undefined;

  constructor(mint: NonceMint, flowId: string) {
    this.#mint = mint;
    this.#flowId = flowId;
  }

  issueNonce(nowMs: number): string {
    this.#latest = this.#mint.issue(this.#flowId, (this.#latest?.serial ?? 0) + 1, nowMs);
    return this.#latest.text;
  }

  /** A nonce that was given to this flow; `undefined` for any other. */
  findNonce(text: string): IssuedNonce | undefined {
    return text === this.#latest?.text ? this.#latest : this.#mint.read(text, this.#flowId);
  }

  /** Takes a count of a nonce of this flow. Returns false when it was used before, or when that is no longer known. */
  acceptCount({ serial }: IssuedNonce, count: number): boolean {
    return this.#counts.accept(serial, count);
  }

  /** Whether these credentials, which are for the realm, prove this password for a request of this method. */
  proves(found: DigestAuthorization, method: string, password: Secret): boolean {
    if (!this.#verifier?.isFor(found, password)) {
      const { algorithm, username, realm } = found;
      const verifier = new DigestVerifier({ algorithm, username, realm, password });
      if (username.length > MAX_KEPT_NAME) return verifier.verify(found, method);
      this.#verifier = verifier;
    }
    return this.#verifier.verify(found, method);
  }
}
