import { createHmac, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../../core/secret.ts';
import { FLOW_ID_BYTES } from '../flow/upgrade-handler.ts';

const MAC_BYTES = 15;
const TOKEN_FORM = /^[\w-]{32}$/;

/** `none`: not of a token's form. `forged`: of that form, but not made here. */
export type OpenedToken = { readonly kind: 'flow'; readonly flowId: string } | { readonly kind: 'none' | 'forged' };

/**
 * Flow tokens of RFC 5626 §5.2 for Record-Route: the flow's random id under an HMAC, so that a request in a dialog finds its flow without
 * any state, and nobody can make one up to reach a flow that was never told to them.
 */
export class FlowTokens {
  readonly #key = randomBytes(32);

  issue(flowId: string): string {
    const id = Buffer.from(flowId, 'base64url');
    return Buffer.concat([id, this.#mac(id)]).toString('base64url');
  }

  open(text: string | undefined): OpenedToken {
    if (text === undefined || !TOKEN_FORM.test(text)) return { kind: 'none' };
    const bytes = Buffer.from(text, 'base64url');
    const id = bytes.subarray(0, FLOW_ID_BYTES);
    if (!constantTimeEqual(bytes.subarray(FLOW_ID_BYTES), this.#mac(id))) return { kind: 'forged' };
    return { kind: 'flow', flowId: id.toString('base64url') };
  }

  #mac(id: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(id).digest().subarray(0, MAC_BYTES);
  }
}
