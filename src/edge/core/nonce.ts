import { createHmac, randomBytes } from 'node:crypto';
import { createRandomPool } from '../../base/random-pool.ts';
import { constantTimeEqual } from '../../base/secret.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 6;
const HEAD_BYTES = TIME_BYTES + RANDOM_BYTES;
const MAC_BYTES = 18;
const NONCE_FORM = /^[\w-]{40}$/;

export type NonceCheck =
  | { readonly kind: 'fresh' | 'expired'; readonly issuedAtMs: number }
  /** The nonce was not made here, or was made for another flow. */
  | { readonly kind: 'foreign' };

/** Digest nonces that need no table: time of issue under an HMAC that also binds the flow it was given to (RFC 7616 §3.3). */
export class NonceMint {
  readonly #key = randomBytes(32);
  readonly #random = createRandomPool();
  readonly #lifetimeMs: number;

  constructor(lifetimeSec: number) {
    this.#lifetimeMs = lifetimeSec * 1000;
  }

  issue(flowId: string, nowMs: number): string {
    const head = Buffer.concat([Buffer.alloc(TIME_BYTES), this.#random(RANDOM_BYTES)]);
    head.writeUIntBE(Math.floor(nowMs), 0, TIME_BYTES);
    return Buffer.concat([head, this.#mac(head, flowId)]).toString('base64url');
  }

  check(nonce: string, flowId: string, nowMs: number): NonceCheck {
    if (!NONCE_FORM.test(nonce)) return { kind: 'foreign' };
    const bytes = Buffer.from(nonce, 'base64url');
    const head = bytes.subarray(0, HEAD_BYTES);
    if (!constantTimeEqual(bytes.subarray(HEAD_BYTES), this.#mac(head, flowId))) return { kind: 'foreign' };
    const issuedAtMs = head.readUIntBE(0, TIME_BYTES);
    return { kind: nowMs - issuedAtMs < this.#lifetimeMs ? 'fresh' : 'expired', issuedAtMs };
  }

  #mac(head: Uint8Array, flowId: string): Buffer {
    return createHmac('sha256', this.#key).update(head).update(flowId).digest().subarray(0, MAC_BYTES);
  }
}
