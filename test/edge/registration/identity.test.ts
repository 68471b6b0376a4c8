import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, identitiesOf, identityKey } from '../../../src/edge/registration/identity.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

describe('two URIs are one identity', () => {
  it.each([
    ['sip:alice@example.com', 'sips:alice@EXAMPLE.com:5061;transport=ws'],
    ['sip:%61lice@example.com', 'sip:alice@example.com'],
    ['sip:+1555@example.com;user=phone', 'sip:+1555@example.com'],
    ['tel:+1-555-0100', 'tel:+1(555)0100;ext=7'],
    ['tel:7042;phone-context=Example.com', 'TEL:70.42;isub=1;phone-context=example.COM'],
    ['sip:%2B1555;ext=1@example.com', 'sip:+1555;ext=1@example.com'],
    ['sip:example.com', 'sip:example.com:5060'],
  ])('%s and %s', (a, b) => {
    expect(identityKey(a)).toBe(identityKey(b));
  });

  it.each([
    ['sip:alice@example.com', 'sip:Alice@example.com'],
    ['sip:alice@example.com', 'sip:alice@example.org'],
    ['tel:+1555', 'sip:+1555@example.com'],
    ['tel:7042', 'tel:7042;phone-context=example.com'],
    ['tel:7042;phone-context=+49', 'tel:7042;phone-context=example.com'],
    ['tel:+15550100', 'tel:+15550100;phone-context=x'],
    ['sip:+1555;ext=1@example.com', 'sip:+1555%3Bext=1@example.com'],
    ['urn:service:sos', 'urn:service:other'],
  ])('but not %s and %s', (a, b) => {
    expect(identityKey(a)).not.toBe(identityKey(b));
  });

  it('and whatever is written, something is its key', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof identityKey(text) === 'string'));
  });
});

describe('who a registered client may speak as', () => {
  const of = (...values: string[]): string[] => {
    const headers = new SipHeaders();
    for (const value of values) headers.append('P-Associated-URI', value);
    const { identities, wildcards } = identitiesOf('sip:alice@example.com', headers);
    return [...identities.map(({ value }) => value), ...wildcards.map((uri) => `wildcard ${uri}`)];
  };

  it('is its address-of-record, if the registrar does not say otherwise', () => {
    expect(of()).toEqual(['<sip:alice@example.com>']);
  });

  it('is what the registrar lists, without parameters of the field; an address-of-record that is not listed is barred', () => {
    expect(of('"A, B" <sip:a@example.com>;x=1, <tel:+1555>', 'sip:c@example.com')).toEqual([
      '"A, B" <sip:a@example.com>',
      '<tel:+1555>',
      '<sip:c@example.com>',
    ]);
  });

  it.each(['<sip:alice@example.com', '"Alice <sip:alice@example.com>', 'sip:alice@example.com;x=a b'])(
    'is its address-of-record where that is in the list but cannot be read: %s',
    (entry) => {
      expect(of('<tel:+1555>', entry)).toEqual(['<tel:+1555>', '<sip:alice@example.com>']);
    },
  );

  it('is nobody else of whom an entry that cannot be read speaks', () => {
    expect(of('<tel:+1555>', '<sip:alice@example.com.evil.example', '<sip:malice@example.com')).toEqual([
      '<tel:+1555>',
    ]);
  });

  it('is never a wildcard, which stands for others: not even as the first of the list', () => {
    expect(
      of('<sip:chat!.*!@example.com>, "W" <tel:+1555%21.*%21>', '<sip:a!b@example.com>, <sip:a@example.com>'),
    ).toEqual([
      '<sip:a@example.com>',
      'wildcard sip:chat!.*!@example.com',
      'wildcard tel:+1555%21.*%21',
      'wildcard sip:a!b@example.com',
    ]);
    expect(of(...Array.from({ length: 20 }, (_, index) => `<sip:u${index}!.*!@d>`))).toHaveLength(8);
  });

  it('is nobody where the list cannot be read, and no more than 64', () => {
    expect(of('<>')).toEqual([]);
    expect(of('<https://example.com>')).toEqual([]);
    expect(of(...Array.from({ length: 100 }, (_, index) => `<sip:u${index}@example.com>`))).toHaveLength(64);
  });
});

describe('an address-of-record', () => {
  it('may be sent as the client wrote it, and nothing more than that', () => {
    expect(addressOf('"Alice" <sip:al%20ice@Example.com:5061;transport=ws?a=b>;tag=1')).toBe(
      'sip:al%20ice@example.com',
    );
    expect(addressOf('<tel:+1555>')).toBe('');
  });
});
