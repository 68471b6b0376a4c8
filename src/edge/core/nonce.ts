import { randomBytes } from 'node:crypto';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { createRandomPool } from '../../base/random-pool.ts';
import { constantTimeEqual } from '../../base/secret.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 6;
/** Length of the time and the random bytes in base64url. 18 bytes of the MAC follow. */
const HEAD_LENGTH = 16;
const MAC_LENGTH = 24;
const NONCE_FORM = /^[\w-]{40}$/;

export type NonceCheck =
  | { readonly kind: 'fresh' | 'expired'; readonly issuedAtMs: number }
  /** The nonce was not made here, or was made for another flow. */
  | { readonly kind: 'foreign' };

/** Digest nonces that need no table: time of issue under an HMAC that also binds the flow it was given to (RFC 7616 §3.3). */
export class NonceMint {
  readonly #hmac = new KeyedHmac(randomBytes(32));
  readonly #random = createRandomPool();
  readonly #lifetimeMs: number;

  constructor(lifetimeSec: number) {
    this.#lifetimeMs = lifetimeSec * 1000;
  }

  issue(flowId: string, nowMs: number): string {
    const bytes = Buffer.allocUnsafe(TIME_BYTES + RANDOM_BYTES);
    bytes.writeUIntBE(Math.floor(nowMs), 0, TIME_BYTES);
    bytes.set(this.#random(RANDOM_BYTES), TIME_BYTES);
    const head = bytes.toString('base64url');
    return head + this.#mac(head, flowId);
  }

  check(nonce: string, flowId: string, nowMs: number): NonceCheck {
    if (!NONCE_FORM.test(nonce)) return { kind: 'foreign' };
    const head = nonce.slice(0, HEAD_LENGTH);
    const isOwn = constantTimeEqual(Buffer.from(nonce.slice(HEAD_LENGTH)), Buffer.from(this.#mac(head, flowId)));
    if (!isOwn) return { kind: 'foreign' };
    const issuedAtMs = Buffer.from(head, 'base64url').readUIntBE(0, TIME_BYTES);
    return { kind: nowMs - issuedAtMs < this.#lifetimeMs ? 'fresh' : 'expired', issuedAtMs };
  }

  #mac(head: string, flowId: string): string {
    return this.#hmac.digestText(head + flowId).slice(0, MAC_LENGTH);
  }
}
