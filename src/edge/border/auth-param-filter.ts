import { parseAuthFields } from '../../sip/auth-params.ts';
import { trimBlanks } from '../../sip/character-class.ts';
import { splitList } from '../../sip/list.ts';

/**
 * Returns a function that takes parameters off the value of a field of credentials or of a challenge. `names`: lower case. `sign`: what stands in
 * any text that a reader, however lenient, could find one of them in. All other parameters stay as they are, and a value that has none of these
 * stays byte for byte. `undefined`, so that the field has to go: the value cannot be read, or not by everybody alike, and shows the sign.
 */
export function createAuthParamFilter(names: readonly string[], sign: RegExp): (value: string) => string | undefined {
  const unwanted = new Set(names);
  const isWanted = (item: string): boolean => !unwanted.has(nameOf(item));
  return (value) => {
    if (!sign.test(value)) return value;
    const fields = parseAuthFields(value);
    // Repeated names make a list unreadable, so the items are judged first and the rest afterwards.
    const items = splitList(fields?.rest ?? '');
    const kept = items.filter(isWanted);
    const scheme = value.slice(0, fields?.scheme.length ?? 0);
    const text = kept.length === items.length ? value : `${scheme} ${kept.join(', ')}`;
    if (!sign.test(text)) return text;
    const isReadable = fields !== undefined && parseAuthFields(text)?.params !== undefined;
    return isReadable && isQuotedPlainly(text, sign) ? text : undefined;
  };
}

function nameOf(item: string): string {
  return trimBlanks(item.slice(0, Math.max(0, item.indexOf('=')))).toLowerCase();
}

/** Whether the sign stands in quotes for every reader, also for one that knows no backslash. */
function isQuotedPlainly(text: string, sign: RegExp): boolean {
  return !text.includes('\\') && !sign.test(text.replace(/"[^"]*"/g, '""'));
}
