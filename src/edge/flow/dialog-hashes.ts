import { hash } from 'node:crypto';
import { type KeyedHmac } from '../../base/keyed-hmac.ts';
import { type OwnText, ownText } from '../../base/own-text.ts';
import { identityKey } from '../registration/identity.ts';

/** Bytes of a hash: so many stand for the Call-ID, the rest for caller and callee. The last bit is left to the role. */
export const SALT_BYTES = 7;
const CALL_BYTES = 2;
/** In the last byte. */
const UAS_BIT = 1;
/** A Call-ID that is longer is not kept; those of known clients have 60 characters or fewer. */
const MAX_CALL_ID = 128;
const NO_DIALOG = Buffer.alloc(SALT_BYTES);

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
  /** `callOf` its Call-ID. */
  readonly call: string;
  /** `partiesOf` its origin: the same in the tokens of both sides. */
  readonly parties: string;
  /** The Call-ID itself, if this edge has seen the dialog begin of late. */
  readonly callId?: OwnText | undefined;
}

interface OriginHash {
  readonly origin: DialogOrigin;
  readonly call: string;
  readonly parties: string;
  readonly callId: OwnText | undefined;
}

/** Keyed hashes of what dialogs begin with: says nothing of it to those without the key. */
export class DialogHashes {
  readonly #calls: KeyedHmac;
  /** The dialog that was asked for last: both of its sides are written one after the other. */
  #latest: OriginHash | undefined;
  /** Of that dialog, with the bit of the role clear. */
  readonly #salt = Buffer.allocUnsafeSlow(SALT_BYTES);

  constructor(calls: KeyedHmac) {
    this.#calls = calls;
  }

  /** Writes what stands for a dialog, and the role of a side of it. Returns what `readSide` reads of it, and the Call-ID. */
  writeSide(bytes: Buffer, at: number, role: DialogRole, origin: DialogOrigin): DialogSide {
    const { call, parties, callId } = this.#hashOf(origin);
    bytes.set(this.#salt, at);
    setRole(bytes, at + SALT_BYTES - 1, role);
    return { role, call, parties, callId };
  }

  callOf(callId: string): string {
    return this.#calls.digest(callId).toString('base64url', 0, CALL_BYTES);
  }

  partiesOf(origin: DialogOrigin): string {
    return this.#hashOf(origin).parties;
  }

  #hashOf(origin: DialogOrigin): OriginHash {
    if (this.#latest && isSame(this.#latest.origin, origin)) return this.#latest;
    const { callId, fromUri, fromTag, toUri } = origin;
    const call = this.#calls.digestText(callId);
    const names = JSON.stringify([identityKey(fromUri), fromTag, identityKey(toUri)]);
    const salt = this.#salt;
    salt.write(call, 0, CALL_BYTES, 'base64url');
    salt.write(hash('sha256', `${call}${names}`, 'binary'), CALL_BYTES, 'latin1');
    setRole(salt, SALT_BYTES - 1, 'uac');
    this.#latest = {
      origin,
      call: callIn(salt),
      parties: partiesIn(salt),
      callId: callId.length > MAX_CALL_ID ? undefined : ownText(callId),
    };
    return this.#latest;
  }
}

/** The side of a dialog that stands there; `undefined` when there is none. */
export function readSide(bytes: Buffer, at: number): DialogSide | undefined {
  if (NO_DIALOG.compare(bytes, at, at + SALT_BYTES) === 0) return undefined;
  const salt = Buffer.from(bytes.subarray(at, at + SALT_BYTES));
  const role = (salt.readUInt8(SALT_BYTES - 1) & UAS_BIT) === 0 ? 'uac' : 'uas';
  setRole(salt, SALT_BYTES - 1, 'uac');
  return { role, call: callIn(salt), parties: partiesIn(salt) };
}

function callIn(salt: Buffer): string {
  return salt.toString('base64url', 0, CALL_BYTES);
}

function partiesIn(salt: Buffer): string {
  return salt.toString('base64url', CALL_BYTES);
}

function setRole(bytes: Buffer, at: number, role: DialogRole): void {
  const byte = bytes[at] ?? 0;
  bytes[at] = role === 'uas' ? byte | UAS_BIT : byte & ~UAS_BIT;
}

function isSame(a: DialogOrigin, b: DialogOrigin): boolean {
  return a.callId === b.callId && a.fromUri === b.fromUri && a.fromTag === b.fromTag && a.toUri === b.toUri;
}
