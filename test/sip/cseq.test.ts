import { describe, expect, it } from 'vitest';
import { formatCSeq, parseCSeq } from '../../src/sip/cseq.ts';

describe('parseCSeq', () => {
  it.each([
    ['1 INVITE', 1, 'INVITE'],
    ['0009 \t INVITE', 9, 'INVITE'],
    [
      "2147483647 !interesting-Method0123456789_*+`.%indeed'~",
      2_147_483_647,
      "!interesting-Method0123456789_*+`.%indeed'~",
    ],
    ['0 ACK', 0, 'ACK'],
  ])('reads %j', (text, sequence, method) => {
    expect(parseCSeq(text)).toEqual({ ok: true, value: { sequence, method } });
    expect(parseCSeq(formatCSeq({ sequence, method }))).toEqual({ ok: true, value: { sequence, method } });
  });

  it.each([
    '',
    ' ',
    '1',
    'INVITE',
    '1INVITE',
    '-1 INVITE',
    '1.5 INVITE',
    '2147483648 INVITE',
    '1 IN VITE',
    '1 INV"ITE',
    '36893488147419103232 REGISTER',
  ])('refuses %j', (text) => {
    expect(parseCSeq(text)).toEqual({ ok: false, reason: 'malformed' });
  });
});
