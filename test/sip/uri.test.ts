import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOfRecord, parseSipUri, type SipUri } from '../../src/sip/uri.ts';
import { unwrap } from '../support/unwrap.ts';
import { formatSipUri } from './format-sip-uri.ts';

function uri(text: string): SipUri {
  return unwrap(parseSipUri(text));
}

describe('parseSipUri', () => {
  it('reads every part', () => {
    expect(uri('SIPS:alice;day=tuesday:s3cret@Example.COM:5061;Transport=WS;lr?Subject=a%20b&to=sip:bob%40b')).toEqual({
      scheme: 'sips',
      user: 'alice;day=tuesday',
      password: 's3cret',
      host: 'example.com',
      port: 5061,
      params: new Map([
        ['transport', 'WS'],
        ['lr', undefined],
      ]),
      headers: 'Subject=a%20b&to=sip:bob%40b',
    });
  });

  it.each([
    ['sip:example.com', { host: 'example.com' }],
    ['sip:df7jal23ls0d.invalid', { host: 'df7jal23ls0d.invalid' }],
    ['sip:192.0.2.1:5060', { host: '192.0.2.1', port: 5060 }],
    ['sip:a@[2001:DB8::1]:5060', { host: '[2001:db8::1]', port: 5060 }],
    ['sip:+1-212-555-1212:1234@gateway.com;user=phone', { user: '+1-212-555-1212', password: '1234' }],
    [
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@a",
      { user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*" },
    ],
    ['sip:a:@b', { user: 'a', password: '' }],
    ['sip:a@b;maddr=[::1];x=&', { host: 'b' }],
    ['sip:a@b?x=', { headers: 'x=' }],
  ])('reads %s', (text, expected) => {
    expect(uri(text)).toMatchObject(expected);
  });

  it.each([
    'sip:',
    'sip',
    '',
    'sip:@b',
    'sip:a@',
    'sip:a b@c',
    'sip:a@b c',
    'sip:a@b:',
    'sip:a@b:65536',
    'sip:a@b:5060x',
    'sip:a@b:-1',
    'sip:a@[::1',
    'sip:a@[1.2.3.4]',
    'sip:a@[::g]',
    'sip:a@[::1%eth0]',
    'sip:a@b@c',
    'sip:a%4@b',
    'sip:a%zz@b',
    'sip:ä@b',
    'sip:a@ä',
    'sip:a"b@c',
    'sip:a@b;',
    'sip:a@b;=x',
    'sip:a@b;x=',
    'sip:a@b;lr;LR',
    'sip:a@b?',
    'sip:a@b?x',
    'sip:a@b?=x',
    'sip:a@b?x=y&',
    'sip:a@b\r\n',
    'sip:a@b\0',
    '<sip:a@b>',
    '1sip:a@b',
    'tel:',
  ])('refuses %j', (text) => {
    expect(parseSipUri(text)).toEqual({ ok: false, reason: 'malformed' });
  });

  it.each(['tel:+12125551212', 'http://example.com', 'urn:service:sos', 'nobodyKnowsThisScheme:x'])(
    'tells %s as of another scheme',
    (text) => {
      expect(parseSipUri(text)).toEqual({ ok: false, reason: 'unsupported-scheme' });
    },
  );

  it('reads what formatSipUri writes', () => {
    const userText = fc.stringMatching(/^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-F]{2}){1,10}$/);
    const paramText = fc.stringMatching(/^(?:[a-z0-9\-_.!~*'()[\]/:&+$]|%[0-9a-f]{2}){1,6}$/);
    const arbitrary = fc.record(
      {
        scheme: fc.constantFrom('sip' as const, 'sips' as const),
        user: userText,
        host: fc.oneof(
          fc.domain(),
          fc.ipV4(),
          fc.ipV6().map((address) => `[${address.toLowerCase()}]`),
        ),
        port: fc.integer({ min: 0, max: 65_535 }),
        params: fc
          .uniqueArray(fc.tuple(paramText, fc.option(paramText, { nil: undefined })), {
            selector: ([name]) => name,
            maxLength: 4,
          })
          .map((entries) => new Map(entries)),
        headers: fc.stringMatching(/^[a-z]{1,4}=(?:[a-z?]|%20){0,3}(?:&[a-z]{1,4}=[a-z:/]{0,4}){0,2}$/),
      },
      { requiredKeys: ['scheme', 'host', 'params'] },
    );
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(uri(formatSipUri(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });
});

describe('addressOfRecord', () => {
  it.each([
    ['sip:%61lice@EXAMPLE.com;transport=ws?x=y', 'sip:alice@example.com'],
    ['sip:alice:pw@example.com:5060', 'sip:alice@example.com:5060'],
    ['sip:%C3%A9@example.com', 'sip:é@example.com'],
    ['sip:%FF@example.com', 'sip:%FF@example.com'],
    ['sips:example.com', 'sips:example.com'],
  ])('of %s is %s', (text, expected) => {
    expect(addressOfRecord(uri(text))).toBe(expected);
  });

  it('is the same for what differs in escapes, password and parameters only', () => {
    const sameAor = (a: SipUri, b: SipUri) => addressOfRecord(a) === addressOfRecord(b);
    expect(sameAor(uri('sip:%61@B;lr'), uri('sip:a:p@b'))).toBe(true);
    expect(sameAor(uri('sip:a@b'), uri('sip:A@b'))).toBe(false);
    expect(sameAor(uri('sip:a@b'), uri('sips:a@b'))).toBe(false);
    expect(sameAor(uri('sip:a%40b@c'), uri('sip:a@c'))).toBe(false);
  });
});
