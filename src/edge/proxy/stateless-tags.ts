import { randomBytes } from 'node:crypto';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';

const TAG_LENGTH = 16;

/**
 * RFC 3261 §8.2.7: a stateless refusal has the same To tag whenever its request comes. The tag is an HMAC over what an ACK repeats of its
 * INVITE, so the ACK of a refusal is known without any memory of it, and goes no further.
 */
export class StatelessTags {
  readonly #hmac = new KeyedHmac(randomBytes(32));

  /** Writes the tag into the To of `response`, unless the request was in a dialog and has one. */
  stamp(response: SipResponse, request: SipRequest, essentials: RequestEssentials): void {
    if (essentials.to.params.has('tag')) return;
    response.headers.set('To', `${request.headers.get('To') ?? ''};tag=${this.#tagOf(essentials)}`);
  }

  isAckOfRefusal(ack: RequestEssentials): boolean {
    const tag = ack.to.params.get('tag');
    // Most ACKs are of a 2xx, whose tag is the callee's.
    return tag?.length === TAG_LENGTH && tag === this.#tagOf(ack);
  }

  #tagOf({ callId, cseq, via }: RequestEssentials): string {
    const repeated = `${callId}\n${cseq.sequence}\n${via.params.get('branch') ?? ''}`;
    return this.#hmac.digestText(repeated).slice(0, TAG_LENGTH);
  }
}
