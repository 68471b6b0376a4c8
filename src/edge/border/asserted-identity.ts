import { type SipHeaders } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type Identity, identityKey } from '../registration/identity.ts';

/**
 * RFC 3325 §5 and TS 24.229 §5.2.6.3: what the client would like to be known as, if it is one of its identities; else `fallback`, else the
 * default identity. One `sip` and one `tel` identity may stand together.
 */
export function assertIdentity(headers: SipHeaders, identities: readonly Identity[], fallback?: Identity): void {
  const preferred = preferredOf(headers, identities);
  dropAssertion(headers);
  const [chosen = fallback ?? identities[0]] = preferred;
  const other = preferred.find(({ key }) => isTel(key) !== isTel(chosen?.key));
  for (const identity of [chosen, other]) {
    if (identity) headers.append('P-Asserted-Identity', identity.value);
  }
}

/** A client asserts nothing, and what it prefers is meant for this edge only. */
export function dropAssertion(headers: SipHeaders): void {
  headers.remove('P-Asserted-Identity');
  headers.remove('P-Preferred-Identity');
}

function preferredOf(headers: SipHeaders, identities: readonly Identity[]): Identity[] {
  return headers.getList('P-Preferred-Identity').flatMap((text) => {
    const nameAddr = parseNameAddr(text);
    const key = nameAddr.ok ? identityKey(nameAddr.value.uri) : undefined;
    return identities.find((identity) => identity.key === key) ?? [];
  });
}

function isTel(key: string | undefined): boolean {
  return key?.startsWith('tel:') ?? false;
}
