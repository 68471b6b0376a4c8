import { type Now } from '../../base/clock.ts';
import { type Contact, parseContacts, parseDeltaSeconds } from '../../sip/contact.ts';
import { type SipRequest } from '../../sip/message.ts';
import { bindingKey, registrationIdOf, supportsOutbound } from '../registration/registration-id.ts';
import { type CheckedToken } from './bound-tokens.ts';
import { type PoolHolders } from './pool-holders.ts';

/** A REGISTER that shows a good token. */
export interface RegisterFacts {
  readonly request: SipRequest;
  /** Key (`identityKey`) of the URI in To. */
  readonly identity: string;
  /** Address of record in To; `undefined` when no user of this edge has it. */
  readonly aor: string | undefined;
  /** Address of record in From; `undefined` when no user of this edge has it. */
  readonly fromAor: string | undefined;
  readonly now: Now;
  /** A token that has fewer seconds left makes no registration. */
  readonly minLeftSec: number;
}

export type RegisterUseDefect = 'token-identity' | 'token-expired' | 'token-in-use' | 'bad-contact';

/** Whether a REGISTER asks for what its token is good for; `undefined` if it does. */
export function judgeRegister(
  { request, identity, aor, fromAor, now, minLeftSec }: RegisterFacts,
  { login, identities, isPool }: CheckedToken,
  poolHolders: PoolHolders,
): RegisterUseDefect | undefined {
  // The token is for its holder alone: nobody registers for somebody else by it.
  if (aor === undefined || fromAor !== aor || !identities.has(identity)) return 'token-identity';
  const contacts = parseContacts(request.headers);
  // What this edge cannot read a core may, and grant it more time than the token has left.
  if (!contacts.ok) return 'bad-contact';
  if (contacts.value === '*') return undefined;
  const headerSec = parseDeltaSeconds(request.headers.get('Expires') ?? '');
  const wanted = contacts.value.filter(({ expiresSec }) => (expiresSec ?? headerSec) !== 0);
  if (wanted.length === 0) return undefined;
  if (login.expiresAtSec * 1000 - now.unixMs < minLeftSec * 1000) return 'token-expired';
  if (!isPool) return undefined;
  const [first, ...others] = wanted;
  if (!first || others.length > 0) return 'token-in-use';
  return poolHolders.take(aor, idOf(aor, first, request), now.monotonicMs) ? undefined : 'token-in-use';
}

function idOf(aor: string, contact: Contact, request: SipRequest): string {
  return registrationIdOf(aor, bindingKey(contact, supportsOutbound(request)));
}
