import { type Codec } from '../attribute.ts';

const NOTHING = new Uint8Array(0);

/** The presence of the attribute is all it says: its length is 0. */
export const flag: Codec<true> = () => ({
  decode: (value) => (value.length === 0 ? true : undefined),
  encode: () => NOTHING,
});
