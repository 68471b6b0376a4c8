import { parseIp, type AddressFamily } from './ip.ts';
import { parseIpRange, type IpRange } from './ip-range.ts';

/** An address as a number, the form in which ranges are compared. It is made once for many comparisons. */
export interface NumericAddress {
  readonly family: AddressFamily;
  readonly value: bigint;
}

/** The number of an address. Expects 4 or 16 bytes. */
export function numericAddress(bytes: Uint8Array): NumericAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (bytes.length === 4) return { family: 4, value: BigInt(view.getUint32(0)) };
  return { family: 6, value: (view.getBigUint64(0) << 64n) | view.getBigUint64(8) };
}

/** Ranges in the order given, each with a value; the first that holds an address answers for it. */
export class IpRanges<T = true> {
  readonly #entries: { readonly range: IpRange; readonly value: T }[] = [];

  /** The ranges that these texts name. The texts are expected to be checked: one that is no range is left out. */
  static of(texts: readonly string[]): IpRanges {
    const ranges = new IpRanges();
    for (const text of texts) ranges.add(text, true);
    return ranges;
  }

  /** Adds a range with its value. Returns false, and adds nothing, when `text` is no range (see `parseIpRange`). */
  add(text: string, value: T): boolean {
    const range = parseIpRange(text);
    if (!range) return false;
    this.#entries.push({ range, value });
    return true;
  }

  /** Whether an entry is for this one address. */
  hasExactly({ family, value }: NumericAddress): boolean {
    return this.#entries.some(({ range }) => range.family === family && range.first === value && range.last === value);
  }

  find({ family, value }: NumericAddress): { readonly range: IpRange; readonly value: T } | undefined {
    return this.#entries.find(({ range }) => range.family === family && range.first <= value && value <= range.last);
  }

  /** Whether a range holds the address of this text; false for text that is none. Where there are no ranges, nothing is parsed. */
  has(address: string): boolean {
    if (this.#entries.length === 0) return false;
    const bytes = parseIp(address);
    return bytes !== undefined && this.find(numericAddress(bytes)) !== undefined;
  }
}
