import { type Attribute } from '../attribute.ts';
import { decodeErrorCode, encodeErrorCode } from '../codec/error-code-codec.ts';

const name = 'ADDRESS-ERROR-CODE';

/** RFC 8656 §18.12. */
export const addressErrorCode: Attribute<{
  /** The family octet (`FamilyCode`) of the address that was not allocated. */
  readonly family: number;
  readonly code: number;
  readonly reason: string;
}> = {
  type: 0x8001,
  name,
  decode: (value) => {
    const fields = decodeErrorCode(value);
    return fields && { family: fields.firstOctet, code: fields.code, reason: fields.reason };
  },
  encode: ({ family, code, reason }) => encodeErrorCode(name, { firstOctet: family, code, reason }),
};
