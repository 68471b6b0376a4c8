import { describe, expect, it } from 'vitest';
import { sameSipUri } from '../../src/sip/uri-equality.ts';
import { parseSipUri, type SipUri } from '../../src/sip/uri.ts';
import { unwrap } from '../support/unwrap.ts';

function uri(text: string): SipUri {
  return unwrap(parseSipUri(text));
}

describe('sameSipUri', () => {
  // The examples of RFC 3261 §19.1.4, and what its rules say where it gives none.
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtlanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a@b?f=1&f=2', 'sip:a@b?F=2&F=1'],
    ['sip:a%3bb@c', 'sip:a%3Bb@c'],
    ['sip:a@b;x=%41', 'sip:a@b;x=a'],
    ['sip:[2001:DB8::1]', 'sip:[2001:db8::1]'],
  ])('holds for %s and %s', (a, b) => {
    expect(sameSipUri(uri(a), uri(b))).toBe(true);
    expect(sameSipUri(uri(b), uri(a))).toBe(true);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a@b', 'sip:b'],
    ['sip:a:p@b', 'sip:a@b'],
    ['sip:a@b;user=ip', 'sip:a@b'],
    ['sip:a@b;ttl=1', 'sip:a@b'],
    ['sip:a@b;method=INVITE', 'sip:a@b'],
    ['sip:a@b;maddr=c', 'sip:a@b'],
    ['sip:a@b;lr', 'sip:a@b;lr=true'],
    ['sip:a%3Bb@c', 'sip:a;b@c'],
    ['sip:a@b?f=1&f=2', 'sip:a@b?f=1&f=3'],
    ['sip:a@b?f=1', 'sip:a@b?f=1&f=1'],
  ])('does not hold for %s and %s', (a, b) => {
    expect(sameSipUri(uri(a), uri(b))).toBe(false);
    expect(sameSipUri(uri(b), uri(a))).toBe(false);
  });
});
