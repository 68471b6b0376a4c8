import { TextMemo } from '../base/text-memo.ts';
import { splitList } from './list.ts';
import { type SipHeaders } from './message.ts';

/** Whether the sender of a message says in Supported (RFC 3261 §20.37) that it knows an extension. `tag`: its option tag, in lower case. */
export function supportsOption(headers: SipHeaders, tag: string): boolean {
  return headers.derive(optionTags).has(tag);
}

/** Clients of one kind list the same. */
const listed = new TextMemo<ReadonlySet<string>>(
  256,
  (text) => new Set(splitList(text).map((option) => option.toLowerCase())),
);

function optionTags(headers: SipHeaders): ReadonlySet<string> {
  return listed.get(headers.getAll('Supported').join(','));
}
