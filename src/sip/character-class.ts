const TOKEN = 1;
const HOST = 2;
const USER = 4;
const PARAM = 8;
const HEX = 16;
const URI_HEADER = 32;
const URI = 64;

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UNRESERVED = `${ALPHANUMERIC}-_.!~*'()`;

/** One bit per character class of RFC 3261 §25.1, so that foreign text is judged by one table look-up a character. */
const classes = new Uint8Array(128);
mark(`${ALPHANUMERIC}-.!%*_+\`'~`, TOKEN);
mark(`${ALPHANUMERIC}-._`, HOST);
mark(`${UNRESERVED}&=+$,;?/%`, USER);
mark(`${UNRESERVED}[]/:&+$%`, PARAM);
mark(`${UNRESERVED}[]/?:+$%`, URI_HEADER);
mark(`${UNRESERVED};/?:@&=+$,[]%#`, URI);
mark('0123456789abcdefABCDEF', HEX);

function mark(characters: string, bit: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | bit;
  }
}

function consistsOf(text: string, bit: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (((classes[text.charCodeAt(i)] ?? 0) & bit) === 0) return false;
  }
  return text.length > 0;
}

/** `token` of RFC 3261 §25.1: at least one character. */
export function isToken(text: string): boolean {
  return consistsOf(text, TOKEN);
}

/** Characters of a host name or IPv4 address; `_` is tolerated, as the field uses it. */
export function isHostName(text: string): boolean {
  return consistsOf(text, HOST);
}

/** `user` and `password` of a SIP URI: every `%` must begin an escape. */
export function isUserInfo(text: string): boolean {
  return consistsOf(text, USER) && hasWholeEscapes(text);
}

/** `pname` and `pvalue` of a SIP URI. */
export function isUriParamText(text: string): boolean {
  return consistsOf(text, PARAM) && hasWholeEscapes(text);
}

/** `hname` and a non-empty `hvalue` of a SIP URI. */
export function isUriHeaderText(text: string): boolean {
  return consistsOf(text, URI_HEADER) && hasWholeEscapes(text);
}

/** What follows the scheme in a URI of any kind; `#` is a digit of telephones (RFC 3966 §3). */
export function isUriText(text: string): boolean {
  return consistsOf(text, URI) && hasWholeEscapes(text);
}

/** Hexadecimal digits: at least one. */
export function isHex(text: string): boolean {
  return consistsOf(text, HEX);
}

function hasWholeEscapes(text: string): boolean {
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 3)) {
    if (!isHexDigit(text.charCodeAt(at + 1)) || !isHexDigit(text.charCodeAt(at + 2))) return false;
  }
  return true;
}

function isHexDigit(code: number): boolean {
  return ((classes[code] ?? 0) & HEX) !== 0;
}

/** Linear white space inside one line: SP and HTAB. `String.trim` would also eat Unicode spaces that belong to the value. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The text between `start` and `end` without blanks at either side. */
export function trimBlanks(text: string, start = 0, end = text.length): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** The number in a text of digits; `undefined` for other text, and beyond `max`. */
export function parseDecimal(text: string, max: number): number | undefined {
  if (text.length === 0) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > max) return undefined;
  }
  return value;
}
