import { createRandomTexts } from '../base/random-pool.ts';

/** RFC 3261 §8.1.1.7: a branch that begins with this is unique across space and time. */
export const BRANCH_MAGIC_COOKIE = 'z9hG4bK';

const randomText = createRandomTexts();

/** A tag for From or To (RFC 3261 §19.3): 72 random bits unless bytes are given. */
export function newTag(random?: Uint8Array): string {
  return random ? Buffer.from(random).toString('base64url') : randomText(9);
}

/** A Via branch: 120 random bits unless bytes are given. */
export function newBranch(random?: Uint8Array): string {
  return `${BRANCH_MAGIC_COOKIE}${random ? Buffer.from(random).toString('base64url') : randomText(15)}`;
}
