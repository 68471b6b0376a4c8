import { type SipHeaders } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type Identity } from '../registration/identity.ts';
import { identityFor, type Speaker } from '../registration/speak-as.ts';

const ASSERTIONS: ReadonlySet<string> = new Set(['p-asserted-identity', 'p-preferred-identity']);
/** RFC 3325 §9.2: one of `sip`, one of `tel`. What a client writes besides is not read. */
const MAX_PREFERRED = 2;

/**
 * RFC 3325 §5 and TS 24.229 §5.2.6.3.1: what the client would like to be known as, if it is one of its identities; else what it goes by in this message,
 * `named`, where that decides; else the default identity. One `sip` and one `tel` identity may stand together.
 */
export function assertIdentity(headers: SipHeaders, speaker: Speaker, named?: Identity): void {
  const preferred = preferredOf(headers, speaker);
  dropAssertion(headers);
  const [chosen = named ?? speaker.identities[0]] = preferred;
  const other = preferred.find(({ key }) => isTel(key) !== isTel(chosen?.key));
  for (const identity of [chosen, other]) {
    if (identity) headers.append('P-Asserted-Identity', identity.value);
  }
}

/** From plays no part in what is asserted, but where only a wildcard lets the client speak as that: the wildcard itself is nobody. */
export function identityOfSender(from: string, speaker: Speaker): Identity | undefined {
  const identity = speaker.wildcards.length > 0 ? identityIn(from, speaker) : undefined;
  return speaker.identities.some(({ key }) => key === identity?.key) ? undefined : identity;
}

/** The identity in a value of a field such as From or P-Called-Party-ID. */
export function identityIn(value: string, speaker: Speaker): Identity | undefined {
  const nameAddr = parseNameAddr(value);
  return nameAddr.ok ? identityFor(nameAddr.value.uri, speaker) : undefined;
}

/** A client asserts nothing, and what it prefers is meant for this edge only. */
export function dropAssertion(headers: SipHeaders): void {
  headers.removeKeys(ASSERTIONS);
}

function preferredOf(headers: SipHeaders, speaker: Speaker): Identity[] {
  return headers.getList('P-Preferred-Identity', MAX_PREFERRED).flatMap((value) => identityIn(value, speaker) ?? []);
}

function isTel(key: string | undefined): boolean {
  return key?.startsWith('tel:') ?? false;
}
