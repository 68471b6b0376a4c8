import { hash, randomBytes } from 'node:crypto';
import { hmac } from '../../base/hmac.ts';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import { TextMemo } from '../../base/text-memo.ts';
import { identityKey } from '../registration/identity.ts';
import { CounterCipher } from './counter-cipher.ts';
import { FLOW_ID_BYTES } from './flow-id.ts';

const MAC_BYTES = 16;
const NODE_BYTES = 4;
const HANDLE_BYTES = 12;
const SALT_BYTES = 7;
/** In the tokens of a dialog, so many bytes of the salt stand for the Call-ID. The rest of the salt stands for caller and callee. */
const CALL_BYTES = 2;
/** In the last byte of the salt. */
const UAS_BIT = 1;
/** Where the parts of a body begin. */
const HANDLE_AT = NODE_BYTES + FLOW_ID_BYTES;
const SALT_AT = HANDLE_AT + HANDLE_BYTES;
const BODY_BYTES = SALT_AT + SALT_BYTES;
/** A core's charging identity that is longer is not kept; those of known cores have 40 characters or fewer. */
const MAX_ICID_BYTES = 129;
/** 64 characters, and four for each three bytes of a charging identity. */
const TOKEN_FORM = /^(?:[\w-]{4}){16,59}$/;
/** Characters of a token that are of its HMAC alone. */
const ID_LENGTH = 21;
const MEMO_CAPACITY = 4096;
const HANDLES_CAPACITY = 1024;
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

/** What the tokens of both sides of a dialog say of it. */
interface DialogSalt {
  readonly origin: DialogOrigin;
  /** Without the bit of the role. */
  readonly salt: Buffer;
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
  readonly #cipher: CounterCipher;
  readonly #handles: KeyedHmac;
  readonly #dialogs: KeyedHmac;
  readonly #icids: KeyedHmac;
  readonly #node: Buffer;
  /** Tokens that were issued or opened of late, forged ones too: each request of a dialog shows the two that its dialog began with. */
  readonly #opened = new TextMemo<OpenedToken>(MEMO_CAPACITY, (text) => this.#open(text));
  /** What registrations are called, of which each dialog names two. */
  readonly #handled = new TextMemo<Buffer>(HANDLES_CAPACITY, (registrationId) => this.#handle(registrationId));
  /** The dialog that tokens were made for last: its other side is the next. */
  #latest: DialogSalt | undefined;

  /**
   * `key`: 32 bytes, the same on all nodes that stand in for each other and for as long as a core keeps a Path; random unless given.
   * `nodeId` tells them apart; random unless given, so that a node knows its tokens of before a restart from those of now.
   */
  constructor(key: Uint8Array = randomBytes(32), nodeId: string = randomBytes(9).toString('base64url')) {
    const derive = (use: string): Buffer => hmac('sha256', key, Buffer.from(use));
    this.#macs = KeyedHmac.derived(key, 'flow token mac');
    this.#cipher = new CounterCipher(derive('flow token cipher'));
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
    const icid = icidBytes(dialog?.icid);
    const bytes = Buffer.alloc(MAC_BYTES + BODY_BYTES + icid.length);
    const body = bytes.subarray(MAC_BYTES);
    body.set(this.#node);
    body.write(flowId, NODE_BYTES, FLOW_ID_BYTES, 'base64url');
    if (registrationId !== undefined) body.set(this.#handled.get(registrationId), HANDLE_AT);
    if (dialog) {
      body.set(this.#saltOf(dialog.origin), SALT_AT);
      setRole(body, BODY_BYTES - 1, dialog.role);
    }
    body.set(icid, BODY_BYTES);
    bytes.set(this.#mac(body));
    const id = bytes.toString('base64url', 0, MAC_BYTES).slice(0, ID_LENGTH);
    const flow = this.#referenceTo(id, body);
    this.#cipher.apply(bytes.subarray(0, MAC_BYTES), body);
    const text = bytes.toString('base64url');
    this.#opened.put(text, { kind: 'flow', flow });
    return text;
  }

  open(text: string | undefined): OpenedToken {
    return text === undefined || !TOKEN_FORM.test(text) ? NO_TOKEN : this.#opened.get(text);
  }

  #open(text: string): OpenedToken {
    const bytes = Buffer.from(text, 'base64url');
    const [mac, body] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES)];
    this.#cipher.apply(mac, body);
    if (!constantTimeEqual(mac, this.#mac(body))) return { kind: 'forged' };
    return { kind: 'flow', flow: this.#referenceTo(tokenId(text), body) };
  }

  #referenceTo(id: string, body: Buffer): FlowReference {
    const isHere = this.#node.compare(body, 0, NODE_BYTES) === 0;
    const hasHandle = NOBODY.compare(body, HANDLE_AT, SALT_AT) !== 0;
    return {
      id,
      flowId: isHere ? body.toString('base64url', NODE_BYTES, HANDLE_AT) : undefined,
      handle: hasHandle ? body.toString('base64url', HANDLE_AT, SALT_AT) : undefined,
      dialog: sideIn(body),
      icid: body.length > BODY_BYTES ? body.toString('utf8', BODY_BYTES).replace(/\0+$/, '') : undefined,
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
    return this.#saltOf(origin).toString('base64url', CALL_BYTES);
  }

  /** What a dialog that begins at a client is charged under: for each of its requests and responses the same, on every node, and told by no Call-ID. */
  icidOf(callId: string): string {
    return this.#icids.digest(callId).toString('hex', 0, ICID_BYTES);
  }

  #saltOf(origin: DialogOrigin): Buffer {
    if (this.#latest && isSameOrigin(this.#latest.origin, origin)) return this.#latest.salt;
    const { callId, fromUri, fromTag, toUri } = origin;
    const call = this.#call(callId);
    const names = JSON.stringify([identityKey(fromUri), fromTag, identityKey(toUri)]);
    const salt = Buffer.alloc(SALT_BYTES);
    salt.set(call.subarray(0, CALL_BYTES));
    salt.write(hash('sha256', `${call.toString('base64url')}${names}`, 'binary'), CALL_BYTES, 'latin1');
    setRole(salt, SALT_BYTES - 1, 'uac');
    this.#latest = { origin, salt };
    return salt;
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

function sideIn(body: Buffer): DialogSide | undefined {
  if (NO_DIALOG.compare(body, SALT_AT, BODY_BYTES) === 0) return undefined;
  const salt = Buffer.from(body.subarray(SALT_AT, BODY_BYTES));
  const role = (salt.readUInt8(SALT_BYTES - 1) & UAS_BIT) === 0 ? 'uac' : 'uas';
  setRole(salt, SALT_BYTES - 1, 'uac');
  return { role, call: salt.toString('base64url', 0, CALL_BYTES), parties: salt.toString('base64url', CALL_BYTES) };
}

function setRole(bytes: Buffer, at: number, role: DialogRole): void {
  const byte = bytes.readUInt8(at);
  bytes.writeUInt8(role === 'uas' ? byte | UAS_BIT : byte & ~UAS_BIT, at);
}

function isSameOrigin(a: DialogOrigin, b: DialogOrigin): boolean {
  return a.callId === b.callId && a.fromUri === b.fromUri && a.fromTag === b.fromTag && a.toUri === b.toUri;
}

/** Filled up to whole groups of characters, so that no text but one is the token. */
function icidBytes(icid = ''): Buffer {
  const length = Buffer.byteLength(icid);
  if (length === 0 || length > MAX_ICID_BYTES) return NO_ICID;
  const bytes = Buffer.alloc(Math.ceil(length / 3) * 3);
  bytes.write(icid);
  return bytes;
}
