import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropClaims, withoutClaims, withoutClaimsOrPort } from '../../../src/edge/border/identity-claims.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

describe('what only a network says of a caller', () => {
  it.each([
    ['<tel:+15550100;cpc=police;oli=27;verstat=TN-Validation-Passed>;tag=oli1', '<tel:+15550100>;tag=oli1'],
    ['"Cpc; oli" <sip:+1555@d;user=phone;cpc=priority>;tag=1', '"Cpc; oli" <sip:+1555@d;user=phone>;tag=1'],
    ['<sip:+1555;cpc=police;ext=7@d;user=phone>;tag=1', '<sip:+1555;ext=7@d;user=phone>;tag=1'],
    ['<sip:alice@d;iotl=homeA-homeB;transport=ws>;tag=1', '<sip:alice@d;transport=ws>;tag=1'],
    ['<sip:alice@d;IOTL=x?x=;cpc>;tag=1', '<sip:alice@d?x=;cpc>;tag=1'],
    ['<sip:alice@d;isup-oli=00;%63pc=police;ver%73tat>', '<sip:alice@d>'],
    ['sip:alice@d;cpc=police;tag=1', 'sip:alice@d;tag=1'],
    ['tel:+1555;oli=62 ;tag=1', 'tel:+1555;tag=1'],
    ['<sip:alice@d>;cpc=police;x="; oli=1";tag=1', '<sip:alice@d>;x="; oli=1";tag=1'],
    ['<sip:d;cpc=police>', '<sip:d>'],
    ['<tel:+15550100;rn=+1999;npdi;ext=7>;tag=1', '<tel:+15550100;ext=7>;tag=1'],
    ['<sip:+1555;RN=1;rn-context=+1;cic=+1;cic-context=+1@d;tsp=a.b;npi=1;user=phone>', '<sip:+1555@d;user=phone>'],
  ])('is taken off %j, and the rest stays', (value, left) => {
    expect(withoutClaims(value)).toBe(left);
    expect(withoutClaimsOrPort(value)).toBe(left);
  });

  it.each([
    '"Oliver" <sip:oliver@d;user=phone>;tag=cpc',
    '<tel:+1555;isub=7;ext=1;phone-context=+1;isub-encoding=nsap-ia5>;tag=1',
    '<sip:al%20ice@d;x-cpc=1>  ;tag=verstat',
    '<sip:bernd@intern.d;rnx=1>;tag=1',
    'sip:oli@d;tag=1',
    '*',
  ])('is not in %j', (value) => {
    expect(withoutClaims(value) ?? value).toBe(value);
  });

  it.each([
    ['<sip:alice@d;cpc=police', '<sip:alice@d'],
    ['sip:alice@d?Route=%3Csip:x%3E', 'sip:alice@d?Route=%3Csip:x%3E'],
    ['"a <sip:alice@d;cpc=police>', '"a <sip:alice@d'],
    ['<sip:alice@d;"cpc=police', undefined],
    ['<sip:alice@d;x="%63pc=police', undefined],
  ])('leaves of %j, which cannot be read, %j', (value, left) => {
    expect(withoutClaims(value)).toBe(left);
  });

  it('is nowhere in what is left, whatever comes', () => {
    const piece = fc.constantFrom(
      ';',
      'cpc',
      '=',
      '<',
      '>',
      '"',
      '@',
      'sip:',
      'tel:',
      'a',
      '%63pc',
      ':5',
      '?',
      ' ',
      'tag=1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const left = withoutClaims(pieces.join('').trim()) ?? '';
        const unquoted = left.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/\?[^>]*/, '');
        expect(unquoted).not.toMatch(/; *(?:c|%63)pc *(?:[;=>@ ]|$)/);
      }),
    );
  });

  it.each([
    ['<sip:alice@d:5099>;tag=1', '<sip:alice@d>;tag=1'],
    ['sip:alice@d:5060;tag=1', 'sip:alice@d;tag=1'],
    ['<sip:1234@[2001:db8::1]:5060;user=phone>', '<sip:1234@[2001:db8::1];user=phone>'],
    ['<sip:d:5060>', '<sip:d>'],
    ['<sip:alice:secret@d:5060>', '<sip:alice:secret@d>'],
  ])('and a port, which makes it another identity, is taken off %j', (value, left) => {
    expect(withoutClaimsOrPort(value)).toBe(left);
    expect(withoutClaims(value)).toBe(value);
  });

  it.each(['<sip:1234@d>;tag=1', '<sip:alice@[2001:db8::1]>', '<tel:5060>', 'sip:1@d'])('but %j has none', (value) => {
    expect(withoutClaimsOrPort(value)).toBe(value);
  });

  it('is taken off each value of a list, whose other lines stay as they are', () => {
    const headers = new SipHeaders();
    headers.append('Contact', '<sip:a@d;cpc=x>;q=1 ,<sip:b@d>');
    headers.append('Contact', '<sip:c@d>');
    dropClaims(headers, 'Contact');
    expect(headers.getAll('Contact')).toEqual(['<sip:a@d>;q=1, <sip:b@d>, <sip:c@d>']);
    const plain = new SipHeaders();
    plain.append('Contact', '<sip:oli@d>  ,<sip:b@d>');
    dropClaims(plain, 'Contact');
    expect(plain.getAll('Contact')).toEqual(['<sip:oli@d>  ,<sip:b@d>']);
    const broken = new SipHeaders();
    broken.append('Contact', '<sip:a@d;"cpc=x');
    dropClaims(broken, 'Contact');
    expect(broken.has('Contact')).toBe(false);
  });
});
