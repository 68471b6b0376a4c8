import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { fail, ok } from '../../base/result.ts';
import { type LocalIssuer, type LocalVerifier } from '../credential.ts';
import { usernameHash } from '../username-hash.ts';

interface IssuedName {
  readonly username: string;
  /** UNIX milliseconds */
  readonly endMs: number;
}

interface IssuedNamesOptions {
  readonly realm: string;
  /** Names kept at most; past it the longest-known is forgotten, and its USERHASH is a stranger's. */
  readonly max: number;
  /** How long after its end, in seconds, a name may still be used. */
  readonly skewSec: number;
}

/**
 * The names this process has handed out, by USERHASH. A shared key needs no table to check a USERNAME, but a hash cannot be turned into one: it has to
 * be seen coming. So a name that another process made, with the same Km, is not found here.
 */
export class IssuedNames {
  readonly #options: IssuedNamesOptions;
  readonly #byHash: BoundedMap<IssuedName>;

  constructor(options: IssuedNamesOptions) {
    this.#options = options;
    this.#byHash = new BoundedMap(options.max);
  }

  get size(): number {
    return this.#byHash.size;
  }

  /** `issuer`, with its names noted. */
  noting(issuer: LocalIssuer): LocalIssuer {
    return {
      issue: (request, now) => {
        const issued = issuer.issue(request, now);
        if (issued.ok) this.note(issued.value.username, issued.value.expiresAtSec, now);
        return issued;
      },
      release: (registrationId, how) => {
        issuer.release(registrationId, how);
      },
    };
  }

  note(username: string, expiresAtSec: number, now: Now): void {
    this.#forgetEnded(now);
    const key = usernameHash(username, this.#options.realm).toString('base64');
    this.#byHash.set(key, { username, endMs: (expiresAtSec + this.#options.skewSec) * 1000 });
  }

  /** `verifier`, able to find the names noted. */
  finding(verifier: LocalVerifier): LocalVerifier {
    const { keyAlgorithms } = verifier;
    return {
      ...(keyAlgorithms && { keyAlgorithms }),
      lookup: (request, now) => verifier.lookup(request, now),
      lookupHash: ({ userhash, realm }, now) => {
        const noted = this.#byHash.get(userhash.toString('base64'));
        if (!noted || realm !== this.#options.realm) return fail('unknown-user');
        const { username } = noted;
        const found = verifier.lookup({ username, realm }, now);
        return found.ok ? ok({ ...found.value, username }) : found;
      },
    };
  }

  /** In the order of their making, so a name waits behind those of a longer life, at most for the longest there is. */
  #forgetEnded({ unixMs }: Now): void {
    for (;;) {
      const { oldest } = this.#byHash;
      if (!oldest || oldest.value.endMs > unixMs) return;
      this.#byHash.delete(oldest.key);
    }
  }
}
