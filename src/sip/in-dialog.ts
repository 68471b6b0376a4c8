import { type SipHeaders, type SipRequest } from './message.ts';
import { parseNameAddr } from './name-addr.ts';

/** Whether a request belongs to a dialog that exists (RFC 3261 §12.2): its To has a tag. */
export function isInDialog({ headers }: Pick<SipRequest, 'headers'>): boolean {
  return headers.derive(hasToTag);
}

function hasToTag(headers: SipHeaders): boolean {
  const to = parseNameAddr(headers.get('To') ?? '');
  return to.ok && to.value.params.has('tag');
}
