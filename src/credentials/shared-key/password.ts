import { createHmac } from 'node:crypto';
import { hmac } from '../../base/hmac.ts';
import { type Secret } from '../../base/secret.ts';
import { type SharedKeyProfile } from './profile.ts';

/**
 * p = base64(HMAC(Km, USERNAME)), or base64(HMAC(Km, USERNAME ":" realm)) for a realm-bound profile (TS 33.203 X.5.2).
 * The first is the "TURN REST API" form that coturn, eturnal and Kamailio compute.
 */
export function computePassword(km: Secret, profile: SharedKeyProfile, username: string, realm: string): string {
  const { hash, realmBound } = profile;
  const data = Buffer.from(realmBound ? `${username}:${realm}` : username);
  const key = km.reveal();
  // The hashes that are used in the field, in the way that costs least: each Allocate and each REGISTER computes a password.
  const digest =
    hash === 'sha1' || hash === 'sha256' ? hmac(hash, key, data) : createHmac(hash, key).update(data).digest();
  return digest.toString('base64');
}
