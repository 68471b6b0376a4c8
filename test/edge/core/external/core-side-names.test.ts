import { describe, expect, it } from 'vitest';
import { firstCoreSide, isCoreSideName } from '../../../../src/edge/core/external/core-side-names.ts';
import { parseSipUri } from '../../../../src/sip/uri.ts';

const V4 = { transport: 'udp', address: '192.0.2.7', port: 5070 } as const;
const ADDRESSES = [V4, { ...V4, transport: 'tcp' }, { transport: 'udp', address: '2001:db8::7', port: 5060 }] as const;

function isName(text: string, publicHost?: string): boolean {
  const uri = parseSipUri(text);
  return uri.ok && isCoreSideName(uri.value, ADDRESSES, publicHost);
}

describe('on the side of the core, the edge', () => {
  it.each([
    ['sip:192.0.2.7:5070;transport=udp;lr', true],
    ['sip:192.0.2.7:5070', true],
    ['sip:[2001:db8::7];lr', true],
    ['sip:192.0.2.7;transport=tls;lr', true],
    ['sip:192.0.2.7;lr', false],
    ['sip:192.0.2.7:5060;lr', false],
    ['sip:192.0.2.8:5070', false],
    ['sip:edge.example.com:5070', false],
  ])('goes by %s: %s', (text, expected) => {
    expect(isName(text)).toBe(expected);
  });

  it('goes by its public host where it has one', () => {
    expect(isName('sip:edge.example.com:5070;transport=tcp', 'Edge.example.com')).toBe(true);
    expect(isName('sip:edge.example.com:5080', 'edge.example.com')).toBe(false);
    expect(isName('sip:192.0.2.7:5070', 'edge.example.com')).toBe(false);
  });

  it('names itself once it listens', () => {
    expect(firstCoreSide([], undefined)).toBeUndefined();
    expect(firstCoreSide(ADDRESSES, undefined)?.sentBy).toEqual({ host: '192.0.2.7', port: 5070 });
    expect(firstCoreSide(ADDRESSES.slice(2), undefined)?.sentBy).toEqual({ host: '[2001:db8::7]', port: 5060 });
    expect(firstCoreSide(ADDRESSES, 'edge.example.com')?.sentBy.host).toBe('edge.example.com');
  });
});
