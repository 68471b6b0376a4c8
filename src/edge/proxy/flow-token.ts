import { createHmac, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../../core/secret.ts';
import { FLOW_ID_BYTES } from '../flow/upgrade-handler.ts';

const OWNER_BYTES = 9;
const MAC_BYTES = 15;
const TOKEN_FORM = /^[\w-]{44}$/;

/** A flow as a token names it. `owner` tells whether a user is the one that was on it, and nothing else. */
export interface FlowReference {
  readonly flowId: string;
  readonly owner: string;
}

/** `none`: not of a token's form. `forged`: of that form, but not made here. */
export type OpenedToken =
  { readonly kind: 'flow'; readonly flow: FlowReference } | { readonly kind: 'none' | 'forged' };

/**
 * Flow tokens of RFC 5626 §5.2 for Record-Route: the flow's random id under an HMAC, so that a request in a dialog finds its flow without
 * any state, and nobody can make one up to reach a flow that was never told to them. A keyed hash of the user on the flow goes with it:
 * when the flow is gone, its dialogs are continued with that user only, and yet an anonymous caller stays so.
 */
export class FlowTokens {
  readonly #key = randomBytes(32);

  /** `aor`: the user on the flow; `undefined` for a flow that is no user's. */
  issue(flowId: string, aor: string | undefined): string {
    const id = Buffer.from(flowId, 'base64url');
    const owner = aor === undefined ? Buffer.alloc(OWNER_BYTES) : this.#ownerOf(flowId, aor);
    return Buffer.concat([id, owner, this.#mac(id, owner)]).toString('base64url');
  }

  open(text: string | undefined): OpenedToken {
    if (text === undefined || !TOKEN_FORM.test(text)) return { kind: 'none' };
    const bytes = Buffer.from(text, 'base64url');
    const id = bytes.subarray(0, FLOW_ID_BYTES);
    const owner = bytes.subarray(FLOW_ID_BYTES, FLOW_ID_BYTES + OWNER_BYTES);
    const mac = bytes.subarray(FLOW_ID_BYTES + OWNER_BYTES);
    if (!constantTimeEqual(mac, this.#mac(id, owner))) return { kind: 'forged' };
    return { kind: 'flow', flow: { flowId: id.toString('base64url'), owner: owner.toString('base64url') } };
  }

  isOwnedBy({ flowId, owner }: FlowReference, aor: string): boolean {
    return this.#ownerOf(flowId, aor).toString('base64url') === owner;
  }

  #mac(id: Uint8Array, owner: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update('flow').update(id).update(owner).digest().subarray(0, MAC_BYTES);
  }

  #ownerOf(flowId: string, aor: string): Buffer {
    return createHmac('sha256', this.#key).update(`user ${flowId} ${aor}`).digest().subarray(0, OWNER_BYTES);
  }
}
