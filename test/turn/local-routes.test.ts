import { describe, expect, it } from 'vitest';
import { localIpv4Routes, localIpv6Routes } from '../../src/turn/local-routes.ts';

const FIB_TRIE = `Id 100:
  |-- 0.0.0.0
     /0 host LOCAL
Main:
  |-- 20.4.0.0
     /24 link UNICAST
Local:
  +-- 0.0.0.0/1 2 0 2
     +-- 20.0.0.0/13 3 0 5
        |-- 20.1.0.0
           /24 host LOCAL
        |-- 20.2.0.0
           /24 host LOCAL
           /32 link BROADCAST
        |-- 20.4.0.1
           /32 host LOCAL tos=16
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
`;

const NOWHERE = `${'0'.repeat(32)} 00 ${'0'.repeat(32)}`;
const ipv6Route = (destination: string, length: string, flags: string) =>
  `${destination} ${length} ${NOWHERE} 00000400 00000001 00000000 ${flags}       lo\n`;

describe('what Linux delivers to this machine itself', () => {
  it('is each local address and prefix of the tables that unmarked packets ask, but for loopback', () => {
    expect(localIpv4Routes(FIB_TRIE)).toEqual(['20.1.0.0/24', '20.2.0.0/24', '20.4.0.1']);
  });

  it('is told once where two tables are one', () => {
    const table = '  |-- 20.4.0.1\n     /32 host LOCAL\n';
    expect(localIpv4Routes(`Main:\n${table}Local:\n${table}`)).toEqual(['20.4.0.1']);
  });

  it('is of IPv6 each local address, each that machines share, and each local prefix, but not all the world', () => {
    const text = [
      ipv6Route('0'.repeat(32), '00', '80000001'),
      ipv6Route('20010db9000000000000000000000000', '40', '00000001'),
      ipv6Route(`${'0'.repeat(31)}1`, '80', '80200001'),
      ipv6Route('2a000001000000000000000000000000', '80', '00300001'),
      ipv6Route('2a000002000000000000000000000000', '40', '80000001'),
    ].join('');
    expect(localIpv6Routes(text)).toEqual(['::1', '2a00:1::', '2a00:2::/64']);
  });

  it.each(['', 'Main:', 'Local:\n  |-- 20.1.0.', 'Local:\n     /24 host LOCAL', '\0'.repeat(99), 'f'.repeat(32)])(
    'is nothing where a listing is cut short or another (%o)',
    (text) => {
      expect([...localIpv4Routes(text), ...localIpv6Routes(text)]).toEqual([]);
    },
  );
});
