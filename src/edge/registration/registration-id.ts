import { hash } from 'node:crypto';
import { type Contact } from '../../sip/contact.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { supportsOption } from '../../sip/option-tags.ts';

const FLOW = 'instance';

/** RFC 5626 §6: reg-id counts only from a client that says it supports outbound. */
export function supportsOutbound({ headers }: { readonly headers: SipHeaders }): boolean {
  return supportsOption(headers, 'outbound');
}

/**
 * RFC 5626 §6: with outbound, bindings compare by instance, a URN that is the same without regard to case, and reg-id, whatever the URI; else by URI,
 * however it is spelled.
 */
export function bindingKey({ uriKey, flowKey }: Contact, outbound: boolean): string {
  return outbound && flowKey !== undefined ? `${FLOW} ${flowKey}` : `uri ${uriKey}`;
}

/** Whether a `bindingKey` is that of a flow of an instance. */
export function isFlowKey(key: string): boolean {
  return key.startsWith(FLOW);
}

/** The registration id of one device of one user: 22 characters that stay the same over refreshes and reconnections, and tell nothing of either. */
export function registrationIdOf(aor: string, key: string): string {
  return hash('sha256', `${aor}\n${key}`, 'base64url').slice(0, 22);
}
