import { createHmac, hkdfSync } from 'node:crypto';
import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { type AccessTokenCredential, type AccessTokenIssuer, type IssueRequest } from '../credential.ts';
import { ttlFor, type CredentialTtl } from '../credential-ttl.ts';
import { encodeAccessToken } from './token-codec.ts';
import { createHolder, describeHolder, sealHolder } from './token-holder.ts';
import { type AccessTokenKey } from './token-keys.ts';

export interface AccessTokenIssuerOptions {
  /** The newest: what a TURN server must know before a token of it comes. */
  readonly key: AccessTokenKey;
  /** The name of the TURN servers that the tokens are for, as their THIRD-PARTY-AUTHORIZATION tells it. */
  readonly serverName: string;
  readonly ttl: CredentialTtl;
  /** By which all edges make the same pseudonym of a person. */
  readonly pseudonymKey: Secret;
  /** Registrations remembered at most; past it the longest-known is forgotten and gets a new u next time. */
  readonly maxRegistrations: number;
}

/** An issuer of access tokens that needs to ask nobody. */
export interface LocalAccessTokenIssuer extends AccessTokenIssuer {
  issue(request: IssueRequest, now: Now): Result<AccessTokenCredential, IssueFailure>;
}

/** The authorization server's part of TS 33.203 X.5.3: every token has a session key of its own. */
export function createAccessTokenIssuer(options: AccessTokenIssuerOptions): LocalAccessTokenIssuer {
  const { key, serverName, ttl, pseudonymKey, maxRegistrations } = options;
  const personKey = Buffer.from(hkdfSync('sha256', pseudonymKey.reveal(), '', 'epcscf-turn token person', 32));
  const holders = new BoundedMap<Buffer>(maxRegistrations);

  function holderOf({ registrationId, person }: IssueRequest): Buffer {
    const known = holders.get(registrationId);
    if (known) return known;
    const fresh = createHolder(createHmac('sha256', personKey).update(person).digest());
    holders.set(registrationId, fresh);
    return fresh;
  }

  return {
    issue(request, now) {
      const issuedAtSec = Math.floor(now.unixMs / 1000);
      const lifetimeSec = ttlFor(ttl, request, issuedAtSec);
      if (lifetimeSec <= 0) return fail('denied');
      const holder = holderOf(request);
      const { macKey, nonce } = sealHolder(holder, key);
      return ok({
        kid: key.kid,
        key: new Secret(macKey.toString('base64')),
        token: encodeAccessToken({ nonce, macKey, issuedAtSec, lifetimeSec }, key, serverName),
        expiresAtSec: issuedAtSec + lifetimeSec,
        user: describeHolder(holder).user,
      });
    },
    release(registrationId) {
      holders.delete(registrationId);
    },
  };
}
