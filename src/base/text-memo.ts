import { type OwnText, ownText } from './own-text.ts';

/** Characters of the longest text that is kept, unless another number is given. */
const MAX_LENGTH = 256;

/**
 * What texts were read as of late, for texts that come over and over: a client writes the same addresses into each message, and each message is looked at
 * by several rooms. A value depends on its text alone, nobody may change it, and it holds none of the message that the text was part of. Of two
 * generations of `capacity` texts the older is dropped when the younger is full: whoever sends many texts makes others be read anew, and no more.
 */
export class TextMemo<T> {
  readonly #read: (text: string) => T;
  readonly #capacity: number;
  readonly #maxLength: number;
  #younger = new Map<string, T>();
  #older = new Map<string, T>();

  /** A text of more than `maxLength` characters is read anew each time. */
  constructor(capacity: number, read: (text: string) => T, maxLength = MAX_LENGTH) {
    this.#capacity = capacity;
    this.#maxLength = maxLength;
    this.#read = read;
  }

  get(text: string): T {
    const known = this.#younger.get(text);
    if (known !== undefined) return known;
    if (text.length > this.#maxLength) return this.#read(text);
    const own = ownText(text);
    const value = this.#older.get(text) ?? this.#read(own);
    this.#add(own, value);
    return value;
  }

  /** Keeps what `get` would read a text as, for whoever has it before anybody asks. */
  put(text: OwnText, value: T): void {
    if (text.length <= this.#maxLength) this.#add(text, value);
  }

  #add(own: OwnText, value: T): void {
    if (this.#younger.size >= this.#capacity) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(own, value);
  }
}
