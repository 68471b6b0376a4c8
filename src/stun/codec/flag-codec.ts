import { type Attribute } from '../attribute.ts';

const NOTHING = new Uint8Array(0);

/** An attribute whose presence is all it says: its length is 0. */
export function flagAttribute(type: number, name: string): Attribute<true> {
  return {
    type,
    name,
    decode: (value) => (value.length === 0 ? true : undefined),
    encode: () => NOTHING,
  };
}
