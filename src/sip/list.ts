import { trimBlanks } from './character-class.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const COMMA = 0x2c;

/** The first `max` values of a comma-separated header field (RFC 3261 §7.3.1), without the empty ones. One pass, whatever the text. */
export function splitList(text: string, max = Infinity): string[] {
  const values: string[] = [];
  addListValues(values, text, max);
  return values;
}

/** Adds the values of a comma-separated header field to those of fields before, until there are `max`. */
export function addListValues(values: string[], text: string, max: number): void {
  for (let start = 0; start <= text.length && values.length < max;) {
    const comma = endOfListValue(text, start);
    const end = comma < 0 ? text.length : comma;
    const value = trimBlanks(text, start, end);
    if (value !== '') values.push(value);
    start = end + 1;
  }
}

/** The first value that is not empty; `undefined` when there is none. */
export function firstListValue(text: string): string | undefined {
  if (text !== '' && !text.includes(',')) return text;
  return splitList(text, 1)[0];
}

/** Index of the comma that ends the first value, or -1 when it is the only one. */
export function endOfFirstListValue(text: string): number {
  return endOfListValue(text, 0);
}

/** A `"` or `<` that is never closed swallows the rest: one odd value, instead of a guess at several. */
function endOfListValue(text: string, start: number): number {
  if (!text.includes(',', start)) return -1;
  let quoted = false;
  let bracketed = false;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (bracketed) {
      if (code === GREATER_THAN) bracketed = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === LESS_THAN) bracketed = true;
    else if (code === COMMA) return i;
  }
  return -1;
}
