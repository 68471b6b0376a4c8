import { type Mutable } from '../base/mutable.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { TextMemo } from '../base/text-memo.ts';
import { parseDecimal } from './character-class.ts';
import { type SipHeaders } from './message.ts';
import { formatNameAddr, headerParamsOf, parseNameAddr, type NameAddr } from './name-addr.ts';
import { formatParams, nameOfParam, parseParams, type Params, splitParams } from './params.ts';
import { parseSipUri } from './uri.ts';
import { sipUriKey } from './uri-equality.ts';

/** One Contact of a REGISTER or dialog (RFC 3261 §20.10, RFC 5626 §11.2). */
export interface Contact extends NameAddr {
  /** The whole value as written. */
  readonly text: string;
  /** The preference `q`, 0 to 1. */
  readonly q?: number;
  /** Seconds asked for; absent also when malformed, which RFC 3261 §10.2.1.1 leaves to the default. */
  readonly expiresSec?: number;
  /** `+sip.instance` without its angle brackets: a URN. */
  readonly instanceId?: string;
  /** `reg-id` (RFC 5626), 1 to 2^31 - 1. */
  readonly regId?: number;
  /** The same text for each spelling of the URI (`sipUriKey`); of a URI that is none of SIP, the URI. */
  readonly uriKey: string;
  /** The same text for each spelling of the instance, with its reg-id; absent where one of the two is. */
  readonly flowKey?: string;
}

const MAX_DELTA_SECONDS = 0xffff_ffff;

/** Every Contact value of a message; `*` only when it stands alone (RFC 3261 §10.2.2). Empty when there is none. */
export function parseContacts(headers: SipHeaders): Result<'*' | readonly Contact[], 'malformed'> {
  return headers.derive(readContacts);
}

function readContacts(headers: SipHeaders): Result<'*' | readonly Contact[], 'malformed'> {
  const values = headers.getList('Contact');
  if (values.length === 1 && values[0] === '*') return ok('*');
  const contacts: Contact[] = [];
  for (const value of values) {
    const contact = parseContact(value);
    if (!contact) return fail('malformed');
    contacts.push(contact);
  }
  return ok(contacts);
}

/** One value, which may not be `*`; `undefined` when it is malformed. */
export function parseContact(text: string): Contact | undefined {
  return memo.get(text) ?? undefined;
}

/** Contacts that are read once; `null` for what is none. */
const memo = new TextMemo(256, (text) => readWhole(text) ?? null);

function readWhole(text: string): Contact | undefined {
  const nameAddr = parseNameAddr(text);
  return nameAddr.ok ? withFeatures(nameAddr.value, text) : undefined;
}

/**
 * What can be read of one value: parameters that are malformed, or come again, are left out; so are `q` and `reg-id` where one of them is out of its
 * range. For those who look on, while the registrar judges. `undefined` when there is no URI.
 */
export function readContact(text: string): Contact | undefined {
  return parseContact(text) ?? readInPart(text);
}

function readInPart(text: string): Contact | undefined {
  const list = headerParamsOf(text);
  const address = parseNameAddr(text.slice(0, text.length - list.length));
  if (!address.ok) return undefined;
  const params: Params = new Map();
  for (const param of splitParams(list)) {
    const parsed = parseParams(`;${param}`);
    if (!parsed.ok) continue;
    for (const [name, value] of parsed.value) if (!params.has(name)) params.set(name, value);
  }
  const nameAddr = { ...address.value, params };
  const read = withFeatures(nameAddr, text);
  if (read) return read;
  params.delete('q');
  params.delete('reg-id');
  return withFeatures(nameAddr, text);
}

function withFeatures(nameAddr: NameAddr, text: string): Contact | undefined {
  const { params } = nameAddr;
  const qText = params.get('q');
  const q = qText === undefined ? undefined : parseQValue(qText);
  const regIdText = params.get('reg-id');
  const regId = regIdText === undefined ? undefined : parseDecimal(regIdText, 0x7fff_ffff);
  if ((params.has('q') && q === undefined) || (params.has('reg-id') && !regId)) return undefined;
  const expiresSec = parseDeltaSeconds(params.get('expires') ?? '');
  const instance = params.get('+sip.instance');
  const uri = parseSipUri(nameAddr.uri);
  const uriKey = uri.ok ? sipUriKey(uri.value) : nameAddr.uri;
  const contact: Mutable<Contact> = { uri: nameAddr.uri, params, text, uriKey };
  if (nameAddr.displayName !== undefined) contact.displayName = nameAddr.displayName;
  if (q !== undefined) contact.q = q;
  if (expiresSec !== undefined) contact.expiresSec = expiresSec;
  if (instance !== undefined) contact.instanceId = instance.replace(/^<(.*)>$/, '$1');
  if (regId !== undefined) contact.regId = regId;
  if (contact.instanceId !== undefined && regId !== undefined) {
    contact.flowKey = `${contact.instanceId.toLowerCase()} ${regId}`;
  }
  return contact;
}

/**
 * The Contact with its header parameters as they were written (RFC 3840 §9: values of feature tags stand in quotes), but for those named in
 * `without`, and `params` behind them.
 */
export function formatContact(
  { text, uri, displayName }: Pick<Contact, 'text' | 'uri'> & { readonly displayName?: string | undefined },
  without: ReadonlySet<string>,
  params: ReadonlyMap<string, string>,
): string {
  const kept = splitParams(headerParamsOf(text)).filter((param) => !without.has(nameOfParam(param)));
  const address = formatNameAddr({ uri, ...(displayName !== undefined && { displayName }) });
  return `${address}${kept.map((param) => `;${param}`).join('')}${formatParams(params)}`;
}

/** `qvalue` of RFC 3261 §25.1: 0 to 1 with up to three decimals. */
function parseQValue(text: string): number | undefined {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : undefined;
}

/** Seconds that Expires names; `undefined` where there is none, or it is malformed. */
export function expiresSecOf(headers: SipHeaders): number | undefined {
  return headers.derive(readExpires);
}

function readExpires(headers: SipHeaders): number | undefined {
  return parseDeltaSeconds(headers.get('Expires') ?? '');
}

/** Expires and `expires=`: digits, those beyond 2^32 - 1 taken as that; `undefined` for anything else. */
export function parseDeltaSeconds(text: string): number | undefined {
  const seconds = parseDecimal(text, Infinity);
  return seconds === undefined ? undefined : Math.min(seconds, MAX_DELTA_SECONDS);
}
