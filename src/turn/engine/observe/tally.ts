import { STUN_DECODE_ERRORS } from '../../../stun/message.ts';

/** Why the engine drops a message without an answer. */
export const DROP_REASONS = [
  ...STUN_DECODE_ERRORS,
  'bad-fingerprint',
  /** An indication with more attributes than are read. A request with as many is answered 400. */
  'too-many-attributes',
  'unknown-method',
  'unexpected-class',
  'unknown-channel',
  'unknown-attribute',
  'incomplete-indication',
  'no-allocation',
  'no-permission',
  'family-mismatch',
  /** A Send indication on an allocation that relays TCP. */
  'wrong-relay-protocol',
  /** A peer that has a connection with this TCP relay already. */
  'connection-exists',
  'connection-limit',
  'peer-denied',
  'oversized',
  /** An ICMP error that is not the client's to know. */
  'other-icmp',
  'stopped',
  /** Too many requests of a source that has proved nothing (`AnswerLimit`). */
  'answer-limit',
  /** A retransmission of a request that waits for a verifier. */
  'retransmission',
  'engine-error',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Counts of one engine since it was made. */
export class Tally {
  readonly #drops = new Map<DropReason, number>();
  allocationsCreated = 0;
  allocationsEnded = 0;
  requestsGranted = 0;
  requestsRefused = 0;
  authenticationsRefused = 0;

  drop(reason: DropReason): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  drops(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#drops);
  }
}
