/*
 * A terminal acts on control characters, and some of what is logged comes from strangers, such as an Origin. JSON leaves DEL, C1 (ECMA-48 §8.3: U+009B
 * is CSI) and the characters that turn the direction of text as they are.
 */
const RAW = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Any escape in JSON, so that the backslash of one is not taken for the beginning of another. */
const ESCAPE = /\\(?:u[\da-f]{4}|.)/gi;
/** Beginning of the JSON escape of a control character, the end of a line aside, or of one of the characters above. */
const CONTROL_ESCAPE = /^\\(?:[bfrt]|u00[01]|u00[789]|u20|u206)/i;

/** A line of JSON without control characters; its values are the same. */
export function escapeControls(line: string): string {
  return (
    line.trimEnd().replace(RAW, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`) + '\n'
  );
}

/** A line of JSON whose values show control characters as escapes, for a program that prints the values. */
export function showControls(line: string): string {
  return escapeControls(line).replace(ESCAPE, (escape) => (CONTROL_ESCAPE.test(escape) ? `\\${escape}` : escape));
}
