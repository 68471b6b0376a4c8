/** Fields that each request has anew, or that prove something once. */
const NEVER_REPEATED: ReadonlySet<string> = new Set(['via', 'cseq', 'authorization', 'proxy-authorization']);

/** Fields that this edge writes into a request for a core, after it has looked at what the client has sent. */
const WRITTEN_FOR_CORE: ReadonlySet<string> = new Set([
  'p-visited-network-id',
  'p-charging-vector',
  'p-access-network-info',
]);

const NOTHING: readonly unknown[] = [];

export function isNeverRepeated(key: string): boolean {
  return NEVER_REPEATED.has(key);
}

/** Whether all that is made of the fields of a request was made before a field of this name is added or taken away, or without it. */
export function isNeverRead(key: string): boolean {
  return NEVER_REPEATED.has(key) || WRITTEN_FOR_CORE.has(key);
}

/** What was made of the fields that a client sends over and over. It is kept as long as they stay the same. */
export class RepeatedFields {
  /** A reader, then what it has made, and so on. As long as what it holds: growing by one at a time would leave it half empty for good. */
  #known: readonly unknown[] = NOTHING;
  #without: { readonly keys: ReadonlySet<string>; readonly fields: RepeatedFields } | undefined;

  /** What `reader` makes of these fields, which `headers` has. It is asked once, and is therefore no closure. */
  read<Headers, T>(reader: (headers: Headers) => T, headers: Headers): T {
    const known = this.#known.indexOf(reader);
    if (known >= 0) return this.#known[known + 1] as T;
    const result = reader(headers);
    this.#known = this.#known.concat([reader, result]);
    return result;
  }

  /** The same without the fields of these names: another object, the same one each time. */
  without(keys: ReadonlySet<string>): RepeatedFields {
    if (this.#without?.keys !== keys) this.#without = { keys, fields: new RepeatedFields() };
    return this.#without.fields;
  }
}
