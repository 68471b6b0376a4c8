import { createHmac, hkdfSync } from 'node:crypto';
import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { type AccessTokenCredential, type AccessTokenIssuer, type IssueRequest } from '../credential.ts';
import { ttlFor, type CredentialTtl } from '../credential-ttl.ts';
import { type Revocation } from '../revocation/revocation.ts';
import { encodeAccessToken } from './token-codec.ts';
import { createHolder, describeHolder, sealHolder } from './token-holder.ts';
import { type AccessTokenKey } from './token-keys.ts';

interface Remembered {
  readonly holder: Buffer;
  /** UNIX seconds: the latest end of its tokens. */
  endSec: number;
}

export interface AccessTokenIssuerOptions {
  /** The newest: what a TURN server must know before a token of it comes. */
  readonly key: AccessTokenKey;
  /** The name of the TURN servers that the tokens are for, as their THIRD-PARTY-AUTHORIZATION tells it. */
  readonly serverName: string;
  readonly ttl: CredentialTtl;
  /** By which all edges make the same pseudonym of a person. */
  readonly pseudonymKey: Secret;
  /** Registrations remembered at most; past it the longest-known is forgotten: it gets a new u next time, and the old one cannot be revoked. */
  readonly maxRegistrations: number;
  /** Denies the u of a registration that has ended, until its last token ends. Absent: none is denied. */
  readonly revoke?: ((entry: Revocation) => void) | undefined;
}

/** An issuer of access tokens that needs to ask nobody. */
export interface LocalAccessTokenIssuer extends AccessTokenIssuer {
  issue(request: IssueRequest, now: Now): Result<AccessTokenCredential, IssueFailure>;
}

/** The authorization server's part of TS 33.203 X.5.3: every token has a session key of its own. */
export function createAccessTokenIssuer(options: AccessTokenIssuerOptions): LocalAccessTokenIssuer {
  const { key, serverName, ttl, pseudonymKey, maxRegistrations, revoke } = options;
  const personKey = Buffer.from(hkdfSync('sha256', pseudonymKey.reveal(), '', 'epcscf-turn token person', 32));
  const registrations = new BoundedMap<Remembered>(maxRegistrations);

  function remember({ registrationId, person }: IssueRequest): Remembered {
    const known = registrations.get(registrationId);
    if (known) return known;
    const holder = createHolder(createHmac('sha256', personKey).update(person).digest());
    const fresh: Remembered = { holder, endSec: 0 };
    registrations.set(registrationId, fresh);
    return fresh;
  }

  return {
    issue(request, now) {
      const issuedAtSec = Math.floor(now.unixMs / 1000);
      const lifetimeSec = ttlFor(ttl, request, issuedAtSec);
      if (lifetimeSec <= 0) return fail('denied');
      const registration = remember(request);
      const { holder } = registration;
      const expiresAtSec = issuedAtSec + lifetimeSec;
      registration.endSec = Math.max(registration.endSec, expiresAtSec);
      const { macKey, nonce } = sealHolder(holder, key);
      return ok({
        kid: key.kid,
        key: new Secret(macKey.toString('base64')),
        token: encodeAccessToken({ nonce, macKey, issuedAtSec, lifetimeSec }, key, serverName),
        expiresAtSec,
        user: describeHolder(holder).user,
      });
    },
    release(registrationId, how) {
      const registration = registrations.get(registrationId);
      registrations.delete(registrationId);
      if (!registration || how !== 'revoke') return;
      revoke?.({ user: describeHolder(registration.holder).user, untilSec: registration.endSec });
    },
  };
}
