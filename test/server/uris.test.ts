import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { adaptToHost } from '../../src/server/host-adaptation.ts';
import { publicUrls } from '../../src/server/public-urls.ts';
import { turnUris } from '../../src/server/turn-uris.ts';

function urisOf(input: ConfigInput): string[] {
  const config = parseConfig(input);
  return turnUris(
    config,
    config.turn.listeners.map((listener) => ({ ...listener, family: 4 as const })),
    config.edge.listen.addresses.map((address) => ({ address, port: 8443 })),
  );
}

const at = (address: string) => (['udp', 'tcp', 'tls'] as const).map((transport) => ({ transport, address }));
const three = (host: string) => [
  `turn:${host}:3478?transport=udp`,
  `turn:${host}:3478?transport=tcp`,
  `turns:${host}:5349?transport=tcp`,
];

describe('the TURN URIs', () => {
  const table: [string, ConfigInput, string[]][] = [
    ['loopback of IPv4 by default', {}, three('127.0.0.1')],
    ['IPv6 in brackets', { turn: { listeners: at('2001:db8::7') } }, three('[2001:db8::7]')],
    [
      'what others reach before loopback',
      { turn: { listeners: [...at('127.0.0.1'), ...at('192.0.2.7')] } },
      three('192.0.2.7'),
    ],
    [
      'the public name',
      { turn: { publicHost: 'turn.example.com', listeners: at('192.0.2.7') } },
      three('turn.example.com'),
    ],
    [
      'the name of a listener before that of all, and each that has another',
      {
        turn: {
          publicHost: 'turn.example.com',
          listeners: [
            { transport: 'udp', address: '10.0.0.5', publicHost: '203.0.113.7' },
            { transport: 'udp', address: '10.0.1.5', publicHost: '2001:db8::7' },
            { transport: 'tls', address: '10.0.0.5' },
          ],
        },
      },
      [
        'turn:203.0.113.7:3478?transport=udp',
        'turn:[2001:db8::7]:3478?transport=udp',
        'turns:turn.example.com:5349?transport=tcp',
      ],
    ],
    [
      'the domain for a wildcard',
      { domain: 'ims.example.com', turn: { listeners: at('0.0.0.0') } },
      three('ims.example.com'),
    ],
    [
      'the external address behind NAT',
      {
        turn: {
          listeners: at('10.0.0.5'),
          relay: { addresses: ['10.0.0.5'], externalAddresses: { '10.0.0.5': '203.0.113.7' } },
        },
      },
      three('203.0.113.7'),
    ],
    [
      'the HTTPS port too, when TURN is served there',
      { edge: { turnOnHttps: true, listen: { addresses: ['::1', '127.0.0.1'] } } },
      [...three('127.0.0.1'), 'turns:127.0.0.1:8443?transport=tcp'],
    ],
    ['those that were written', { edge: { credential: { uris: ['turn:elsewhere'] } } }, ['turn:elsewhere']],
  ];
  it.each(table)('name %s', (_what, input, expected) => {
    expect(urisOf(input)).toEqual(expected);
  });
});

describe('the URLs of the edge', () => {
  const https = (address: string, port: number) => [
    { family: address.includes(':') ? (6 as const) : (4 as const), address, port },
  ];
  const table: [string, ConfigInput, ReturnType<typeof https>, object][] = [
    [
      'localhost on loopback',
      {},
      https('127.0.0.1', 8443),
      { page: 'https://localhost:8443/', webSocket: 'wss://localhost:8443/' },
    ],
    [
      'the domain elsewhere, without the port that everybody knows',
      { domain: 'ims.example.com', edge: { path: '/sip', demoPage: false } },
      https('192.0.2.7', 443),
      { webSocket: 'wss://ims.example.com/sip' },
    ],
    [
      'the address when there is no domain',
      {},
      https('2001:db8::7', 8443),
      { page: 'https://[2001:db8::7]:8443/', webSocket: 'wss://[2001:db8::7]:8443/' },
    ],
    [
      'the public host before the domain',
      { domain: 'ims.example.com', edge: { publicHosts: ['sip.example.com:8444', 'sip.example.net'] } },
      https('127.0.0.1', 8443),
      { page: 'https://sip.example.com:8444/', webSocket: 'wss://sip.example.com:8444/' },
    ],
    ['nothing when nothing listens', {}, [], {}],
  ];
  it.each(table)('name %s', (_what, input, addresses, expected) => {
    expect(publicUrls(parseConfig(input), addresses)).toEqual(expected);
  });
});

describe('a machine without IPv6 loopback', () => {
  it('runs the defaults without ::1', () => {
    const { config, notes } = adaptToHost(parseConfig({}), false);
    expect(config.edge.listen.addresses).toEqual(['127.0.0.1']);
    expect(config.turn.relay.addresses).toEqual(['127.0.0.1']);
    expect(config.turn.listeners.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    expect(notes).toHaveLength(1);
  });

  it('does not lose the only address it was given', () => {
    const { config } = adaptToHost(parseConfig({ edge: { listen: { addresses: ['::1'] } } }), false);
    expect(config.edge.listen.addresses).toEqual(['::1']);
  });

  it('is not confused with one that has it', () => {
    const config = parseConfig({});
    expect(adaptToHost(config, true)).toEqual({ config, notes: [] });
  });
});
