import { type Attribute } from '../attribute.ts';
import { decodePasswordAlgorithms, encodePasswordAlgorithms } from '../codec/password-algorithm-codec.ts';
import { type PasswordAlgorithmChoice } from '../password-algorithm.ts';

const name = 'PASSWORD-ALGORITHMS';

/** RFC 8489 §14.11. What the server offers; the client returns it unchanged. */
export const passwordAlgorithms: Attribute<readonly PasswordAlgorithmChoice[]> = {
  type: 0x8002,
  name,
  decode: decodePasswordAlgorithms,
  encode: (choices) => encodePasswordAlgorithms(name, choices),
};
