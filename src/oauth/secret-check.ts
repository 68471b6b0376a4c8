import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Secret } from '../base/secret.ts';

/** Longest secret or password, in characters. */
const MAX_CHARACTERS = 256;

/** Compares secrets in a time that tells nothing of them, not even how long one is, or that there is none. */
export class SecretCheck {
  readonly #key = randomBytes(32);

  isSame(known: Secret | undefined, shown: string): boolean {
    if (shown.length > MAX_CHARACTERS) return false;
    const isEqual = timingSafeEqual(this.#mac(known?.reveal() ?? this.#key), this.#mac(Buffer.from(shown)));
    return isEqual && known !== undefined;
  }

  #mac(bytes: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(bytes).digest();
  }
}
