import { hash, randomBytes } from 'node:crypto';
import { constantTimeEqualText } from '../../base/secret.ts';

/** 18 bytes in base64url: of a longer hash, so that nobody can go on hashing from what is shown. */
const MAC_LENGTH = 24;
const NONCE_FORM = /^(\d{1,15})-(\d{1,15})-[\w-]{24}$/;

/** A nonce as it was given to a flow. */
export interface IssuedNonce {
  readonly text: string;
  /** Which nonce of its flow it is, from 1. */
  readonly serial: number;
  /** Monotonic milliseconds. */
  readonly issuedAtMs: number;
}

/**
 * Digest nonces that need no table: time of issue and a number, with a hash of both, of the flow they were given to, and of a secret (RFC 7616 §3.3). No two
 * are equal, as no two of a flow have the same number.
 */
export class NonceMint {
  readonly #secret = randomBytes(32).toString('base64url');

  issue(flowId: string, serial: number, nowMs: number): IssuedNonce {
    const issuedAtMs = Math.floor(nowMs);
    const head = `${issuedAtMs}-${serial}-`;
    return { text: head + this.#mac(head, flowId), serial, issuedAtMs };
  }

  /** A nonce as it was issued; `undefined` for one that was not made here, or was made for another flow. */
  read(text: string, flowId: string): IssuedNonce | undefined {
    const [, issuedAtMs, serial] = NONCE_FORM.exec(text) ?? [];
    const macAt = text.length - MAC_LENGTH;
    if (serial === undefined) return undefined;
    const isOwn = constantTimeEqualText(text.slice(macAt), this.#mac(text.slice(0, macAt), flowId));
    return isOwn ? { text, serial: Number(serial), issuedAtMs: Number(issuedAtMs) } : undefined;
  }

  #mac(head: string, flowId: string): string {
    return hash('sha256', `${head}${flowId}:${this.#secret}`, 'base64url').slice(0, MAC_LENGTH);
  }
}
