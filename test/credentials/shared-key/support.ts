import { type Now } from '../../../src/base/clock.ts';
import { Secret } from '../../../src/base/secret.ts';
import { createKeyRing, type KeyRing } from '../../../src/credentials/shared-key/key-ring.ts';
import { type SharedKeyProfile } from '../../../src/credentials/shared-key/profile.ts';

export const coturnProfile: SharedKeyProfile = { order: 't:u', separator: ':', hash: 'sha1', realmBound: false };

export function ring(...secrets: string[]): KeyRing {
  return createKeyRing(secrets.map((secret) => ({ id: `id-${secret}`, secret: new Secret(secret) })));
}

export function at(unixSec: number): Now {
  return { monotonicMs: 0, unixMs: unixSec * 1000 };
}
