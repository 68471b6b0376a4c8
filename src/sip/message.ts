import { EpcscfTurnError } from '../base/errors.ts';
import { isToken, trimBlanks } from './character-class.ts';
import { HeaderField } from './header-field.ts';
import { headerKey, knownHeaderKey } from './header-names.ts';
import { addListValues, endOfFirstListValue, firstListValue } from './list.ts';
import { isNeverRead, type RepeatedFields } from './repeated-fields.ts';

const CONTENT_LENGTH = 'content-length';

/**
 * Header fields in the order of the wire (RFC 3261 §7.3). Names compare without case and in compact or long form; their spelling and
 * the text of every value are kept, so that what is only forwarded leaves as it came.
 */
export class SipHeaders {
  #fields: HeaderField[] = [];
  #repeated: RepeatedFields | undefined;

  /** Number of header field lines. */
  get count(): number {
    return this.#fields.length;
  }

  /** The value of the first field of that name, folded lines joined, blanks around it removed. */
  get(name: string): string | undefined {
    return this.#fields[this.#find(headerKey(name))]?.value;
  }

  /**
   * What `reader` makes of the fields. Of a REGISTER that repeats the last one of its client it is known already: each reader is asked once. It looks at no
   * field that `isNeverRepeated`.
   */
  derive<T>(reader: (headers: SipHeaders) => T): T {
    return this.#repeated ? this.#repeated.read(reader, this) : reader(this);
  }

  /** The value of every field of that name, in order; comma-separated lists stay whole. */
  getAll(name: string): string[] {
    const key = headerKey(name);
    const values: string[] = [];
    for (const field of this.#fields) if (field.key === key) values.push(field.value);
    return values;
  }

  /** The first value of that name: a list is split. */
  getFirst(name: string): string | undefined {
    const key = headerKey(name);
    for (const field of this.#fields) {
      const first = field.key === key ? firstListValue(field.value) : undefined;
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** The values of every field of that name, the first `max` of them: lists are split at commas outside quotes and angle brackets. */
  getList(name: string, max = Infinity): string[] {
    const key = headerKey(name);
    const list: string[] = [];
    for (const field of this.#fields) if (field.key === key) addListValues(list, field.value, max);
    return list;
  }

  has(name: string): boolean {
    return this.#find(headerKey(name)) >= 0;
  }

  /** Whether there is more than one field of that name. */
  isRepeated(name: string): boolean {
    const key = headerKey(name);
    const first = this.#find(key);
    return first >= 0 && this.#find(key, first + 1) >= 0;
  }

  /** Puts one field in the place of the first of that name and takes the others away; appends when there is none. */
  set(name: string, value: string): void {
    this.setField(createField(name, value));
  }

  /** The same for a field that is judged already. */
  setField(field: HeaderField): void {
    this.#changes(field.key);
    const index = this.#find(field.key);
    if (index < 0) {
      this.#fields.push(field);
      return;
    }
    this.#fields[index] = field;
    this.#removeFrom(index + 1, field.key);
  }

  append(name: string, value: string): void {
    this.appendField(createField(name, value));
  }

  /** Inserts before the first field of that name, else on top: what Via, Route and Record-Route want. */
  prepend(name: string, value: string): void {
    this.prependField(createField(name, value));
  }

  /** The same for a field that is judged already. */
  prependField(field: HeaderField): void {
    this.#changes(field.key);
    this.#fields.splice(Math.max(0, this.#find(field.key)), 0, field);
  }

  /** Takes the first value of a comma-separated field away, as Via and Route need it, and returns it. */
  removeFirst(name: string): string | undefined {
    const index = this.#find(headerKey(name));
    const field = this.#fields[index];
    if (!field) return undefined;
    this.#changes(field.key);
    const { value } = field;
    const comma = endOfFirstListValue(value);
    if (comma < 0) this.#fields.splice(index, 1);
    else this.#fields[index] = new HeaderField(field.name, field.key, trimBlanks(value, comma + 1));
    return comma < 0 ? value : trimBlanks(value, 0, comma);
  }

  /** Takes every field of that name away; false when there was none. */
  remove(name: string): boolean {
    const key = headerKey(name);
    const isThere = this.#removeFrom(0, key);
    if (isThere) this.#changes(key);
    return isThere;
  }

  /** Takes every field of these names away; false when there was none. `keys`: from `headerKey`. Allocates nothing: each message is looked at so. */
  removeKeys(keys: ReadonlySet<string>): boolean {
    const fields = this.#fields;
    let kept = 0;
    for (const field of fields) {
      if (keys.has(field.key)) continue;
      fields[kept++] = field;
    }
    if (kept < fields.length) this.#repeated = this.#repeated?.without(keys);
    return this.#truncate(kept);
  }

  /** Whether there is a field of any of these names. `keys`: from `headerKey`. Allocates nothing. */
  hasAny(keys: ReadonlySet<string>): boolean {
    for (const { key } of this.#fields) if (keys.has(key)) return true;
    return false;
  }

  /** The name as spelled, and the value, of each field in order. */
  *entries(): IterableIterator<[string, string]> {
    for (const { name, value } of this.#fields) yield [name, value];
  }

  /** The fields in order. */
  get fields(): readonly HeaderField[] {
    return this.#fields;
  }

  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#fields = this.#fields.slice();
    copy.#repeated = this.#repeated;
    return copy;
  }

  /** Appends the fields of that name of another message, the first `max` of them, as `name`: their values were judged when they got there. */
  appendFrom(other: SipHeaders, name: string, max = Infinity): void {
    const key = headerKey(name);
    let count = 0;
    for (const field of other.#fields) {
      if (field.key !== key) continue;
      if (count++ === max) return;
      this.appendField(field.name === name ? field : new HeaderField(name, key, field.value));
    }
  }

  /** Puts the fields of that name of another message in the place of its own, which are not looked at; on top where it has none. */
  takeFrom(other: SipHeaders, name: string): void {
    const key = headerKey(name);
    const taken = other.#fields.filter((field) => field.key === key);
    const first = this.#find(key);
    this.#changes(key);
    if (first >= 0) this.#removeFrom(first + 1, key);
    // As nearly always, one is put in the place of one.
    const [only] = taken;
    if (first >= 0 && only && taken.length === 1) this.#fields[first] = only;
    else this.#fields.splice(Math.max(0, first), first < 0 ? 0 : 1, ...taken);
  }

  /** For a field that is judged already, as the parser does while it scans. */
  appendField(field: HeaderField): void {
    this.#changes(field.key);
    this.#fields.push(field);
  }

  /** Whether they repeat the last message of their client, so that what `derive` makes is kept. */
  get areRepeated(): boolean {
    return this.#repeated !== undefined;
  }

  /** That the fields, as they are now, are those of an earlier message. */
  markRepeated(repeated: RepeatedFields | undefined): void {
    this.#repeated = repeated;
  }

  /** The field lines as they go on the wire. `contentLength` replaces every Content-Length, or is added as the last field. */
  formatLines(contentLength: number): string {
    let lines = '';
    let written = false;
    for (const field of this.#fields) {
      if (field.key !== CONTENT_LENGTH) {
        lines += field.line;
      } else if (!written) {
        written = true;
        lines += `${field.name}: ${contentLength}\r\n`;
      }
    }
    return written ? lines : `${lines}Content-Length: ${contentLength}\r\n`;
  }

  /** What was made of the fields before holds no more, unless it cannot have been made of this one. */
  #changes(key: string): void {
    if (this.#repeated && !isNeverRead(key)) this.#repeated = undefined;
  }

  #find(key: string, start = 0): number {
    const fields = this.#fields;
    for (let i = start; i < fields.length; i++) if (fields[i]?.key === key) return i;
    return -1;
  }

  #removeFrom(start: number, key: string): boolean {
    const fields = this.#fields;
    const first = this.#find(key, start);
    if (first < 0) return false;
    let kept = first;
    for (let i = first + 1; i < fields.length; i++) {
      const field = fields[i];
      if (field && field.key !== key) fields[kept++] = field;
    }
    return this.#truncate(kept);
  }

  /** False when there is nothing to take off. One by one: V8 leaves its compiled code to set the length of an array. */
  #truncate(count: number): boolean {
    const isLonger = this.#fields.length > count;
    while (this.#fields.length > count) this.#fields.pop();
    return isLonger;
  }
}

/**
 * A field of ours. Throws ERR_INVALID_ARGUMENT for a name or value with a line break, which would let whoever supplied it write header fields of its
 * own: that is a mistake of ours.
 */
export function createField(name: string, value: string): HeaderField {
  const known = knownHeaderKey(name);
  if (known === undefined && !isToken(name)) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `header name: expected a token, got ${JSON.stringify(name)}`);
  }
  if (value.includes('\r') || value.includes('\n')) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${name}: expected a value without line breaks`);
  }
  return new HeaderField(name, known ?? headerKey(name), trimBlanks(value));
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
