import { expect, it } from 'vitest';
import { familyOf, parseIp } from '../../src/base/ip.ts';
import { parseIpRange, type IpRange } from '../../src/base/ip-range.ts';

function contains({ family, first, last }: IpRange, text: string): boolean {
  const bytes = parseIp(text)!;
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return familyOf(bytes) === family && first <= value && value <= last;
}

it.each([
  ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255'], ['192.0.1.255', '192.0.3.0', '::ffff:192.0.2.1']],
  ['172.16.0.0/12', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
  ['192.0.2.10-192.0.2.99', ['192.0.2.10', '192.0.2.99'], ['192.0.2.9', '192.0.2.100']],
  ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
  ['fc00::/7', ['fc00::', 'fdff:ffff::1'], ['fbff::', 'fe00::']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::']],
  ['2001:db8::5/128', ['2001:db8::5'], ['2001:db8::4', '2001:db8::6']],
])('%s holds its first and last address and no neighbour', (text, inside, outside) => {
  const range = parseIpRange(text)!;
  for (const address of inside) expect([address, contains(range, address)]).toEqual([address, true]);
  for (const address of outside) expect([address, contains(range, address)]).toEqual([address, false]);
});

it.each([
  '',
  '10.1.2.3/8',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.9-10.0.0.1',
  '10.0.0.1-::1',
  'fe80::%1/10',
  '*',
])('refuses %j', (text) => {
  expect(parseIpRange(text)).toBeUndefined();
});
