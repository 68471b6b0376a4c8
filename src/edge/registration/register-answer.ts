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
  const findGrant = grantFinder(granted.value === '*' ? [] : granted.value, outbound);
  const headerSec = parseDeltaSeconds(response.headers.get('Expires') ?? '');
  return asked.value.map((contact) => {
    const key = bindingKey(contact, outbound);
    const grant = findGrant(key, contact.uri);
    const grantedExpiresSec = grant && contact.expiresSec !== 0 ? (grant.expiresSec ?? headerSec ?? 0) : 0;
    return { contact, key, grantedExpiresSec };
  });
}

/** Keys of the Contacts that a REGISTER names. */
export function keysAsked(request: SipRequest): string[] {
  const asked = parseContacts(request.headers);
  if (!asked.ok || asked.value === '*') return [];
  const outbound = supportsOutbound(request);
  return asked.value.map((contact) => bindingKey(contact, outbound));
}

/**
 * A registrar that knows nothing of outbound gives the Contact back without its instance, and some write the URI anew. Each Contact is read once:
 * a client, and a core, may write thousands.
 */
function grantFinder(grants: readonly Contact[], outbound: boolean): (key: string, uri: string) => Contact | undefined {
  const plain = grants.filter(({ regId }) => regId === undefined);
  const byKey = firstBy(grants, (grant) => bindingKey(grant, outbound));
  const byUri = firstBy(plain, ({ uri }) => uri);
  const byAddress = firstBy(plain, ({ uri }) => contactKey(uri));
  return (key, uri) => byKey.get(key) ?? byUri.get(uri) ?? byAddress.get(contactKey(uri));
}

function firstBy(contacts: readonly Contact[], keyOf: (contact: Contact) => string): Map<string, Contact> {
  return new Map([...contacts].reverse().map((contact) => [keyOf(contact), contact]));
}

/** User and host: clients add parameters, such as `ob`, to the Contact of a dialog (RFC 5626 §4.3). */
export function contactKey(text: string): string {
  const uri = parseSipUri(text);
  return uri.ok ? addressOfRecord(uri.value) : text;
}
