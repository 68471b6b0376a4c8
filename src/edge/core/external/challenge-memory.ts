import { hash } from 'node:crypto';
import { BoundedMap } from '../../../base/bounded-map.ts';
import { type OwnText, ownText } from '../../../base/own-text.ts';

const MAX_CALLS = 10_000;

/**
 * Which place of the core has challenged which Call-ID. A nonce is often known to the server that made it and to no other, so that the answer goes
 * there, whatever order DNS would have the places in this time. A client keeps the Call-ID of its registrations.
 */
export class ChallengeMemory {
  readonly #places = new BoundedMap<OwnText>(MAX_CALLS);

  note(callId: string, place: string): void {
    this.#places.set(keyOf(callId), ownText(place));
  }

  placeFor(callId: string): string | undefined {
    return this.#places.get(keyOf(callId));
  }
}

/** A client chooses how long its Call-ID is. */
function keyOf(callId: string): string {
  return hash('sha256', callId, 'base64url');
}
