import { type Contact, parseContacts, parseDeltaSeconds } from '../../sip/contact.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { addressOfRecord, parseSipUri } from '../../sip/uri.ts';
import { bindingKey, supportsOutbound } from './registration-id.ts';

/** A Contact of a REGISTER and what the registrar made of it. */
export interface AnsweredContact {
  readonly contact: Contact;
  /** `bindingKey` of the contact. */
  readonly key: string;
  /** Seconds; 0 when it is not bound. */
  readonly grantedExpiresSec: number;
}

/** What a 2xx to REGISTER says of the Contacts that were asked for. `'*'`: all bindings of the user are gone. */
export function readAnswer(request: SipRequest, response: SipResponse): '*' | AnsweredContact[] {
  const asked = parseContacts(request.headers);
  const granted = parseContacts(response.headers);
  if (!asked.ok || !granted.ok) return [];
  if (asked.value === '*') return '*';
  const outbound = supportsOutbound(request);
  const grants = granted.value === '*' ? [] : granted.value;
  const headerSec = parseDeltaSeconds(response.headers.get('Expires') ?? '');
  return asked.value.map((contact) => {
    const grant = findGrant(contact, grants, outbound);
    const grantedExpiresSec = grant && contact.expiresSec !== 0 ? (grant.expiresSec ?? headerSec ?? 0) : 0;
    return { contact, key: bindingKey(contact, outbound), grantedExpiresSec };
  });
}

/** Keys of the Contacts that a REGISTER names. */
export function keysAsked(request: SipRequest): string[] {
  const asked = parseContacts(request.headers);
  if (!asked.ok || asked.value === '*') return [];
  const outbound = supportsOutbound(request);
  return asked.value.map((contact) => bindingKey(contact, outbound));
}

/** A registrar that knows nothing of outbound gives the Contact back without its instance, and some write the URI anew. */
function findGrant(contact: Contact, grants: readonly Contact[], outbound: boolean): Contact | undefined {
  const key = bindingKey(contact, outbound);
  const exact = grants.find((grant) => bindingKey(grant, outbound) === key);
  if (exact) return exact;
  const address = contactKey(contact.uri);
  const plain = grants.filter(({ regId }) => regId === undefined);
  return plain.find(({ uri }) => uri === contact.uri) ?? plain.find(({ uri }) => contactKey(uri) === address);
}

/** User and host: clients add parameters, such as `ob`, to the Contact of a dialog (RFC 5626 §4.3). */
export function contactKey(text: string): string {
  const uri = parseSipUri(text);
  return uri.ok ? addressOfRecord(uri.value) : text;
}
