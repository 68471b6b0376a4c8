import { EpcscfTurnError } from '../base/errors.ts';
import { isToken, trimBlanks } from './character-class.ts';
import { headerKey, knownHeaderKey } from './header-names.ts';
import { addListValues, endOfFirstListValue, firstListValue } from './list.ts';

/**
 * Header fields in the order of the wire (RFC 3261 §7.3). Names compare without case and in compact or long form; their spelling and
 * the text of every value are kept, so that what is only forwarded leaves as it came.
 */
export class SipHeaders {
  #names: string[] = [];
  #keys: string[] = [];
  #values: string[] = [];

  /** Number of header field lines. */
  get count(): number {
    return this.#keys.length;
  }

  /** The value of the first field of that name, folded lines joined, blanks around it removed. */
  get(name: string): string | undefined {
    const index = this.#keys.indexOf(headerKey(name));
    return index < 0 ? undefined : this.#values[index];
  }

  /** The value of every field of that name, in order; comma-separated lists stay whole. */
  getAll(name: string): string[] {
    const key = headerKey(name);
    const values: string[] = [];
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key, i + 1))
      values.push(this.#values[i] ?? '');
    return values;
  }

  /** The first value of that name: a list is split. */
  getFirst(name: string): string | undefined {
    const key = headerKey(name);
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key, i + 1)) {
      const first = firstListValue(this.#values[i] ?? '');
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** The values of every field of that name, the first `max` of them: lists are split at commas outside quotes and angle brackets. */
  getList(name: string, max = Infinity): string[] {
    const key = headerKey(name);
    const list: string[] = [];
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key, i + 1)) {
      addListValues(list, this.#values[i] ?? '', max);
    }
    return list;
  }

  has(name: string): boolean {
    return this.#keys.includes(headerKey(name));
  }

  /** Whether there is more than one field of that name. */
  isRepeated(name: string): boolean {
    const key = headerKey(name);
    const first = this.#keys.indexOf(key);
    return first >= 0 && this.#keys.includes(key, first + 1);
  }

  /** Puts one field in the place of the first of that name and takes the others away; appends when there is none. */
  set(name: string, value: string): void {
    const key = checkedKey(name, value);
    const index = this.#keys.indexOf(key);
    if (index < 0) {
      this.appendParsed(name, key, trimBlanks(value));
      return;
    }
    this.#names[index] = name;
    this.#values[index] = trimBlanks(value);
    this.#removeFrom(index + 1, key);
  }

  append(name: string, value: string): void {
    this.appendParsed(name, checkedKey(name, value), trimBlanks(value));
  }

  /** Inserts before the first field of that name, else on top: what Via, Route and Record-Route want. */
  prepend(name: string, value: string): void {
    const key = checkedKey(name, value);
    const index = Math.max(0, this.#keys.indexOf(key));
    this.#names.splice(index, 0, name);
    this.#keys.splice(index, 0, key);
    this.#values.splice(index, 0, trimBlanks(value));
  }

  /** Takes the first value of a comma-separated field away, as Via and Route need it, and returns it. */
  removeFirst(name: string): string | undefined {
    const index = this.#keys.indexOf(headerKey(name));
    if (index < 0) return undefined;
    const value = this.#values[index] ?? '';
    const comma = endOfFirstListValue(value);
    if (comma < 0) this.#removeAt(index);
    else this.#values[index] = trimBlanks(value, comma + 1);
    return comma < 0 ? value : trimBlanks(value, 0, comma);
  }

  /** Takes every field of that name away; false when there was none. */
  remove(name: string): boolean {
    return this.#removeFrom(0, headerKey(name));
  }

  /** Takes every field of these names away; false when there was none. `keys`: from `headerKey`. Allocates nothing: each message is looked at so. */
  removeKeys(keys: ReadonlySet<string>): boolean {
    let kept = 0;
    for (let i = 0; i < this.#keys.length; i++) {
      const key = this.#keys[i] ?? '';
      if (keys.has(key)) continue;
      if (kept < i) {
        this.#names[kept] = this.#names[i] ?? '';
        this.#keys[kept] = key;
        this.#values[kept] = this.#values[i] ?? '';
      }
      kept++;
    }
    return this.#truncate(kept);
  }

  /** Whether there is a field of any of these names. `keys`: from `headerKey`. Allocates nothing. */
  hasAny(keys: ReadonlySet<string>): boolean {
    for (const key of this.#keys) if (keys.has(key)) return true;
    return false;
  }

  /** The fields in order: the name as spelled, and the value. */
  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i] ?? '', this.#values[i] ?? ''];
  }

  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#names = this.#names.slice();
    copy.#keys = this.#keys.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  /** Appends the fields of that name of another message, the first `max` of them, as `name`: their values were judged when they got there. */
  appendFrom(other: SipHeaders, name: string, max = Infinity): void {
    const key = headerKey(name);
    let index = other.#keys.indexOf(key);
    for (let count = 0; index >= 0 && count < max; count++) {
      this.appendParsed(name, key, other.#values[index] ?? '');
      index = other.#keys.indexOf(key, index + 1);
    }
  }

  /** For a name and value that are judged already, as the parser does while it scans them. */
  appendParsed(name: string, key: string, value: string): void {
    this.#names.push(name);
    this.#keys.push(key);
    this.#values.push(value);
  }

  /** The field lines as they go on the wire. `contentLength` replaces every Content-Length, or is added as the last field. */
  formatLines(contentLength: number): string {
    let lines = '';
    let written = false;
    for (let i = 0; i < this.#keys.length; i++) {
      if (this.#keys[i] !== 'content-length') {
        lines += `${this.#names[i] ?? ''}: ${this.#values[i] ?? ''}\r\n`;
      } else if (!written) {
        written = true;
        lines += `${this.#names[i] ?? ''}: ${contentLength}\r\n`;
      }
    }
    return written ? lines : `${lines}Content-Length: ${contentLength}\r\n`;
  }

  #removeAt(index: number): void {
    this.#names.splice(index, 1);
    this.#keys.splice(index, 1);
    this.#values.splice(index, 1);
  }

  #removeFrom(start: number, key: string): boolean {
    const first = this.#keys.indexOf(key, start);
    if (first < 0) return false;
    let kept = first;
    for (let i = first; i < this.#keys.length; i++) {
      if (this.#keys[i] === key) continue;
      this.#names[kept] = this.#names[i] ?? '';
      this.#keys[kept] = this.#keys[i] ?? '';
      this.#values[kept] = this.#values[i] ?? '';
      kept++;
    }
    return this.#truncate(kept);
  }

  /** False when there is nothing to take off. One by one: V8 leaves its compiled code to set the length of an array. */
  #truncate(count: number): boolean {
    const isLonger = this.#keys.length > count;
    while (this.#keys.length > count) {
      this.#names.pop();
      this.#keys.pop();
      this.#values.pop();
    }
    return isLonger;
  }
}

/** A name or value with a line break would let whoever supplied it write header fields of its own: that is a mistake of ours. */
function checkedKey(name: string, value: string): string {
  const known = knownHeaderKey(name);
  if (known === undefined && !isToken(name)) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `header name: expected a token, got ${JSON.stringify(name)}`);
  }
  if (value.includes('\r') || value.includes('\n')) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${name}: expected a value without line breaks`);
  }
  return known ?? headerKey(name);
}

/** Body of a message that has none. Shared, so nobody may write to it. */
export const NO_BODY = new Uint8Array(0);

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  /** Request-URI as on the wire. */
  uri: string;
  readonly headers: SipHeaders;
  /** Octets of whatever kind Content-Type says (RFC 3261 §7.4.1). Replaced as a whole, never written into: copies of a message share it. */
  body: Uint8Array;
}

export interface SipResponse {
  readonly kind: 'response';
  /** The status code, 100 to 699. */
  readonly status: number;
  readonly reason: string;
  readonly headers: SipHeaders;
  /** Octets of the body (see `SipRequest.body`). */
  body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;
