import { hash } from 'node:crypto';
import { BoundedMap } from '../../../base/bounded-map.ts';
import { type OwnText, ownText } from '../../../base/own-text.ts';

const MAX_CALLS = 10_000;

/**
 * Which destination of the core has challenged which Call-ID. A nonce is often known to the server that made it and to no other, so that the answer goes
 * there, whatever order DNS would have the destinations in this time. A client keeps the Call-ID of its registrations.
 */
export class ChallengeMemory {
  readonly #destinations = new BoundedMap<OwnText>(MAX_CALLS);

  note(callId: string, destination: string): void {
    this.#destinations.set(keyOf(callId), ownText(destination));
  }

  placeFor(callId: string): string | undefined {
    return this.#destinations.get(keyOf(callId));
  }
}

/** A key of bounded length: a client chooses how long its Call-ID is. */
function keyOf(callId: string): string {
  return hash('sha256', callId, 'base64url');
}
