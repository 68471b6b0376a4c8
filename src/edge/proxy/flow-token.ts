import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes } from 'node:crypto';
import { createRandomPool } from '../../core/random-pool.ts';
import { constantTimeEqual } from '../../core/secret.ts';
import { FLOW_ID_BYTES } from '../flow/upgrade-handler.ts';
import { identityKey } from '../registration/identity.ts';

const MAC_BYTES = 16;
const NODE_BYTES = 4;
const HANDLE_BYTES = 12;
const SALT_BYTES = 7;
/** Of the salt, in the tokens of a dialog; the rest is for its local URI. */
const DIALOG_BYTES = 4;
const TOKEN_FORM = /^[\w-]{64}$/;
const NOBODY = Buffer.alloc(HANDLE_BYTES);

const salt = createRandomPool();

/** What a token leads to. */
export interface FlowReference {
  /** `undefined` for a flow of another node, or of this one before it was started again. */
  readonly flowId: string | undefined;
  /** `handleOf` the registration on the flow; `undefined` when there was none. */
  readonly handle: string | undefined;
  /** `FlowTokens.dialogOf` its Call-ID, in the Record-Route of a dialog; in Path it is anything. */
  readonly dialog: string;
  /** `FlowTokens.localOf` its Call-ID and the URI that this side goes by in it; in Path it is anything. */
  readonly local: string;
}

/** The dialog that a Record-Route is for, as one side sees it. */
export interface TokenDialog {
  readonly callId: string;
  /** The side's local URI (RFC 3261 §12.1): From of the caller, To of the callee, whoever that is reached as. */
  readonly localUri: string;
}

/** `none`: not of a token's form. `forged`: of that form, but made with no key of ours. */
export type OpenedToken =
  { readonly kind: 'flow'; readonly flow: FlowReference } | { readonly kind: 'none' | 'forged' };

/**
 * Flow tokens of RFC 5626 §5.2, for Record-Route and Path: node, random id of the flow and a keyed hash of the registration on it, so that
 * a request finds its flow without any state, and finds the device when its connection has been replaced. An HMAC over all of it keeps
 * tokens from being made up; it is also the initial vector that the rest is encrypted with, and a salt is part of it, so that two tokens
 * have nothing in common: whoever is called anonymously twice cannot tell that it was the same device. In Record-Route a keyed hash of the
 * Call-ID is a part of that salt, so that no client can show the token of its Path, or of another call, for one of this dialog; one of the local
 * URI is the other part, so that no client can take another name in midst of a dialog.
 */
export class FlowTokens {
  readonly #macKey: Buffer;
  readonly #cipherKey: Buffer;
  readonly #handleKey: Buffer;
  readonly #dialogKey: Buffer;
  readonly #node: Buffer;

  /**
   * `key`: 32 bytes, the same on all nodes that stand in for each other and for as long as a core keeps a Path; random unless given.
   * `nodeId` tells them apart; random unless given, so that a node knows its tokens of before a restart from those of now.
   */
  constructor(key: Uint8Array = randomBytes(32), nodeId: string = randomBytes(9).toString('base64url')) {
    const derive = (use: string): Buffer => createHmac('sha256', key).update(use).digest();
    this.#macKey = derive('flow token mac');
    this.#cipherKey = derive('flow token cipher');
    this.#handleKey = derive('flow token handle');
    this.#dialogKey = derive('flow token dialog');
    this.#node = derive(`flow token node ${nodeId}`).subarray(0, NODE_BYTES);
  }

  /**
   * 64 characters that may stand in the user part of a URI. `registrationId`: absent for a flow that carries no registration. `dialog`: absent
   * for Path.
   */
  issue(flowId: string, registrationId: string | undefined, dialog?: TokenDialog): string {
    const flow = Buffer.from(flowId, 'base64url');
    const handle = registrationId === undefined ? NOBODY : this.#handle(registrationId);
    const bound = dialog ? this.#bind(dialog) : [salt(SALT_BYTES)];
    const body = Buffer.concat([this.#node, flow, handle, ...bound]);
    const mac = this.#mac(body);
    return Buffer.concat([mac, createCipheriv('aes-256-ctr', this.#cipherKey, mac).update(body)]).toString('base64url');
  }

  open(text: string | undefined): OpenedToken {
    if (text === undefined || !TOKEN_FORM.test(text)) return { kind: 'none' };
    const bytes = Buffer.from(text, 'base64url');
    const mac = bytes.subarray(0, MAC_BYTES);
    const body = createDecipheriv('aes-256-ctr', this.#cipherKey, mac).update(bytes.subarray(MAC_BYTES));
    if (!constantTimeEqual(mac, this.#mac(body))) return { kind: 'forged' };
    const flowEnd = NODE_BYTES + FLOW_ID_BYTES;
    const isHere = this.#node.equals(body.subarray(0, NODE_BYTES));
    const handleEnd = flowEnd + HANDLE_BYTES;
    const handle = body.subarray(flowEnd, handleEnd);
    return {
      kind: 'flow',
      flow: {
        flowId: isHere ? body.subarray(NODE_BYTES, flowEnd).toString('base64url') : undefined,
        handle: handle.equals(NOBODY) ? undefined : handle.toString('base64url'),
        dialog: body.subarray(handleEnd, handleEnd + DIALOG_BYTES).toString('base64url'),
        local: body.subarray(handleEnd + DIALOG_BYTES).toString('base64url'),
      },
    };
  }

  /** What tokens call a registration by: says nothing of it to those without the key. */
  handleOf(registrationId: string): string {
    return this.#handle(registrationId).toString('base64url');
  }

  /** What the tokens of a dialog say of its Call-ID. */
  dialogOf(callId: string): string {
    return this.#dialog(callId).subarray(0, DIALOG_BYTES).toString('base64url');
  }

  /** What the tokens of a dialog say of the URI that their side goes by. */
  localOf(dialog: TokenDialog): string {
    const [, local] = this.#bind(dialog);
    return local.toString('base64url');
  }

  #bind({ callId, localUri }: TokenDialog): [Buffer, Buffer] {
    const dialog = this.#dialog(callId);
    const local = hash('sha256', `${dialog.toString('base64url')}\n${identityKey(localUri)}`, 'buffer');
    return [dialog.subarray(0, DIALOG_BYTES), local.subarray(0, SALT_BYTES - DIALOG_BYTES)];
  }

  #dialog(callId: string): Buffer {
    return createHmac('sha256', this.#dialogKey).update(callId).digest();
  }

  #mac(body: Uint8Array): Buffer {
    return createHmac('sha256', this.#macKey).update(body).digest().subarray(0, MAC_BYTES);
  }

  #handle(registrationId: string): Buffer {
    return createHmac('sha256', this.#handleKey).update(registrationId).digest().subarray(0, HANDLE_BYTES);
  }
}
