import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { type LoadedSecrets } from '../../src/config/secrets.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { startupWarnings } from '../../src/config/warnings.ts';
import { Secret } from '../../src/base/secret.ts';

const GENERATED = { km: true, certificate: true, users: true };

function warningsOf(input: ConfigInput, secrets: Partial<LoadedSecrets> = {}): string[] {
  const all: LoadedSecrets = {
    keys: [{ id: 'k', secret: new Secret('0123456789abcdef0123') }],
    pseudonymKey: new Secret('pseudonym-key'),
    users: new Map([['alice', new Secret('long-enough')]]),
    longTermUsers: [],
    oauth: { signingKeys: undefined, clientProofs: new Map(), userPasswords: new Map() },
    tokenKeys: [],
    generated: { km: false, certificate: true, users: false },
    stateDir: '/state',
    ...secrets,
  };
  return startupWarnings(parseConfig(input), all, Date.parse('2026-11-20T00:00:00Z'));
}

describe('start-up', () => {
  it('has nothing to warn of without configuration', () => {
    expect(warningsOf({}, { generated: GENERATED })).toEqual([]);
  });

  const outside: ConfigInput = { edge: { listen: { addresses: ['192.0.2.7'] } } };
  const relayOutside = { listeners: [{ transport: 'udp' as const, address: '192.0.2.7' }] };
  const table: [string, ConfigInput, Partial<LoadedSecrets>, RegExp][] = [
    ['lab users in reach of others', outside, { generated: GENERATED }, /edge\.listen .*192\.0\.2\.7.*lab users/],
    [
      'clients without Origin from outside',
      { edge: { ...outside.edge, origins: { allowMissing: true } } },
      {},
      /allowMissing/,
    ],
    [
      'lab users in reach of the clients of a public host',
      { edge: { publicHosts: ['localhost:9443', 'sip.example.com'] } },
      { generated: GENERATED },
      /edge\.listen .*\(clients of sip\.example\.com\).*lab users/,
    ],
    ['threads that are never made', { turn: { shards: 4 } }, {}, /turn\.shards has no effect: turn\.dataPlane is auto/],
    [
      'an Origin that every site can send',
      { edge: { origins: { allow: ['self', 'null'] } } },
      {},
      /edge\.origins\.allow has null: every site/,
    ],
    [
      'lab users in reach of the clients of a proxy',
      { edge: { listen: { proxyProtocolFrom: ['127.0.0.1'] } } },
      { generated: GENERATED },
      /edge\.listen .*proxies at 127\.0\.0\.1.*lab users/,
    ],
    [
      'proxies that anybody may be',
      { edge: { listen: { proxyProtocolFrom: ['::/0'] } } },
      {},
      /edge\.listen\.proxyProtocolFrom \(::\/0\)/,
    ],
    [
      'proxies of a TURN listener that anybody may be',
      {
        turn: {
          relay: { addresses: ['192.0.2.7'] },
          listeners: [{ transport: 'tls', address: '127.0.0.1', proxyProtocolFrom: ['0.0.0.0/0'] }],
        },
      },
      {},
      /turn\.listeners\.0\.proxyProtocolFrom/,
    ],
    [
      'a relay that nobody reaches, behind an HTTPS port that others reach',
      { edge: { listen: { addresses: ['192.0.2.7'] }, turnOnHttps: true } },
      {},
      /turn\.relay\.addresses are loopback only/,
    ],
    ['a short password', {}, { users: new Map([['bob', new Secret('short')]]) }, /password of bob/],
    [
      'private peers in reach of others',
      { turn: { ...relayOutside, relay: { addresses: ['192.0.2.7'] }, peers: { allowPrivate: true } } },
      {},
      /allowPrivate/,
    ],
    ['a relay that peers cannot reach', { turn: relayOutside }, {}, /turn\.relay\.addresses/],
    [
      'turn:localhost handed out to clients elsewhere',
      { turn: { listeners: [{ transport: 'udp', address: '0.0.0.0' }], relay: { addresses: ['192.0.2.7'] } } },
      {},
      /0\.0\.0\.0.*turn:localhost: set turn\.publicHost/,
    ],
    [
      'a relay among the addresses of the core',
      {
        edge: { core: { kind: 'external', uris: ['sip:10.0.0.2'], trusted: ['10.0.0.0/24'] } },
        turn: { relay: { addresses: ['10.0.0.7'] } },
      },
      {},
      /edge\.core\.trusted holds the relay address 10\.0\.0\.7/,
    ],
    [
      'an external relay address among the addresses of the core',
      {
        edge: { core: { kind: 'external', uris: ['sip:10.0.0.2'], trusted: ['9.9.9.9'] } },
        turn: { relay: { addresses: ['10.0.0.7'], externalAddresses: { '10.0.0.7': '9.9.9.9' } } },
      },
      {},
      /edge\.core\.trusted holds the relay address 9\.9\.9\.9/,
    ],
    ['every address as a peer', { turn: { peers: { allow: ['0.0.0.0/0'] } } }, {}, /turn\.peers\.allow\.0/],
    [
      'a short password of a long-term user',
      {},
      { longTermUsers: [{ name: 'carol', realm: 'r', password: new Secret('short'), key: undefined }] },
      /password of carol/,
    ],
    [
      'hidden names that nobody here hands out',
      { edge: { enabled: false }, turn: { usernameAnonymity: true } },
      {},
      /usernameAnonymity/,
    ],
    ['credentials that do not end', { turn: { expiryPolicy: 'allocate-only' } }, {}, /expiryPolicy/],
    ['a short Km', {}, { keys: [{ id: 'k', secret: new Secret('short') }] }, /key k has 5 bytes/],
    [
      'a Km nobody else knows',
      { edge: { enabled: false } },
      { generated: { ...GENERATED, users: false } },
      /generated Km/,
    ],
  ];
  it.each(table)('warns of %s', (_what, input, secrets, expected) => {
    const warnings = warningsOf(input, secrets);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(expected);
  });

  const wildcard = {
    listeners: [{ transport: 'udp' as const, address: '::' }],
    relay: { addresses: ['192.0.2.7'] },
  };
  it.each<[string, ConfigInput]>([
    ['a public host', { turn: { ...wildcard, publicHost: 'turn.example.com' } }],
    ['a domain', { domain: 'example.com', turn: wildcard }],
    ['URIs that were written', { edge: { credential: { uris: ['turn:turn.example.com'] } }, turn: wildcard }],
  ])('does not warn of a wildcard listener with %s', (_what, input) => {
    expect(warningsOf(input)).toEqual([]);
  });
});
