import { boundedKey } from '../../base/bounded-key.ts';
import { type OwnText, ownText } from '../../base/own-text.ts';
import { SetMap } from '../../base/set-map.ts';
import { type SipRequest } from '../../sip/message.ts';
import { type Hop } from '../hop.ts';

/** How many calls of one WIC are remembered. Beyond it the oldest is forgotten. */
const CALLS_PER_HOP = 16;

/**
 * Which WICs are in a call, read from the final answers to INVITE and BYE as they pass. The proxy needs no dialogs; this only tells whom to
 * send away last, so a call whose BYE took another way costs its WIC nothing but the place in that order.
 */
export class LiveCalls {
  readonly #byHop = new SetMap<string, string>();

  isInCall(hop: Hop): boolean {
    return this.#byHop.has(hop.id);
  }

  /** Notes a final answer to INVITE or BYE. `hop`: the sender of the request, or its receiver. */
  noteAnswer(request: SipRequest, status: number, hop: Hop): void {
    if (hop.kind !== 'wic' || status < 200) return;
    if (request.method === 'INVITE' && status < 300) this.#begin(hop, ownText(keyOf(request)));
    else if (request.method === 'BYE') this.#byHop.delete(hop.id, keyOf(request));
  }

  forget(hop: Hop): void {
    this.#byHop.deleteAll(hop.id);
  }

  #begin(hop: Hop, callId: OwnText): void {
    this.#byHop.add(hop.id, callId);
    const calls = this.#byHop.get(hop.id);
    if (calls.size <= CALLS_PER_HOP) return;
    const [oldest] = calls;
    if (oldest !== undefined) this.#byHop.delete(hop.id, oldest);
  }
}

function keyOf({ headers }: SipRequest): string {
  return boundedKey(headers.get('Call-ID') ?? '');
}
