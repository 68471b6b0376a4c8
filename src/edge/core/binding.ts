import { type OwnText, ownText } from '../../base/own-text.ts';
import { type Contact, formatContact } from '../../sip/contact.ts';
import { type HeaderField } from '../../sip/header-field.ts';
import { type Hop } from '../hop.ts';

/** Parameters of a Contact that the registrar alone decides. */
const OWN_PARAMS: ReadonlySet<string> = new Set(['expires', 'pub-gruu', 'temp-gruu']);
const NO_PARAMS: ReadonlyMap<string, string> = new Map();

/** One Contact of one AoR, reachable over the flow it was registered on (RFC 5626 §6). Nothing in it holds the REGISTER it was read from. */
export interface Binding {
  readonly aor: OwnText;
  /** The address-of-record as it may be sent. */
  readonly address: OwnText;
  /** The `bindingKey` of the Contact: unique within the address-of-record. */
  readonly key: OwnText;
  readonly registrationId: OwnText;
  readonly contact: BoundContact;
  readonly hop: Hop;
  readonly callId: OwnText;
  readonly cseq: number;
  /** When the binding ends, in monotonic milliseconds. */
  readonly expiresAtMs: number;
  readonly repetition: Repetition | undefined;
}

/** The stored parts of a Contact. */
export interface BoundContact {
  /** The whole value as written. */
  readonly text: OwnText;
  /** The value as a 2xx lists it, without the parameters that the registrar decides: a client knows its own binding by the others. */
  readonly listed: OwnText;
  readonly uri: OwnText;
  readonly instanceId: OwnText | undefined;
  readonly regId: number | undefined;
}

/** A binding as a REGISTER says it, in text of that message. */
export type BindingFacts = { readonly contact: Contact } & {
  readonly [K in Exclude<keyof Binding, 'contact' | 'repetition'>]: Binding[K] extends string ? string : Binding[K];
};

/** What comes of a REGISTER that a client says once more, for as long as its binding is the only one of its address-of-record. */
export interface Repetition {
  /** What its fields were read as: the same object for as long as the client repeats itself (`SipHeaders.derive`). */
  readonly asked: object;
  /** Seconds that the registrar grants. */
  readonly expiresSec: number;
  /** What the registrar adds to the 200, but for the time; `undefined` where a temporary GRUU is in it, another one each time. */
  readonly answer: readonly HeaderField[] | undefined;
}

/** A binding as it is stored. It changes in place when it is refreshed. */
export class Bound implements Binding {
  readonly aor: OwnText;
  readonly address: OwnText;
  readonly key: OwnText;
  readonly registrationId: OwnText;
  readonly hop: Hop;
  contact: BoundContact;
  callId: OwnText;
  cseq: number;
  expiresAtMs: number;
  repetition: Repetition | undefined;

  /** Texts that a refresh repeats are taken from `before` instead of being copied again. */
  constructor(facts: BindingFacts, before: Binding | undefined) {
    this.aor = ownText(facts.aor, before?.aor);
    this.address = ownText(facts.address, before?.address);
    this.key = ownText(facts.key, before?.key);
    this.registrationId = ownText(facts.registrationId, before?.registrationId);
    this.hop = facts.hop;
    this.contact = ownContact(facts.contact, before?.contact);
    this.callId = ownText(facts.callId, before?.callId);
    this.cseq = facts.cseq;
    this.expiresAtMs = facts.expiresAtMs;
  }

  /** What a REGISTER changes of a binding with the same address-of-record, key and hop. */
  update({ contact, callId, cseq, expiresAtMs }: BindingFacts): void {
    this.contact = ownContact(contact, this.contact);
    this.callId = ownText(callId, this.callId);
    this.cseq = cseq;
    this.expiresAtMs = expiresAtMs;
    this.repetition = undefined;
  }
}

function ownContact(contact: Contact, before: BoundContact | undefined): BoundContact {
  const { text, uri, instanceId, regId } = contact;
  if (text === before?.text) return before;
  return {
    text: ownText(text),
    listed: ownText(formatContact(contact, OWN_PARAMS, NO_PARAMS)),
    uri: ownText(uri),
    instanceId: instanceId === undefined ? undefined : ownText(instanceId),
    regId,
  };
}
