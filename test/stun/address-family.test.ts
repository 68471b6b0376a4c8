import { describe, expect, it } from 'vitest';
import { FamilyCode, familyFromCode, familyToCode } from '../../src/stun/address-family.ts';

describe('family octets', () => {
  it.each([
    [FamilyCode.IPv4, 4],
    [FamilyCode.IPv6, 6],
  ] as const)('%i is IPv%i', (code, family) => {
    expect(familyFromCode(code)).toBe(family);
    expect(familyToCode(family)).toBe(code);
  });

  it.each([0, 3, 4, 6, 255])('%i is no family', (code) => {
    expect(familyFromCode(code)).toBeUndefined();
  });
});
