import { type OwnText, ownText } from '../../base/own-text.ts';
import { type Contact, formatContact } from '../../sip/contact.ts';
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
  readonly [K in Exclude<keyof Binding, 'contact'>]: Binding[K] extends string ? string : Binding[K];
};

/** Makes a binding to be stored. Texts that a refresh repeats are taken from `before` instead of being copied again. */
export function createBinding(facts: BindingFacts, before: Binding | undefined): Binding {
  const { contact, hop, cseq, expiresAtMs } = facts;
  return {
    aor: ownText(facts.aor, before?.aor),
    address: ownText(facts.address, before?.address),
    key: ownText(facts.key, before?.key),
    registrationId: ownText(facts.registrationId, before?.registrationId),
    contact: contact.text === before?.contact.text ? before.contact : ownContact(contact),
    hop,
    callId: ownText(facts.callId, before?.callId),
    cseq,
    expiresAtMs,
  };
}

function ownContact(contact: Contact): BoundContact {
  const { text, uri, instanceId, regId } = contact;
  return {
    text: ownText(text),
    listed: ownText(formatContact(contact, OWN_PARAMS, NO_PARAMS)),
    uri: ownText(uri),
    instanceId: instanceId === undefined ? undefined : ownText(instanceId),
    regId,
  };
}
