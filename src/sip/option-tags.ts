import { splitList } from './list.ts';
import { type SipHeaders } from './message.ts';

/** Whether the sender of a message says in Supported (RFC 3261 §20.37) that it knows an extension. `tag`: its option tag, in lower case. */
export function supportsOption(headers: SipHeaders, tag: string): boolean {
  return headers.derive(optionTags).has(tag);
}

function optionTags(headers: SipHeaders): ReadonlySet<string> {
  return new Set(headers.getAll('Supported').flatMap((text) => splitList(text).map((option) => option.toLowerCase())));
}
