import { type Now } from '../../../src/base/clock.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import {
  KEY_ALGORITHMS,
  type LocalVerifier,
  type KeyAlgorithm,
  type KnownUser,
  type LookupFailure,
  type LookupRequest,
} from '../../../src/credentials/credential.ts';
import { longTermKeyMd5, longTermKeySha256 } from '../../stun/long-term-key.ts';

/** `t:u` names, each with the password `<key>/<username>` for every key of the ring; `static:<u>` never ends. */
export class FakeVerifier implements LocalVerifier {
  readonly keyAlgorithms = KEY_ALGORITHMS;
  keyIds = ['k1'];
  readonly accessTokensFor?: string;
  lookups: string[] = [];
  /** Whose a user is, where several are one person's. */
  readonly persons = new Map<string, string>();

  constructor(accessTokensFor?: string) {
    if (accessTokensFor !== undefined) this.accessTokensFor = accessTokensFor;
  }

  lookup({ username, realm }: LookupRequest, now: Now): Result<KnownUser, LookupFailure> {
    this.lookups.push(username);
    const match = /^(\d+|static):([\w.-]+)$/.exec(username);
    if (!match) return fail('unknown-form');
    const [, t = '', user = ''] = match;
    const keys = this.keyIds.map((keyId) => ({
      keyId,
      person: () => this.persons.get(user),
      integrityKey: (algorithm: KeyAlgorithm) =>
        (algorithm === 'md5' ? longTermKeyMd5 : longTermKeySha256)(username, realm, passwordFor(username, keyId)),
    }));
    if (t === 'static') return ok({ user, keys });
    if (now.unixMs / 1000 >= Number(t)) return fail('expired');
    return ok({ user, expiresAtSec: Number(t), keys });
  }
}

export function passwordFor(username: string, keyId = 'k1'): string {
  return `${keyId}/${username}`;
}
