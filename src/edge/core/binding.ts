import { type OwnText, ownText } from '../../base/own-text.ts';
import { type Contact } from '../../sip/contact.ts';
import { type Hop } from '../hop.ts';

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
  readonly displayName: OwnText | undefined;
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

function ownContact({ text, displayName, uri, instanceId, regId }: Contact): BoundContact {
  return {
    text: ownText(text),
    displayName: displayName === undefined ? undefined : ownText(displayName),
    uri: ownText(uri),
    instanceId: instanceId === undefined ? undefined : ownText(instanceId),
    regId,
  };
}
