import { type Attribute } from '../attribute.ts';
import { decodePasswordAlgorithms, encodePasswordAlgorithms } from '../codec/password-algorithm-codec.ts';
import { type PasswordAlgorithmChoice } from '../password-algorithm.ts';

const name = 'PASSWORD-ALGORITHM';

/** RFC 8489 §14.12. What the client chose: exactly one. */
export const passwordAlgorithm: Attribute<PasswordAlgorithmChoice> = {
  type: 0x001d,
  name,
  decode: (value) => {
    const choices = decodePasswordAlgorithms(value);
    return choices?.length === 1 ? choices[0] : undefined;
  },
  encode: (choice) => encodePasswordAlgorithms(name, [choice]),
};
