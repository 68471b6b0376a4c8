import { expect, it } from 'vitest';
import { IpRanges } from '../../src/base/ip-ranges.ts';

it('ranges hold an address that any of them holds, and what is no address is in none', () => {
  const ranges = IpRanges.of(['192.0.2.0/24', 'no range', '2001:db8::5']);
  const held = ['192.0.2.7', '192.0.3.7', '2001:db8::5', '2001:db8:0::5', '::ffff:192.0.2.7', 'no address', ''];
  expect(held.filter((address) => ranges.has(address))).toEqual(['192.0.2.7', '2001:db8::5', '2001:db8:0::5']);
});
