import { type SipHeaders } from '../../sip/message.ts';
import { withoutParams } from '../../sip/param-filter.ts';

const LOCATION_SOURCE: ReadonlySet<string> = new Set(['loc-src']);

/** The value by which a client says that it understands P-Early-Media; it may say no other (RFC 5009 §8). */
const UNDERSTANDS_EARLY_MEDIA = 'supported';

/** Leaves `supported` alone of P-Early-Media in a request of a client: gateways and announcement servers rely on it. */
export function limitEarlyMedia(headers: SipHeaders): void {
  const values = headers.getList('P-Early-Media');
  if (values.length === 0) return;
  const isSupported = values.some((value) => value.toLowerCase() === UNDERSTANDS_EARLY_MEDIA);
  if (!isSupported) headers.remove('P-Early-Media');
  else if (values.length > 1) headers.set('P-Early-Media', UNDERSTANDS_EARLY_MEDIA);
}

/** Only a network knows of a call that an emergency centre is calling back (RFC 7090 §4, TS 24.229 §4.4); all other priorities are the caller's. */
export function dropCallbackClaim(headers: SipHeaders): void {
  if (headers.getAll('Priority').some((value) => /psap-callback/i.test(value))) headers.remove('Priority');
}

/** Which host has located somebody is said and believed within the trust domain only (RFC 8787 §4); where somebody is, anybody may say. */
export function dropLocationSource(headers: SipHeaders): void {
  const values = headers.getList('Geolocation');
  if (!values.some((value) => value.includes(';'))) return;
  const cleaned = values.map((value) => withoutLocationSource(value));
  if (cleaned.every((value, index) => value === values[index])) return;
  headers.set('Geolocation', cleaned.join(', '));
}

/** A locationValue has its URI in brackets (RFC 6442 §4.1): its own parameters stand behind them. */
function withoutLocationSource(value: string): string {
  const end = value.lastIndexOf('>') + 1;
  return value.slice(0, end) + withoutParams(value.slice(end), LOCATION_SOURCE);
}
