/** One header field (RFC 3261 §7.3). It never changes, so that messages share it: a response has the fields of its request. */
export class HeaderField {
  /** As spelled. */
  readonly name: string;
  /** Under which names compare (`headerKey`). */
  readonly key: string;
  /** Folded lines joined, without blanks around it. */
  readonly value: string;
  #line: string | undefined;

  /** `line`: as it goes on the wire, where that is known already. */
  constructor(name: string, key: string, value: string, line?: string) {
    this.name = name;
    this.key = key;
    this.value = value;
    this.#line = line;
  }

  /** As it goes on the wire, with its CRLF. */
  get line(): string {
    return (this.#line ??= `${this.name}: ${this.value}\r\n`);
  }
}
