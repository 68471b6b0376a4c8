import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '[secret]';

/** Bytes that must not reach a log, a snapshot or an error text: every way of printing one yields `[secret]`. */
export class Secret {
  readonly #bytes: Buffer;

  constructor(value: string | Uint8Array) {
    // In memory of its own: a piece of Node's pool would keep 8 KB for as long as the secret.
    this.#bytes = Buffer.allocUnsafeSlow(typeof value === 'string' ? Buffer.byteLength(value) : value.length);
    if (typeof value === 'string') this.#bytes.write(value);
    else this.#bytes.set(value);
  }

  /** The bytes themselves. A call to this is where a reviewer looks. */
  reveal(): Buffer {
    return this.#bytes;
  }

  /** The secret as UTF-8 text. */
  revealText(): string {
    return this.#bytes.toString('utf8');
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  equals(other: Secret): boolean {
    return constantTimeEqual(this.#bytes, other.#bytes);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Compares in a time that depends on the lengths only; different lengths are unequal. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The same for texts, without buffers: they are short, and each of their characters is looked at. */
export function constantTimeEqualText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
