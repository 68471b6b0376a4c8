import { TextMemo } from '../../base/text-memo.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { formatNameAddr, parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { mentionsUri } from './mentions-uri.ts';
import { globalNumberOf, telKey } from './telephone-number.ts';
import { isWildcard } from './wildcard.ts';

/** A public user identity (IMPU) that a registered client may speak as. */
export interface Identity<Text extends string = string> {
  /** The `identityKey` of its URI. */
  readonly key: Text;
  /** `name-addr` as it stands in P-Asserted-Identity. */
  readonly value: Text;
  /** The global number that it is of, as its `telKey`. */
  readonly number: Text | undefined;
}

/** What a registrar says that a client may speak as. */
export interface Identities {
  /** The public user identities, the default identity first. */
  readonly identities: readonly Identity[];
  /** URIs of wildcarded identities, each of which stands for many and is none itself. */
  readonly wildcards: readonly string[];
}

/** How many identities of a registration are kept. A longer list of a core is cut. */
export const MAX_IDENTITIES = 64;
const MAX_WILDCARDS = 8;

/**
 * By which two URIs are one identity: scheme `sip` or `sips`, escapes, port and parameters make no difference; nor do separators in `tel`, and parameters
 * but for `phone-context`.
 */
export function identityKey(text: string): string {
  const uri = parseSipUri(text);
  if (!uri.ok) return telKey(text) ?? text;
  const { user, host } = uri.value;
  return user === undefined ? `sip:${host}` : `sip:${userKey(user)}@${host}`;
}

/** An escaped semicolon is another character than the one that begins a parameter of the user part (RFC 3261 §19.1.4). */
function userKey(user: string): string {
  if (!user.includes('%')) return user;
  const parts = user.split(';').map((part) => unescapeText(part).replace(/[%;]/g, encodeURIComponent));
  return parts.join(';');
}

/** The address-of-record as it may be sent: escapes as the client wrote them, nothing after the host. */
export function addressOf(to: string): string {
  const nameAddr = parseNameAddr(to);
  const uri = parseSipUri(nameAddr.ok ? nameAddr.value.uri : '');
  if (!uri.ok) return '';
  const { user, host } = uri.value;
  return user === undefined ? `sip:${host}` : `sip:${user}@${host}`;
}

/** `addressOf` what To says, for `SipHeaders.derive`. */
export function addressInTo(headers: SipHeaders): string {
  return addressOf(headers.get('To') ?? '');
}

/**
 * Who the client of this address (`addressOf`) may speak as, from the 2xx to its REGISTER: P-Associated-URI in its order, the default identity
 * first (TS 24.229 §5.2.2.1). An address-of-record that is not listed is barred; without the field there is no other than itself. An entry that
 * cannot be read stands for the address if it has it in it, and for nobody else. One with an exclamation mark is a wildcard, which is never asserted.
 */
export function identitiesOf(address: string, headers: SipHeaders): Identities {
  const own = ownIdentity.get(address);
  const listed = headers.getList('P-Associated-URI', MAX_IDENTITIES);
  if (listed.length === 0) return { identities: [own], wildcards: [] };
  const entries = listed.flatMap((text) => readEntry(text) ?? (mentionsUri(text, address) ? own : []));
  return {
    identities: entries.filter((entry) => typeof entry !== 'string'),
    wildcards: entries.filter((entry) => typeof entry === 'string').slice(0, MAX_WILDCARDS),
  };
}

/** The URI of a wildcard, or an identity. None of a scheme that nobody speaks as; `undefined` when the value cannot be read. */
function readEntry(text: string): Identity | string | readonly [] | undefined {
  const nameAddr = parseNameAddr(text);
  if (!nameAddr.ok) return undefined;
  const { uri, displayName } = nameAddr.value;
  if (!/^(?:sips?|tel):/i.test(uri)) return [];
  if (isWildcard(uri)) return uri;
  return createIdentity(uri, displayName);
}

/** Identities that addresses-of-record are, since each refresh names the same again. */
const ownIdentity = new TextMemo<Identity>(4096, (uri) => createIdentity(uri));

export function createIdentity(uri: string, displayName?: string): Identity {
  const value = formatNameAddr({ uri, ...(displayName !== undefined && { displayName }) });
  return { key: identityKey(uri), value, number: globalNumberOf(uri)?.number };
}
