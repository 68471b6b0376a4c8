import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { type OwnText, ownText } from './own-text.ts';

const MASK = '[secret]';

/** Bytes that must not reach a log, a snapshot or an error text: every way of printing one yields `[secret]`. */
export class Secret {
  /** Text until the bytes are asked for: most passwords that are handed out are only ever written into a message. */
  #value: OwnText | Buffer;

  constructor(value: string | Uint8Array) {
    this.#value = typeof value === 'string' ? ownText(value) : ownBytes(value);
  }

  /** The same without a copy. */
  static ofOwnText(text: OwnText): Secret {
    const secret = new Secret('');
    secret.#value = text;
    return secret;
  }

  /** The bytes themselves. A call to this is where a reviewer looks. */
  reveal(): Buffer {
    if (typeof this.#value === 'string') this.#value = ownBytes(Buffer.from(this.#value));
    return this.#value;
  }

  /** The secret as UTF-8 text. */
  revealText(): string {
    return typeof this.#value === 'string' ? this.#value : this.#value.toString('utf8');
  }

  get byteLength(): number {
    return this.reveal().length;
  }

  equals(other: Secret): boolean {
    return constantTimeEqual(this.reveal(), other.reveal());
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

/** A copy in memory of its own: a piece of Node's pool would keep 8 KB for as long as the secret. */
function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
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
