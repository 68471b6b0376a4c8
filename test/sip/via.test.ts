import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHeaders } from '../../src/sip/message.ts';
import { formatVia, parseVia, topBranch, topVia } from '../../src/sip/via.ts';

describe('topBranch', () => {
  it.each([
    ['SIP/2.0/WSS host.invalid;branch=z9hG4bKx', 'z9hG4bKx'],
    ['SIP/2.0/WSS host.invalid;branch=z9hG4bKx, SIP/2.0/TCP other;branch=z9hG4bKy', 'z9hG4bKx'],
    ['SIP/2.0/UDP host:5060;rport;Branch = z9hG4bKx ;received=192.0.2.1', 'z9hG4bKx'],
    ['SIP/2.0/UDP host;branch="z9hG4bKx"', 'z9hG4bKx'],
    ['SIP/2.0/UDP host;branch=z9hG4bKx;branch=z9hG4bKy', undefined],
    ['SIP/2.0/UDP host;branch=', undefined],
    ['SIP/2.0/UDP host', undefined],
    ['branch=z9hG4bKx', undefined],
    [';branch=z9hG4bKx', undefined],
  ])('of %s is %s', (via, branch) => {
    const headers = new SipHeaders();
    headers.append('v', via);
    expect(topBranch(headers)).toBe(branch);
  });

  it('is absent where there is no Via', () => {
    expect(topBranch(new SipHeaders())).toBeUndefined();
  });
});

describe('parseVia', () => {
  it.each([
    [
      'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKx',
      'WSS',
      { host: 'df7jal23ls0d.invalid' },
      [['branch', 'z9hG4bKx']],
    ],
    ['SIP/2.0/udp Host:5060;rport', 'UDP', { host: 'host', port: 5060 }, [['rport', undefined]]],
    [
      'SIP / 2.0 / TCP   first.example.com: 4000 ;ttl=16 ;maddr=224.2.0.1 ;branch=z9 ',
      'TCP',
      { host: 'first.example.com', port: 4000 },
      [
        ['ttl', '16'],
        ['maddr', '224.2.0.1'],
        ['branch', 'z9'],
      ],
    ],
    [
      'SIP/2.0/WS [2001:DB8::9:1]:443;received=2001:db8::9:255;rport=6050;branch=a',
      'WS',
      { host: '[2001:db8::9:1]', port: 443 },
      [
        ['received', '2001:db8::9:255'],
        ['rport', '6050'],
        ['branch', 'a'],
      ],
    ],
    ['sip/2.0/TLS-SCTP\t192.0.2.1', 'TLS-SCTP', { host: '192.0.2.1' }, []],
  ] as const)('reads %j', (text, transport, sentBy, params) => {
    expect(parseVia(text)).toEqual({ ok: true, value: { transport, sentBy, params: new Map(params) } });
  });

  it.each([
    '',
    'SIP/2.0',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0/UDP;branch=x',
    'SIP/2.0/ host',
    'SIP/3.0/UDP host',
    'HTTP/2.0/UDP host',
    'SIP/2.0UDP host',
    'SIP/2.0/UDP host:port',
    'SIP/2.0/UDP host:',
    'SIP/2.0/UDP ho st',
    'SIP/2.0/UDP host host2',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP 192.0.2.15;;,;,,',
    'SIP/2.0/UDP host;branch=a;branch=b',
    'SIP/2.0/UDP host;branch=',
    'SIP/2.0/UDP host, SIP/2.0/UDP other',
    '/////',
    ';/;/;',
  ])('refuses %j', (text) => {
    expect(parseVia(text)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('reads what formatVia writes', () => {
    const via = fc.record({
      transport: fc.constantFrom('WS', 'WSS', 'TCP', 'UDP', 'TLS'),
      sentBy: fc.record(
        {
          host: fc.oneof(
            fc.domain(),
            fc.ipV4(),
            fc.ipV6().map((address) => `[${address.toLowerCase()}]`),
          ),
          port: fc.integer({ min: 0, max: 65_535 }),
        },
        { requiredKeys: ['host'] },
      ),
      params: fc.constantFrom(
        new Map<string, string | undefined>([
          ['branch', 'z9hG4bK1'],
          ['rport', undefined],
        ]),
        new Map<string, string | undefined>([
          ['received', '2001:db8::1'],
          ['x', 'a b'],
        ]),
      ),
    });
    fc.assert(
      fc.property(via, (value) => {
        expect(parseVia(formatVia(value))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe('topVia', () => {
  it('is the first value of the first field', () => {
    const headers = new SipHeaders();
    expect(topVia(headers)).toBeUndefined();
    headers.append('v', 'SIP/2.0/WS a.invalid;branch=1, SIP/2.0/WS b.invalid');
    headers.append('Via', 'SIP/2.0/WS c.invalid');
    expect(topVia(headers)?.sentBy.host).toBe('a.invalid');
    headers.prepend('Via', 'broken');
    expect(topVia(headers)).toBeUndefined();
  });
});
