import { formatContact, parseContacts, parseDeltaSeconds } from '../../sip/contact.ts';
import { type SipHeaders } from '../../sip/message.ts';

const EXPIRES: ReadonlySet<string> = new Set(['expires']);

/** Takes the time that a REGISTER asks for down to `maxSec`, in Expires and in each Contact. One that asks for none asks for `defaultSec` at most. */
export function capExpires(headers: SipHeaders, maxSec: number, defaultSec: number): void {
  const askedSec = parseDeltaSeconds(headers.get('Expires') ?? '') ?? defaultSec;
  headers.set('Expires', String(Math.min(askedSec, maxSec)));
  const contacts = parseContacts(headers);
  if (!contacts.ok || contacts.value === '*') return;
  if (!contacts.value.some(({ params }) => params.has('expires'))) return;
  const capped = contacts.value.map((contact) => {
    if (!contact.params.has('expires')) return contact.text;
    const expiresSec = Math.min(contact.expiresSec ?? askedSec, maxSec);
    return formatContact(contact, EXPIRES, new Map([['expires', String(expiresSec)]]));
  });
  headers.set('Contact', capped.join(', '));
}
