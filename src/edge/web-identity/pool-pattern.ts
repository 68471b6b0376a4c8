const RANGE = /^([^{}]*)\{(\d{1,6})-(\d{1,6})\}([^{}]*)$/;
const DIGITS = /^\d{1,6}$/;

/**
 * Whether a private identity matches a pattern of a pool: at most one `*`, which stands for any characters but `@`, or one range of numbers such as
 * `{1-500}`. Case makes no difference.
 */
export function isInPool(impi: string, pattern: string): boolean {
  const text = impi.toLowerCase();
  const wanted = pattern.toLowerCase();
  const [, before, first = '', last = '', after = ''] = RANGE.exec(wanted) ?? [];
  if (before !== undefined) return isInRange(between(text, before, after), first, last);
  const [head = '', tail] = wanted.split('*', 2);
  if (tail === undefined) return text === head;
  return between(text, head, tail)?.includes('@') === false;
}

function between(text: string, head: string, tail: string): string | undefined {
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return undefined;
  return text.slice(head.length, text.length - tail.length);
}

/** Numbers are written with as many digits as the first of the range has: `{001-100}`. */
function isInRange(digits: string | undefined, first: string, last: string): boolean {
  if (digits === undefined || !DIGITS.test(digits)) return false;
  const number = Number(digits);
  const isWithin = number >= Number(first) && number <= Number(last);
  return isWithin && String(number).padStart(first.length, '0') === digits;
}
