import { type Codec } from '../attribute.ts';

/** The presence of the attribute is all it says: its length is 0. */
export const flag: Codec<true> = () => ({
  decode: (_bytes, _at, length) => (length === 0 ? true : undefined),
  encode: () => 0,
});
