import { type Attribute } from '../attribute.ts';
import { decodeErrorCode, encodeErrorCode } from '../codec/error-code-codec.ts';

const name = 'ERROR-CODE';

/** RFC 8489 §14.8. */
export const errorCode: Attribute<{ readonly code: number; readonly reason: string }> = {
  type: 0x0009,
  name,
  decode: (value) => {
    const fields = decodeErrorCode(value);
    return fields && { code: fields.code, reason: fields.reason };
  },
  encode: ({ code, reason }) => encodeErrorCode(name, { firstOctet: 0, code, reason }),
};
