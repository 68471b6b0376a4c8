import { TextMemo } from '../base/text-memo.ts';
import { splitList } from './list.ts';
import { type SipHeaders } from './message.ts';

/** Option tags by the text of a field. Programs that speak SIP are few, and each writes one or two such texts. */
const memo = new TextMemo<ReadonlySet<string>>(256, (text) => new Set(splitList(text).map((tag) => tag.toLowerCase())));

/** Whether the sender of a message says in Supported (RFC 3261 §20.37) that it knows an extension. `tag`: its option tag, in lower case. */
export function supportsOption(headers: SipHeaders, tag: string): boolean {
  return headers.getAll('Supported').some((text) => memo.get(text).has(tag));
}
