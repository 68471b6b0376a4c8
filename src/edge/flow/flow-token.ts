import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { hmac } from '../../base/hmac.ts';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import { TextMemo } from '../../base/text-memo.ts';
import { identityKey } from '../registration/identity.ts';
import { FLOW_ID_BYTES } from './flow-id.ts';

const MAC_BYTES = 16;
const NODE_BYTES = 4;
const HANDLE_BYTES = 12;
const SALT_BYTES = 7;
/** In the tokens of a dialog, so many bytes of the salt stand for the Call-ID. The rest of the salt stands for caller and callee. */
const CALL_BYTES = 2;
/** In the last byte of the salt. */
const UAS_BIT = 1;
const BODY_BYTES = NODE_BYTES + FLOW_ID_BYTES + HANDLE_BYTES + SALT_BYTES;
/** A core's charging identity that is longer is not kept; those of known cores have 40 characters or fewer. */
const MAX_ICID_BYTES = 129;
/** 64 characters, and four for each three bytes of a charging identity. */
const TOKEN_FORM = /^(?:[\w-]{4}){16,59}$/;
/** Characters of a token that are of its HMAC alone. */
const ID_LENGTH = 21;
const MEMO_CAPACITY = 4096;
const NO_TOKEN: OpenedToken = { kind: 'none' };
const NOBODY = Buffer.alloc(HANDLE_BYTES);
const NO_DIALOG = Buffer.alloc(SALT_BYTES);
const NO_ICID = Buffer.alloc(0);
/** Length of a charging identity that the edge makes. */
const ICID_BYTES = 16;

/** What a dialog begins with (RFC 3261 §12.1). The tag of To is not known yet, and another one in each fork. */
export interface DialogOrigin {
  readonly callId: string;
  /** The URI in From, which for whoever was called anonymously, or under another name, is whatever stands there; so that in To. */
  readonly fromUri: string;
  readonly fromTag: string;
  readonly toUri: string;
}

/** One of the two sides of a dialog: who has sent the request that it began with, or who was reached by that. */
export type DialogRole = 'uac' | 'uas';

export interface DialogSide {
  readonly role: DialogRole;
  /** `FlowTokens.callOf` its Call-ID. */
  readonly call: string;
  /** `FlowTokens.partiesOf` its origin: the same in the tokens of both sides. */
  readonly parties: string;
}

/** What a token leads to. */
export interface FlowReference {
  /** `tokenId` of it. */
  readonly id: string;
  /** `undefined` for a flow of another node, or of this one before it was started again. */
  readonly flowId: string | undefined;
  /** `handleOf` the registration on the flow; `undefined` when there was none. */
  readonly handle: string | undefined;
  /** The side of the dialog that a Record-Route is for; `undefined` in Path. */
  readonly dialog: DialogSide | undefined;
  /** What the core charges the dialog under, if it has begun it and said so. */
  readonly icid: string | undefined;
}

/** The dialog that a Record-Route is for. */
export interface TokenDialog {
  readonly role: DialogRole;
  /** The beginning of the dialog as this side has written it or sees it. A core may rewrite names on the way, so the other side may see another. */
  readonly origin: DialogOrigin;
  /** `icid-value` that the core has given it (RFC 7315 §4.6); told to nobody who cannot open the token. */
  readonly icid?: string | undefined;
}

/** `none`: not of a token's form. `forged`: of that form, but made with no key of ours. */
export type OpenedToken =
  { readonly kind: 'flow'; readonly flow: FlowReference } | { readonly kind: 'none' | 'forged' };

/**
 * Flow tokens of RFC 5626 §5.2, for Record-Route and Path: node, random id of the flow and a keyed hash of the registration on it, so that
 * a request finds its flow without any state, and finds the device when its connection has been replaced. An HMAC over all of it keeps
 * tokens from being made up; it is also the initial vector that the rest is encrypted with. In Record-Route a keyed hash of the Call-ID is part of it, so
 * that no client can show the token of its Path, or of another call, for one of this dialog, and that the tokens of two calls, or of a call and a Path,
 * have nothing in common: whoever is called anonymously twice cannot tell that it was the same device. One of both names and the role of the side are
 * the other part, so that no client can take another name in midst of a dialog, or join its side of one dialog to the other side of another. The Path of
 * a registration is the same at each refresh over its flow, as TS 24.229 §5.2.2.1 has it: cores tell bindings, and subscribers to them, apart by it.
 */
export class FlowTokens {
  readonly #macs: KeyedHmac;
  readonly #cipherKey: Buffer;
  readonly #handles: KeyedHmac;
  readonly #dialogs: KeyedHmac;
  readonly #icids: KeyedHmac;
  readonly #node: Buffer;
  /** Tokens that were opened of late, forged ones too: each request of a dialog shows the two that its dialog began with. */
  readonly #opened = new TextMemo<OpenedToken>(MEMO_CAPACITY, (text) => this.#open(text));

  /**
   * `key`: 32 bytes, the same on all nodes that stand in for each other and for as long as a core keeps a Path; random unless given.
   * `nodeId` tells them apart; random unless given, so that a node knows its tokens of before a restart from those of now.
   */
  constructor(key: Uint8Array = randomBytes(32), nodeId: string = randomBytes(9).toString('base64url')) {
    const derive = (use: string): Buffer => hmac('sha256', key, Buffer.from(use));
    this.#macs = KeyedHmac.derived(key, 'flow token mac');
    this.#cipherKey = derive('flow token cipher');
    this.#handles = KeyedHmac.derived(key, 'flow token handle');
    this.#dialogs = KeyedHmac.derived(key, 'flow token dialog');
    this.#icids = KeyedHmac.derived(key, 'flow token icid');
    this.#node = derive(`flow token node ${nodeId}`).subarray(0, NODE_BYTES);
  }

  /**
   * 64 to 236 characters that may stand in the user part of a URI: beyond 64, for the charging identity. `registrationId`: absent for a flow that carries
   * no registration. `dialog`: absent for Path.
   */
  issue(flowId: string, registrationId: string | undefined, dialog?: TokenDialog): string {
    const flow = Buffer.from(flowId, 'base64url');
    const handle = registrationId === undefined ? NOBODY : this.#handle(registrationId);
    const bound = dialog ? [this.#salt(dialog), icidBytes(dialog.icid)] : [NO_DIALOG];
    const body = Buffer.concat([this.#node, flow, handle, ...bound]);
    const mac = this.#mac(body);
    return Buffer.concat([mac, createCipheriv('aes-256-ctr', this.#cipherKey, mac).update(body)]).toString('base64url');
  }

  open(text: string | undefined): OpenedToken {
    return text === undefined || !TOKEN_FORM.test(text) ? NO_TOKEN : this.#opened.get(text);
  }

  #open(text: string): OpenedToken {
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
        id: tokenId(text),
        flowId: isHere ? body.subarray(NODE_BYTES, flowEnd).toString('base64url') : undefined,
        handle: handle.equals(NOBODY) ? undefined : handle.toString('base64url'),
        dialog: sideIn(body.subarray(handleEnd, BODY_BYTES)),
        icid: body.length > BODY_BYTES ? body.toString('utf8', BODY_BYTES).replace(/\0+$/, '') : undefined,
      },
    };
  }

  /** What tokens call a registration by: says nothing of it to those without the key. */
  handleOf(registrationId: string): string {
    return this.#handle(registrationId).toString('base64url');
  }

  /** What the tokens of a dialog say of its Call-ID. */
  callOf(callId: string): string {
    return this.#call(callId).toString('base64url', 0, CALL_BYTES);
  }

  /** What the tokens of a dialog say of who has begun it with whom. */
  partiesOf(origin: DialogOrigin): string {
    return this.#parties(this.#call(origin.callId), origin).toString('base64url');
  }

  /** What a dialog that begins at a client is charged under: for each of its requests and responses the same, on every node, and told by no Call-ID. */
  icidOf(callId: string): string {
    return this.#icids.digest(callId).toString('hex', 0, ICID_BYTES);
  }

  #salt({ origin, role }: TokenDialog): Buffer {
    const call = this.#call(origin.callId);
    const parties = this.#parties(call, origin);
    const last = parties.length - 1;
    parties.writeUInt8(parties.readUInt8(last) | (role === 'uas' ? UAS_BIT : 0), last);
    return Buffer.concat([call.subarray(0, CALL_BYTES), parties]);
  }

  /** Without the bit of the role. */
  #parties(call: Buffer, { fromUri, fromTag, toUri }: DialogOrigin): Buffer {
    const names = JSON.stringify([identityKey(fromUri), fromTag, identityKey(toUri)]);
    const parties = hash('sha256', `${call.toString('base64url')}${names}`, 'buffer').subarray(
      0,
      SALT_BYTES - CALL_BYTES,
    );
    return withoutRole(parties);
  }

  #call(callId: string): Buffer {
    return this.#dialogs.digest(callId);
  }

  #mac(body: Uint8Array): Buffer {
    return this.#macs.digest(body).subarray(0, MAC_BYTES);
  }

  #handle(registrationId: string): Buffer {
    return this.#handles.digest(registrationId).subarray(0, HANDLE_BYTES);
  }
}

/** What no other token begins with. `token`: of `FlowTokens`. */
export function tokenId(token: string): string {
  return token.slice(0, ID_LENGTH);
}

function sideIn(salt: Buffer): DialogSide | undefined {
  if (salt.equals(NO_DIALOG)) return undefined;
  const role = (salt.readUInt8(SALT_BYTES - 1) & UAS_BIT) === 0 ? 'uac' : 'uas';
  const call = salt.toString('base64url', 0, CALL_BYTES);
  return { role, call, parties: withoutRole(salt.subarray(CALL_BYTES)).toString('base64url') };
}

/** Changes the bytes it is given. */
function withoutRole(parties: Buffer): Buffer {
  const last = parties.length - 1;
  parties.writeUInt8(parties.readUInt8(last) & ~UAS_BIT, last);
  return parties;
}

/** Filled up to whole groups of characters, so that no text but one is the token. */
function icidBytes(icid = ''): Buffer {
  const length = Buffer.byteLength(icid);
  if (length === 0 || length > MAX_ICID_BYTES) return NO_ICID;
  const bytes = Buffer.alloc(Math.ceil(length / 3) * 3);
  bytes.write(icid);
  return bytes;
}
