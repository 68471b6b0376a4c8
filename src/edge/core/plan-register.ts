import { fail, ok, type Result } from '../../core/result.ts';
import { parseContacts, parseDeltaSeconds, type Contact } from '../../sip/contact.ts';
import { type SipRequest } from '../../sip/message.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegistrationOptions } from '../edge-options.ts';
import { bindingKey, supportsOutbound } from '../registration/registration-id.ts';
import { type Binding } from './binding-table.ts';

export type RegisterFault =
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
  /** Granted seconds, above 0. */
  readonly expiresSec: number;
}

export interface RegisterPlan {
  readonly put: readonly PlannedBinding[];
  readonly remove: readonly Binding[];
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
): Result<RegisterPlan, RegisterFault> {
  const contacts = parseContacts(request.headers);
  if (!contacts.ok) return fail('malformed-contact');
  const headerSec = parseDeltaSeconds(request.headers.get('Expires') ?? '');
  if (contacts.value === '*') {
    if (headerSec !== 0) return fail('wildcard-without-expires-0');
    if (existing.some((binding) => isOutOfOrder(binding, essentials))) return fail('out-of-order');
    return ok({ put: [], remove: existing });
  }
  const put = new Map<string, PlannedBinding>();
  const remove = new Set<Binding>();
  const outbound = supportsOutbound(request);
  for (const contact of contacts.value) {
    if (!parseSipUri(contact.uri).ok) return fail('contact-scheme');
    const key = bindingKey(contact, outbound);
    const before = existing.find((binding) => binding.key === key);
    if (before && isOutOfOrder(before, essentials)) return fail('out-of-order');
    const wishedSec = contact.expiresSec ?? headerSec ?? options.defaultExpiresSec;
    if (wishedSec > 0 && wishedSec < options.minExpiresSec) return fail('too-brief');
    if (wishedSec > 0) put.set(key, { key, contact, expiresSec: Math.min(wishedSec, options.maxExpiresSec) });
    else if (before) remove.add(before);
  }
  const kept = existing.filter((binding) => !remove.has(binding) && !put.has(binding.key));
  if (put.size > 0 && kept.length + put.size > options.contactsPerUser) return fail('too-many-contacts');
  return ok({ put: [...put.values()], remove: [...remove] });
}

/** RFC 3261 §10.3 step 7: with the same Call-ID, only a higher CSeq is news. */
function isOutOfOrder(binding: Binding, { callId, cseq }: RequestEssentials): boolean {
  return binding.callId === callId && cseq.sequence <= binding.cseq;
}
