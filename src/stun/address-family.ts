import { type AddressFamily } from '../base/ip.ts';

/** The family octet of address attributes (RFC 8489 §14.1) and of REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.6). */
export const FamilyCode = { IPv4: 0x01, IPv6: 0x02 } as const;

/** `undefined` for an octet that names no family: the engine answers 440 then. */
export function familyFromCode(code: number): AddressFamily | undefined {
  if (code === FamilyCode.IPv4) return 4;
  return code === FamilyCode.IPv6 ? 6 : undefined;
}

export function familyToCode(family: AddressFamily): number {
  return family === 4 ? FamilyCode.IPv4 : FamilyCode.IPv6;
}
