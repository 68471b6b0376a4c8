import { endOfParam } from './params.ts';
import { unescapeText } from './uri.ts';

/**
 * `text` without those of its `;name=value` parameters that have one of these names (lower case; an escaped name is the same name). All others stay
 * byte for byte. What stands before the first semicolon is no parameter.
 */
export function withoutParams(text: string, names: ReadonlySet<string>): string {
  let start = text.indexOf(';');
  if (start < 0) return text;
  let kept = text.slice(0, start);
  while (start < text.length) {
    const end = endOfParam(text, start + 1);
    const param = text.slice(start, end);
    if (!names.has(nameOf(param))) kept += param;
    start = end;
  }
  return kept.length === text.length ? text : kept;
}

/** The name in `;name=value`. */
function nameOf(param: string): string {
  const equals = param.indexOf('=');
  const name = equals < 0 ? param.slice(1) : param.slice(1, equals);
  return unescapeText(name.trim()).toLowerCase();
}
