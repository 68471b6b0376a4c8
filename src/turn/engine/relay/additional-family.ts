import { additionalAddressFamily, addressErrorCode } from '../../../stun/attributes/rfc8656.ts';
import { FamilyCode } from '../../../stun/address-family.ts';
import { type StunMessage } from '../../../stun/message.ts';

/** The numbers of ADDITIONAL-ADDRESS-FAMILY and ADDRESS-ERROR-CODE in the draft before RFC 8656; coturn and its client use no others. */
const draftAdditionalAddressFamily = { ...additionalAddressFamily, type: 0x8032 };
const draftAddressErrorCode = { ...addressErrorCode, type: 0x8033 };

export interface AdditionalFamily {
  /** The family octet as it came. */
  readonly code: number;
  /** Under which a client that asked like this is told of the family it does not get. */
  readonly errorAttribute: typeof addressErrorCode;
}

/** The wish for a second family (RFC 8656 §7.1). In the numbering of the draft, which is no standard, only the one valid value counts. */
export function additionalFamily(message: StunMessage): AdditionalFamily | undefined {
  const code = message.get(additionalAddressFamily);
  if (code !== undefined) return { code, errorAttribute: addressErrorCode };
  if (message.get(draftAdditionalAddressFamily) !== FamilyCode.IPv6) return undefined;
  return { code: FamilyCode.IPv6, errorAttribute: draftAddressErrorCode };
}
