import { parseNameAddr } from '../../sip/name-addr.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { type Identity, identityKey } from './identity.ts';
import { type Registration } from './registration.ts';
import { identityOfWildcard } from './wildcard.ts';

/** What the registrar has said a client may speak as. */
export type Speaker = Pick<Registration, 'address' | 'identities' | 'wildcards'>;

/**
 * The identity that a client means by a URI, if it may speak as that: one that the registrar has listed; the same global number as a telephone URI or as a
 * SIP URI with `user=phone` (TS 24.229 §5.2.6.3.1, RFC 3261 §19.1.6); or what a wildcard of the list stands for.
 */
export function identityFor(uri: string, speaker: Speaker): Identity | undefined {
  const key = identityKey(uri);
  const listed = speaker.identities.find((identity) => identity.key === key);
  return listed ?? identityByNumber(uri, speaker) ?? identityByWildcard(uri, speaker);
}

/** A SIP URI that a client writes is that of a number only in its own domain: in another one it would show that domain as the caller's. */
function identityByNumber(uri: string, { address, identities }: Speaker): Identity | undefined {
  const asked = numberOf(uri);
  if (!asked || (asked.host !== undefined && asked.host !== hostOf(address))) return undefined;
  return identities.find(({ value }) => {
    const nameAddr = parseNameAddr(value);
    return nameAddr.ok && numberOf(nameAddr.value.uri)?.number === asked.number;
  });
}

function identityByWildcard(uri: string, { wildcards }: Speaker): Identity | undefined {
  for (const wildcard of wildcards) {
    const concrete = identityOfWildcard(wildcard, uri);
    if (concrete !== undefined) return { key: identityKey(concrete), value: `<${concrete}>` };
  }
  return undefined;
}

/** `host`: of a SIP URI. */
function numberOf(text: string): { readonly number: string; readonly host?: string } | undefined {
  if (/^tel:\+/i.test(text)) return { number: identityKey(text) };
  const uri = text.includes('user=') ? parseSipUri(text) : undefined;
  if (!uri?.ok || uri.value.params.get('user')?.toLowerCase() !== 'phone') return undefined;
  const user = unescapeText(uri.value.user ?? '');
  return user.startsWith('+') ? { number: identityKey(`tel:${user}`), host: uri.value.host } : undefined;
}

function hostOf(address: string): string | undefined {
  const uri = parseSipUri(address);
  return uri.ok ? uri.value.host : undefined;
}
