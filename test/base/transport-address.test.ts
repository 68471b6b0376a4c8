import { expect, it } from 'vitest';
import { formatTransportAddress, sameTransportAddress, transportAddress } from '../../src/base/transport-address.ts';

it.each([
  ['192.0.2.1', 80, '192.0.2.1:80'],
  ['2001:DB8::0:1', 443, '[2001:db8::1]:443'],
  ['::ffff:192.0.2.1', 5, '192.0.2.1:5'],
  ['fe80::1%eth0', 9, '[fe80::1]:9'],
])('%s port %i is %s', (address, port, text) => {
  expect(formatTransportAddress(transportAddress(address, port)!)).toBe(text);
});

it.each([
  ['example.org', 80],
  ['192.0.2.1', 65_536],
  ['192.0.2.1', -1],
  ['192.0.2.1', 1.5],
])('refuses %s port %d', (address, port) => {
  expect(transportAddress(address, port)).toBeUndefined();
});

it('tells addresses apart by address and by port', () => {
  const one = transportAddress('::1', 1)!;
  expect(sameTransportAddress(one, transportAddress('0:0::1', 1)!)).toBe(true);
  expect(sameTransportAddress(one, transportAddress('::1', 2)!)).toBe(false);
  expect(sameTransportAddress(one, transportAddress('::2', 1)!)).toBe(false);
});
