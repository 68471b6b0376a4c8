import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { fail, ok } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { isReusable, ttlFor, type CredentialTtl, type IssuePolicy } from '../credential-ttl.ts';
import { type LocalIssuer, type IssueRequest, type TurnCredential } from '../credential.ts';
import { type Revocation } from '../revocation/revocation.ts';
import { type KeyRing } from './key-ring.ts';
import { createPasswordFunction } from './password.ts';
import { formatUsername, type SharedKeyProfile } from './profile.ts';
import { type Pseudonyms } from './pseudonym.ts';

export interface SharedKeyIssuerOptions {
  readonly keyRing: KeyRing;
  readonly profile: SharedKeyProfile;
  readonly pseudonyms: Pseudonyms;
  /** The TURN realm; part of the password of a realm-bound profile. */
  readonly realm: string;
  readonly policy: IssuePolicy;
  readonly ttl: CredentialTtl;
  /** Registrations remembered at most; past it the longest-known is forgotten: it gets a new u next time, and the old one cannot be revoked. */
  readonly maxRegistrations: number;
  /** Denies the name of a registration that has ended, until the last t that was made for it. Absent: none is denied. */
  readonly revoke?: ((entry: Revocation) => void) | undefined;
}

interface Remembered {
  readonly name: string;
  /** UNIX seconds: the latest end of what was made for the name. */
  endSec: number;
  last?: { readonly credential: TurnCredential; readonly ttlSec: number };
}

/** Approach 1 of TS 33.203 X.5.2 (figure 6.3.3-1), step 7: u, t and p = HASH(u + t, Km). */
export function createSharedKeyIssuer(options: SharedKeyIssuerOptions): LocalIssuer {
  const { keyRing, profile, pseudonyms, realm, policy, ttl, maxRegistrations, revoke } = options;
  const registrations = new BoundedMap<Remembered>(maxRegistrations);
  const passwordOf = createPasswordFunction(keyRing.newest.secret, profile);

  function remember({ registrationId, person }: IssueRequest): Remembered {
    const known = registrations.get(registrationId);
    if (known) return known;
    const fresh: Remembered = { name: pseudonyms.create(registrationId, person), endSec: 0 };
    registrations.set(registrationId, fresh);
    return fresh;
  }

  function mint(name: string, ttlSec: number, nowSec: number): TurnCredential {
    const expiresAtSec = nowSec + ttlSec;
    const username = formatUsername(profile, { name, expiresAtSec });
    const password = Secret.ofOwnText(passwordOf(username, realm));
    return profile.realmBound
      ? { name, username, password, expiresAtSec, realm }
      : { name, username, password, expiresAtSec };
  }

  return {
    issue(request: IssueRequest, now: Now) {
      const nowSec = Math.floor(now.unixMs / 1000);
      const ttlSec = ttlFor(ttl, request, nowSec);
      if (ttlSec <= 0) return fail('denied');
      const registration = remember(request);
      const { last } = registration;
      if (policy === 'reuse' && last?.ttlSec === ttlSec && isReusable(last.credential, ttlSec, nowSec)) {
        return ok(last.credential);
      }
      const credential = mint(registration.name, ttlSec, nowSec);
      registration.last = { credential, ttlSec };
      registration.endSec = Math.max(registration.endSec, credential.expiresAtSec);
      return ok(credential);
    },
    release(registrationId, how) {
      const registration = registrations.get(registrationId);
      registrations.delete(registrationId);
      if (registration && how === 'revoke') revoke?.({ user: registration.name, untilSec: registration.endSec });
    },
  };
}
