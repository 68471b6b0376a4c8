import { fail, ok, type Result } from '../../base/result.ts';
import { parseContacts, expiresSecOf, type Contact } from '../../sip/contact.ts';
import { type SipRequest } from '../../sip/message.ts';
import { parseSipUri, type SipUri } from '../../sip/uri.ts';
import { sameSipUri } from '../../sip/uri-equality.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegistrationOptions } from '../edge-options.ts';
import { bindingKey, isFlowKey, supportsOutbound } from '../registration/registration-id.ts';
import { type Binding } from './binding.ts';

export type RegisterRefusal =
  | 'malformed-contact'
  | 'wildcard-without-expires-0'
  | 'contact-scheme'
  | 'too-brief'
  | 'out-of-order'
  | 'too-many-contacts';

/** A binding to be written or refreshed. */
export interface PlannedBinding {
  readonly key: string;
  readonly contact: Contact;
  /** Seconds that the registrar grants, above 0. */
  readonly expiresSec: number;
}

export interface RegisterPlan {
  readonly put: readonly PlannedBinding[];
  readonly remove: Iterable<Binding>;
  /** Bindings that a Contact of the request stands for as well, though it was registered in another way. They end. */
  readonly displaced: Iterable<Binding>;
}

/**
 * RFC 3261 §10.3 steps 6 and 7 with RFC 5626 §6: what a REGISTER changes about the bindings of its AoR. A REGISTER changes all it asks
 * for or nothing, so the whole is judged before anything is written.
 */
export function planRegister(
  request: SipRequest,
  essentials: RequestEssentials,
  existing: readonly Binding[],
  options: RegistrationOptions,
): Result<RegisterPlan, RegisterRefusal> {
  const contacts = parseContacts(request.headers);
  if (!contacts.ok) return fail('malformed-contact');
  const headerSec = expiresSecOf(request.headers);
  if (contacts.value === '*') {
    if (headerSec !== 0) return fail('wildcard-without-expires-0');
    if (existing.some((binding) => isOutOfOrder(binding, essentials))) return fail('out-of-order');
    return ok({ put: [], remove: existing, displaced: [] });
  }
  const put = new Map<string, PlannedBinding>();
  const remove = new Set<Binding>();
  const displaced = new Set<Binding>();
  const outbound = supportsOutbound(request);
  for (const contact of contacts.value) {
    const uri = parseSipUri(contact.uri);
    if (!uri.ok) return fail('contact-scheme');
    const key = bindingKey(contact, outbound);
    const wishedSec = contact.expiresSec ?? headerSec ?? options.defaultExpiresSec;
    for (const binding of existing) {
      if (!isSame(binding, key, uri.value)) continue;
      if (isOutOfOrder(binding, essentials)) return fail('out-of-order');
      if (binding.key !== key) displaced.add(binding);
      else if (wishedSec === 0) remove.add(binding);
    }
    if (wishedSec > 0 && wishedSec < options.minExpiresSec) return fail('too-brief');
    if (wishedSec > 0) put.set(key, { key, contact, expiresSec: Math.min(wishedSec, options.maxExpiresSec) });
  }
  let count = put.size;
  for (const binding of existing) {
    if (!remove.has(binding) && !displaced.has(binding) && !put.has(binding.key)) count += 1;
  }
  if (put.size > 0 && count > options.contactsPerUser) return fail('too-many-contacts');
  for (const binding of displaced) if (put.has(binding.key)) displaced.delete(binding);
  return ok({ put: [...put.values()], remove, displaced });
}

/**
 * Whether a Contact stands for this binding. Two flows of instances compare by instance and reg-id (RFC 5626 §6). Where one of the two is no
 * such flow, as when a client leaves outbound out of its next REGISTER, they compare by URI (RFC 3261 §10.3 step 7 and §19.1.4).
 */
function isSame(binding: Binding, key: string, uri: SipUri): boolean {
  if (binding.key === key) return true;
  if (isFlowKey(binding.key) && isFlowKey(key)) return false;
  const bound = parseSipUri(binding.contact.uri);
  return bound.ok && sameSipUri(bound.value, uri);
}

/** RFC 3261 §10.3 step 7: with the same Call-ID, only a higher CSeq is news. */
export function isOutOfOrder(binding: Binding, { callId, cseq }: RequestEssentials): boolean {
  return binding.callId === callId && cseq.sequence <= binding.cseq;
}
