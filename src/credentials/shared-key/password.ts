import { createHmac } from 'node:crypto';
import { type Secret } from '../../base/secret.ts';
import { type SharedKeyProfile } from './profile.ts';

/**
 * p = base64(HMAC(Km, USERNAME)), or base64(HMAC(Km, USERNAME ":" realm)) for a realm-bound profile (TS 33.203 X.5.2).
 * The first is the "TURN REST API" form that coturn, eturnal and Kamailio compute.
 */
export function computePassword(km: Secret, profile: SharedKeyProfile, username: string, realm: string): string {
  const hmac = createHmac(profile.hash, km.reveal()).update(username, 'utf8');
  if (profile.realmBound) hmac.update(`:${realm}`, 'utf8');
  return hmac.digest('base64');
}
