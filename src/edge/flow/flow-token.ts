import { randomBytes } from 'node:crypto';
import { hmac } from '../../base/hmac.ts';
import { KeyedHmac } from '../../base/keyed-hmac.ts';
import { type OwnText } from '../../base/own-text.ts';
import { constantTimeEqual } from '../../base/secret.ts';
import { TextMemo } from '../../base/text-memo.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { CounterCipher } from './counter-cipher.ts';
import {
  DialogHashes,
  type DialogOrigin,
  type DialogRole,
  type DialogSide,
  readSide,
  SALT_BYTES,
} from './dialog-hashes.ts';
import { FLOW_ID_BYTES } from './flow-id.ts';

const MAC_BYTES = 16;
const NODE_BYTES = 4;
const HANDLE_BYTES = 12;
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
/** Of an entry of a Route set, as this edge writes it. The token follows, and `@` after it. */
const ENTRY_START = '<sip:';
const MEMO_CAPACITY = 4096;
const HANDLES_CAPACITY = 1024;
const CALLS_CAPACITY = 1024;
const NO_TOKEN: OpenedToken = { kind: 'none' };
const NOBODY = Buffer.alloc(HANDLE_BYTES);
const NO_ICID = Buffer.alloc(0);
/** Length of a charging identity that the edge makes. */
const ICID_BYTES = 16;

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
  readonly #dialogs: DialogHashes;
  readonly #node: Buffer;
  /** Each request of a dialog is charged under the same identity, and so is each answer. */
  readonly #icidOfCall: TextMemo<string>;
  /** In which tokens are written one after the other, but for those with a charging identity. */
  readonly #usual = Buffer.allocUnsafeSlow(MAC_BYTES + BODY_BYTES);
  readonly #usualBody = this.#usual.subarray(MAC_BYTES);
  /** Tokens that were issued or opened of late, forged ones too: each request of a dialog shows the two that its dialog began with. */
  readonly #opened = new TextMemo<OpenedToken>(MEMO_CAPACITY, (text) => this.#open(text));
  /** What registrations are called, of which each dialog names two. */
  readonly #known = new TextMemo<string>(HANDLES_CAPACITY, (registrationId) => this.handleOf(registrationId));

  /**
   * `key`: 32 bytes, the same on all nodes that stand in for each other and for as long as a core keeps a Path; random unless given.
   * `nodeId` tells them apart; random unless given, so that a node knows its tokens of before a restart from those of now.
   */
  constructor(key: Uint8Array = randomBytes(32), nodeId: string = randomBytes(9).toString('base64url')) {
    const derive = (use: string): Buffer => hmac('sha256', key, Buffer.from(use));
    this.#macs = KeyedHmac.derived(key, 'flow token mac');
    this.#cipher = new CounterCipher(derive('flow token cipher'));
    this.#handles = KeyedHmac.derived(key, 'flow token handle');
    this.#dialogs = new DialogHashes(KeyedHmac.derived(key, 'flow token dialog'));
    const icids = KeyedHmac.derived(key, 'flow token icid');
    const icidOf = (callId: string): string => icids.digest(callId).toString('hex', 0, ICID_BYTES);
    this.#icidOfCall = new TextMemo(CALLS_CAPACITY, icidOf);
    this.#node = derive(`flow token node ${nodeId}`).subarray(0, NODE_BYTES);
  }

  /**
   * 64 to 236 characters that may stand in the user part of a URI: beyond 64, for the charging identity. `registrationId`: absent for a flow that carries
   * no registration. `dialog`: absent for Path.
   */
  issue(flowId: string, registrationId: string | undefined, dialog?: TokenDialog): string {
    const icid = icidBytes(dialog?.icid);
    const isUsual = icid.length === 0;
    const bytes = isUsual ? this.#usual : Buffer.allocUnsafe(MAC_BYTES + BODY_BYTES + icid.length);
    const body = isUsual ? this.#usualBody : bytes.subarray(MAC_BYTES);
    body.fill(0, HANDLE_AT, BODY_BYTES);
    body.set(this.#node);
    body.write(flowId, NODE_BYTES, FLOW_ID_BYTES, 'base64url');
    const handle = registrationId === undefined ? undefined : this.#known.get(registrationId);
    if (handle !== undefined) body.write(handle, HANDLE_AT, HANDLE_BYTES, 'base64url');
    const side = dialog && this.#dialogs.writeSide(body, SALT_AT, dialog.role, dialog.origin);
    body.set(icid, BODY_BYTES);
    const told = icidIn(body);
    this.#macs.write(bytes, 0, MAC_BYTES, body);
    this.#cipher.apply(bytes, body);
    const text = bytes.toString('base64url') as OwnText;
    this.#opened.put(text, { kind: 'flow', flow: { id: tokenId(text), flowId, handle, dialog: side, icid: told } });
    return text;
  }

  open(text: string | undefined): OpenedToken {
    return text === undefined || !TOKEN_FORM.test(text) ? NO_TOKEN : this.#opened.get(text);
  }

  /**
   * The token in an entry of a Route set. One that this edge has written is found where it stands, without reading the entry: each request of a dialog
   * shows two.
   */
  openEntry(entry: string): OpenedToken {
    const at = entry.indexOf('@');
    if (at < 0) return NO_TOKEN;
    const token = entry.startsWith(ENTRY_START) ? this.open(entry.slice(ENTRY_START.length, at)) : NO_TOKEN;
    return token.kind === 'flow' ? token : this.open(userIn(entry));
  }

  #open(text: string): OpenedToken {
    const bytes = Buffer.from(text, 'base64url');
    const [mac, body] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES)];
    this.#cipher.apply(mac, body);
    if (!constantTimeEqual(mac, this.#macs.digest(body).subarray(0, MAC_BYTES))) return { kind: 'forged' };
    const isHere = this.#node.compare(body, 0, NODE_BYTES) === 0;
    const hasHandle = NOBODY.compare(body, HANDLE_AT, SALT_AT) !== 0;
    const flow = {
      id: tokenId(text),
      flowId: isHere ? body.toString('base64url', NODE_BYTES, HANDLE_AT) : undefined,
      handle: hasHandle ? body.toString('base64url', HANDLE_AT, SALT_AT) : undefined,
      dialog: readSide(body, SALT_AT),
      icid: icidIn(body),
    };
    return { kind: 'flow', flow };
  }

  /** What tokens call a registration by: says nothing of it to those without the key. */
  handleOf(registrationId: string): string {
    return this.#handles.digest(registrationId).toString('base64url', 0, HANDLE_BYTES);
  }

  /** What the tokens of a dialog say of its Call-ID. */
  callOf(callId: string): string {
    return this.#dialogs.callOf(callId);
  }

  /** Whether a side is of a dialog with this Call-ID. */
  isOf(side: DialogSide | undefined, callId: string): boolean {
    if (!side) return false;
    return side.callId === undefined ? side.call === this.callOf(callId) : side.callId === callId;
  }

  /** What the tokens of a dialog say of who has begun it with whom. */
  partiesOf(origin: DialogOrigin): string {
    return this.#dialogs.partiesOf(origin);
  }

  /** What a dialog that begins at a client is charged under: for each of its requests and responses the same, on every node, and told by no Call-ID. */
  icidOf(callId: string): string {
    return this.#icidOfCall.get(callId);
  }
}

/** The user part of the URI in an entry of a Route set; `undefined` when there is none. */
function userIn(entry: string): string | undefined {
  const nameAddr = parseNameAddr(entry);
  const uri = nameAddr.ok ? parseSipUri(nameAddr.value.uri) : undefined;
  return uri?.ok ? uri.value.user : undefined;
}

/** What no other token begins with. `token`: of `FlowTokens`. */
export function tokenId(token: string): string {
  return token.slice(0, ID_LENGTH);
}

function icidIn(body: Buffer): string | undefined {
  return body.length > BODY_BYTES ? body.toString('utf8', BODY_BYTES).replace(/\0+$/, '') : undefined;
}

/** Filled up to whole groups of characters, so that no text but one is the token. */
function icidBytes(icid = ''): Buffer {
  const length = Buffer.byteLength(icid);
  if (length === 0 || length > MAX_ICID_BYTES) return NO_ICID;
  const bytes = Buffer.alloc(Math.ceil(length / 3) * 3);
  bytes.write(icid);
  return bytes;
}
