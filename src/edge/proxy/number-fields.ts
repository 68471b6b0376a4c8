import { HeaderField } from '../../sip/header-field.ts';
import { headerKey } from '../../sip/header-names.ts';

/** Fields of one name that hold a number: a small one, as nearly all are, is made once. */
export class NumberFields {
  readonly #name: string;
  readonly #key: string;
  readonly #most: number;
  readonly #made: HeaderField[] = [];

  /** `most`: the largest number whose field is kept. */
  constructor(name: string, most: number) {
    this.#name = name;
    this.#key = headerKey(name);
    this.#most = most;
  }

  /** `value`: a whole number from 0. */
  of(value: number): HeaderField {
    if (value > this.#most) return this.#make(value);
    return (this.#made[value] ??= this.#make(value));
  }

  #make(value: number): HeaderField {
    return new HeaderField(this.#name, this.#key, String(value));
  }
}
