import { type SipHeaders } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { unescapeText } from '../../sip/uri.ts';

const NONE: ReadonlySet<string> = new Set();

/**
 * What a client learns of the other party (RFC 3325 §7, RFC 7044 §10.1): the asserted identity unless Privacy says `id`, diversions unless
 * `history` or the entry itself is private. Whoever asked for no privacy wants to be known: TS 24.229 has P-Asserted-Identity shown then.
 */
export function withholdPrivate(headers: SipHeaders): void {
  const wishes = headers.has('Privacy') ? wishesOf(headers.getList('Privacy')) : NONE;
  if (wishes.has('id')) headers.remove('P-Asserted-Identity');
  for (const name of ['History-Info', 'Diversion']) {
    if (!headers.has(name)) continue;
    const entries = headers.getList(name);
    const shown = wishes.has('history') ? [] : entries.filter((entry) => !isPrivate(entry));
    if (shown.length === 0) headers.remove(name);
    else if (shown.length < entries.length) headers.set(name, shown.join(', '));
  }
}

function wishesOf(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.flatMap((value) => value.split(';').map(normal)));
}

/**
 * Whether an entry is private: by `?Privacy=history` in its URI, or by the parameter `privacy` of Diversion. An entry that cannot be read counts
 * as private.
 */
function isPrivate(entry: string): boolean {
  const nameAddr = parseNameAddr(entry);
  if (!nameAddr.ok) return true;
  const { uri, params } = nameAddr.value;
  const privacy = params.get('privacy') ?? 'off';
  const questionMark = uri.indexOf('?');
  const embedded = questionMark < 0 ? '' : unescapeText(uri.slice(questionMark + 1)).toLowerCase();
  return normal(privacy) !== 'off' || /(?:^|&)privacy=(?!none(?:&|$))/.test(embedded);
}

function normal(text: string): string {
  return text.trim().toLowerCase();
}
