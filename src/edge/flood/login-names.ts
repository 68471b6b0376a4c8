import { boundedKey } from '../../base/bounded-key.ts';
import { readAuthFields } from '../../sip/auth-params.ts';
import { type SipRequest } from '../../sip/message.ts';
import { type HomeDomain } from '../home-domain.ts';

/** Fields that may carry a password's proof; a client has no use for more, and each costs its reading. */
const MAX_PROOFS = 4;

/** Stands for whoever is named in credentials that cannot be read; a core may read them all the same. No user is called so. */
const UNREADABLE = '?';

/** Whether a REGISTER has more credentials than anybody needs. Allocates nothing: each REGISTER is looked at so. */
export function hasTooManyProofs({ headers }: SipRequest): boolean {
  let count = 0;
  for (const { key } of headers.fields) if (key === 'authorization' || key === 'proxy-authorization') count++;
  return count > MAX_PROOFS;
}

/** Credentials of a REGISTER. */
export function loginProofs({ headers }: SipRequest): readonly string[] {
  return [...headers.getAll('Authorization'), ...headers.getAll('Proxy-Authorization')];
}

/** Whose passwords these credentials try, in the form they are counted under. `aor` is what is to be registered. */
export function loginNames(proofs: readonly string[], aor: string, home: HomeDomain): readonly string[] {
  const names = new Set<string>();
  for (const proof of proofs) {
    const fields = readAuthFields(proof);
    const username = fields?.params?.get('username');
    if (fields?.scheme !== 'digest') names.add(loginName(aor, home));
    else if (username === undefined) names.add(UNREADABLE);
    // TS 24.229 §5.1.1.2.2: an IMS client's first REGISTER names itself and proves nothing yet.
    else if (fields.params?.get('response') !== '') names.add(loginName(username, home));
  }
  return [...names];
}

/** `alice`, `alice@example.com`, `sip:alice@example.com` and `Alice` are one user: cores differ in which of them are the same. */
export function loginName(text: string, home: HomeDomain): string {
  const name = text.toLowerCase().replace(/^sips?:/, '');
  const suffix = `@${home.name}`;
  return boundedKey(name.endsWith(suffix) ? name.slice(0, -suffix.length) : name);
}
