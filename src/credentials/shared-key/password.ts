import { createHmac } from 'node:crypto';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { type OwnText } from '../../base/own-text.ts';
import { type Secret } from '../../base/secret.ts';
import { type PasswordHash, type SharedKeyProfile } from './profile.ts';

/** p of a USERNAME in a realm. */
export type PasswordFunction = (username: string, realm: string) => OwnText;

/**
 * p = base64(HMAC(Km, USERNAME)), or base64(HMAC(Km, USERNAME ":" realm)) for a realm-bound profile (TS 33.203 X.5.2).
 * The first is the "TURN REST API" form that coturn, eturnal and Kamailio compute.
 */
export function createPasswordFunction(km: Secret, { hash, realmBound }: SharedKeyProfile): PasswordFunction {
  const digest = digestFunction(km, hash);
  return (username, realm) => digest(realmBound ? `${username}:${realm}` : username);
}

/** The hashes that are used in the field, in the way that costs least: each Allocate and each REGISTER computes a password. */
function digestFunction(km: Secret, hash: PasswordHash): (text: string) => OwnText {
  const key = km.reveal();
  if (hash !== 'sha1' && hash !== 'sha256') {
    return (text) => createHmac(hash, key).update(text).digest('base64') as OwnText;
  }
  const keyed = new KeyedHmac(key, hash);
  return (text) => keyed.digestText(text, 'base64');
}
