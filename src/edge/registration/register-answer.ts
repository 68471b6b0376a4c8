import { boundedKey } from '../../base/bounded-key.ts';
import { type Contact, parseContacts, expiresSecOf, readContact } from '../../sip/contact.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { addressOfRecord, parseSipUri } from '../../sip/uri.ts';
import { mentionsUri } from './mentions-uri.ts';
import { bindingKey, supportsOutbound } from './registration-id.ts';

/** A Contact of a REGISTER and what the registrar made of it. */
export interface AnsweredContact {
  readonly contact: Contact;
  /** The `bindingKey` of the Contact. */
  readonly key: string;
  /** Seconds that the registrar has granted; 0 when the Contact is not bound. */
  readonly grantedExpiresSec: number;
}

/** Contacts of a 2xx that are read at most: more than any user has devices, and a bound on what others of them can cost. */
const MAX_LISTED = 256;
/** Seconds of a registration when neither client nor registrar names a time (RFC 3261 §10.2.1.1). */
const DEFAULT_EXPIRES_SEC = 3600;

/**
 * What a 2xx to REGISTER says of the Contacts that were asked for. `'*'`: all bindings of the user are gone. A registrar that has nothing to say
 * of the time, not even in Expires, is taken to have granted what the client wished. The answer of the embedded registrar is read here like that
 * of any other, though it was written a moment ago: one way for every core.
 */
export function readAnswer(request: SipRequest, response: SipResponse): '*' | AnsweredContact[] {
  const asked = readContacts(request);
  if (asked === '*') return '*';
  const outbound = supportsOutbound(request);
  const findGrant = grantFinder(readListed(response), outbound);
  const isAlone = asked.length === 1;
  const wishedSec = expiresSecOf(request.headers) ?? DEFAULT_EXPIRES_SEC;
  const headerSec = expiresSecOf(response.headers);
  return asked.map((contact) => {
    const key = bindingKey(contact, outbound);
    const grant = contact.expiresSec === 0 ? undefined : findGrant(contact, key, isAlone);
    const grantedExpiresSec = grant ? (grant.expiresSec ?? headerSec ?? contact.expiresSec ?? wishedSec) : 0;
    return { contact, key, grantedExpiresSec };
  });
}

/** Contacts that a REGISTER names, each read for itself: one that cannot be read is the registrar's to refuse, or to make something of. */
export function readContacts({ headers }: SipRequest): '*' | readonly Contact[] {
  const parsed = parseContacts(headers);
  if (parsed.ok) return parsed.value;
  const values = headers.getList('Contact');
  return values.length === 1 && values[0] === '*' ? '*' : values.flatMap((value) => readContact(value) ?? []);
}

/** Keys of the Contacts that a REGISTER names. */
export function keysAsked(request: SipRequest): string[] {
  const asked = readContacts(request);
  if (asked === '*') return [];
  const outbound = supportsOutbound(request);
  return asked.map((contact) => bindingKey(contact, outbound));
}

/** Contacts that a 2xx lists, each read for itself, and the text of those that cannot be read. */
interface Listed {
  readonly contacts: readonly Contact[];
  readonly unreadable: readonly string[];
}

function readListed({ headers }: SipResponse): Listed {
  const contacts: Contact[] = [];
  const unreadable: string[] = [];
  for (const value of headers.getList('Contact', MAX_LISTED)) {
    const contact = readContact(value);
    if (contact) contacts.push(contact);
    else unreadable.push(value);
  }
  // A Contact that is bound no more says nothing against the same one that is.
  if (contacts.length > 1) contacts.sort((a, b) => Number(a.expiresSec === 0) - Number(b.expiresSec === 0));
  return { contacts, unreadable };
}

type Grant = Pick<Contact, 'expiresSec'>;

const TIME_UNKNOWN: Grant = {};

type FindGrant = (asked: Contact, key: string, isAlone: boolean) => Grant | undefined;

/** What the registrar has made of a Contact. Most give it back as it was asked for, and nothing else needs to be read. */
function grantFinder(listed: Listed, outbound: boolean): FindGrant {
  const byKey = firstBy(listed.contacts, (grant) => bindingKey(grant, outbound));
  let findRewritten: FindGrant | undefined;
  return (asked, key, isAlone) => byKey.get(key) ?? (findRewritten ??= rewrittenFinder(listed))(asked, key, isAlone);
}

/**
 * A registrar that knows nothing of outbound gives a Contact back without its instance, and some write the URI anew: with other parameters, or with the
 * address that the request came from. Each Contact is read once: a client, and a core, may write thousands.
 */
function rewrittenFinder({ contacts, unreadable }: Listed): FindGrant {
  const plain = contacts.filter(({ regId }) => regId === undefined);
  const byUri = firstBy(plain, ({ uri }) => uri);
  const byAddress = firstBy(plain, ({ uri }) => contactKey(uri));
  const users = contacts.map(({ uri }) => userOf(uri));
  return (asked, _key, isAlone) => {
    const user = userOf(asked.uri);
    const found =
      byUri.get(asked.uri) ??
      byAddress.get(contactKey(asked.uri)) ??
      contacts.find((grant, i) => user !== undefined && users[i] === user && !isOfAnother(grant, asked));
    if (found) return found;
    if (unreadable.some((text) => mentionsUri(text, asked.uri))) return TIME_UNKNOWN;
    if (!isAlone || contacts.length + unreadable.length !== 1) return undefined;
    // A 2xx lists what is bound, and this Contact has just been bound (RFC 3261 §10.3 step 8).
    const [only] = contacts;
    if (!only) return TIME_UNKNOWN;
    return isOfAnother(only, asked) ? undefined : only;
  };
}

/** Whether a Contact belongs to another device, or to another flow of this one. */
function isOfAnother({ instanceId, regId }: Contact, asked: Contact): boolean {
  if (instanceId === undefined) return false;
  return (
    instanceId.toLowerCase() !== asked.instanceId?.toLowerCase() ||
    (regId !== undefined && asked.regId !== undefined && regId !== asked.regId)
  );
}

function userOf(text: string): string | undefined {
  const uri = parseSipUri(text);
  return uri.ok ? uri.value.user : undefined;
}

function firstBy(contacts: readonly Contact[], keyOf: (contact: Contact) => string): Map<string, Contact> {
  const first = new Map<string, Contact>();
  for (const contact of contacts) {
    const key = keyOf(contact);
    if (!first.has(key)) first.set(key, contact);
  }
  return first;
}

/** User and host: clients add parameters, such as `ob`, to the Contact of a dialog (RFC 5626 §4.3). */
export function contactKey(text: string): string {
  const uri = parseSipUri(text);
  return boundedKey(uri.ok ? addressOfRecord(uri.value) : text);
}
