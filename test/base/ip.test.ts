import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatIp, isLoopback, isWildcard, parseIp } from '../../src/base/ip.ts';

it.each([
  ['192.0.2.1', 'c0000201'],
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['1::', '00010000000000000000000000000000'],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
])('reads %s as %s', (text, hex) => {
  expect(Buffer.from(parseIp(text)!).toString('hex')).toBe(hex);
});

it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', '::1%lo', '1::2::3', 'localhost', '1.2.3.4 '])('refuses %j', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

it.each([
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
])('writes %s in the canonical form %s (RFC 5952 §4)', (text, canonical) => {
  expect(formatIp(parseIp(text)!)).toBe(canonical);
});

it('gives back every address it has written', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.array(fc.constantFrom(0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(bytes, (address) => {
      expect(parseIp(formatIp(address))).toEqual(address);
    }),
  );
});

it.each([
  ['127.0.0.1', true, false],
  ['127.255.255.254', true, false],
  ['::1', true, false],
  ['0:0:0:0:0:0:0:1', true, false],
  ['0.0.0.0', false, true],
  ['::', false, true],
  ['::0', false, true],
  ['128.0.0.1', false, false],
  ['::2', false, false],
  ['127.example', false, false],
  ['', false, false],
])('%s: loopback %s, wildcard %s', (address, loopback, wildcard) => {
  expect([isLoopback(address), isWildcard(address)]).toEqual([loopback, wildcard]);
});
