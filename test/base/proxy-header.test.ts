import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProxyHeader } from '../../src/base/proxy-header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

function v2(versionAndCommand: string, family: string, body: string): Buffer {
  const length = (body.length / 2).toString(16).padStart(4, '0');
  return Buffer.from(`${SIGNATURE}${versionAndCommand}${family}${length}${body}`, 'hex');
}

const IPV4_BODY = 'cb007107c00002010d3d1f90';
const IPV6_BODY = `20010db8${'00'.repeat(11)}07${'00'.repeat(15)}010d3d1f90`;
const IPV4_SOURCE = { family: 4, address: '203.0.113.7', port: 3389 };
const TLVS = '030004deadbeef040000';

describe('a PROXY header', () => {
  it.each([
    ['version 1, IPv4', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 3389 8080\r\n'), IPV4_SOURCE],
    [
      'version 1, IPv6',
      Buffer.from('PROXY TCP6 2001:DB8:0::7 ::1 65535 1\r\n'),
      { family: 6, address: '2001:db8::7', port: 65_535 },
    ],
    ['version 1, unknown', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
    ['version 1, unknown with addresses', Buffer.from('PROXY UNKNOWN ffff:: ::1 1 2\r\n'), undefined],
    ['version 2, IPv4', v2('21', '11', IPV4_BODY), IPV4_SOURCE],
    ['version 2, IPv6', v2('21', '21', IPV6_BODY), { family: 6, address: '2001:db8::7', port: 3389 }],
    ['version 2, TLVs behind the addresses', v2('21', '11', IPV4_BODY + TLVS), IPV4_SOURCE],
    [
      'version 2, IPv4 mapped into IPv6',
      v2('21', '21', `${'00'.repeat(10)}ffffcb007107${'00'.repeat(16)}0d3d1f90`),
      IPV4_SOURCE,
    ],
    ['version 2, LOCAL, whatever it says besides', v2('20', '11', IPV4_BODY), undefined],
    ['version 2, LOCAL with nothing', v2('20', '00', ''), undefined],
    ['version 2, unspecified', v2('21', '00', ''), undefined],
    ['version 2, UNIX socket', v2('21', '31', '00'.repeat(216)), undefined],
    ['version 2, datagram', v2('21', '12', IPV4_BODY), undefined],
  ])('%s: gives the client, and how many bytes it took', (_what, header, source) => {
    const bytes = Buffer.concat([header, Buffer.from('rest')]);
    expect(readProxyHeader(bytes)).toEqual({ state: 'complete', bytes: header.length, source });
    for (let end = 0; end < header.length; end++) {
      expect(readProxyHeader(bytes.subarray(0, end))).toEqual({ state: 'incomplete' });
    }
  });

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n'), 'not-a-header'],
    ['a TLS handshake', Buffer.from('160301', 'hex'), 'not-a-header'],
    ['a STUN message', Buffer.from('000100002112a442', 'hex'), 'not-a-header'],
    ['another case', Buffer.from('proxy TCP4'), 'not-a-header'],
    ['a line without end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`), 'too-long'],
    ['a line that ends too late', Buffer.from(`PROXY UNKNOWN ${'1'.repeat(100)}\r\n`), 'too-long'],
    ['a family that is none', Buffer.from('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n'), 'bad-line'],
    ['an address of the other family', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n'), 'bad-line'],
    ['a zone', Buffer.from('PROXY TCP6 fe80::1%lo ::1 1 2\r\n'), 'bad-line'],
    ['a port too high', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n'), 'bad-line'],
    ['a port with leading zero', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n'), 'bad-line'],
    ['a port too few', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'), 'bad-line'],
    ['a word too many', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n'), 'bad-line'],
    ['two spaces', Buffer.from('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n'), 'bad-line'],
    ['version 1 in binary', v2('11', '11', IPV4_BODY), 'bad-version'],
    ['a command that is none', v2('22', '11', IPV4_BODY), 'bad-version'],
    ['an address family that is none', v2('21', '41', IPV4_BODY), 'bad-family'],
    ['a transport that is none', v2('21', '13', IPV4_BODY), 'bad-family'],
    ['addresses that are cut', v2('21', '21', IPV4_BODY), 'bad-length'],
    ['a length beyond any use', Buffer.from(`${SIGNATURE}2111ffff`, 'hex'), 'too-long'],
  ])('is not %s', (_what, bytes, reason) => {
    expect(readProxyHeader(bytes)).toEqual({ state: 'invalid', reason });
  });

  it('never throws on hostile bytes, and never waits for more than 4112', () => {
    const start = fc.constantFrom(Buffer.from('PROXY TCP4 '), Buffer.from(`${SIGNATURE}21`, 'hex'), Buffer.alloc(0));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (prefix, bytes) => {
        const read = readProxyHeader(Buffer.concat([prefix, bytes]));
        if (read.state === 'complete') expect(read.bytes).toBeLessThanOrEqual(prefix.length + bytes.length);
        const padded = readProxyHeader(Buffer.concat([prefix, bytes, Buffer.alloc(4112)]));
        expect(padded.state).not.toBe('incomplete');
      }),
    );
  });
});
