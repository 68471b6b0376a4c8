import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { type ConfigInput } from '../../../src/config/schema/tree.ts';

function problemsOf(input: ConfigInput): string[] {
  try {
    parseConfig(input);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

const USER = { name: 'alice', password: 'a-password' };

describe('keys that do not fit together', () => {
  const table: [string, ConfigInput, string][] = [
    [
      'neither part',
      { edge: { enabled: false }, turn: { enabled: false } },
      'turn.enabled: expected edge or turn to be enabled, got false',
    ],
    [
      'no URIs to hand out',
      { turn: { enabled: false } },
      'edge.credential.uris: expected a list of TURN URIs, because turn.enabled is false, got "auto"',
    ],
    [
      'an external core without a place',
      { edge: { core: { kind: 'external' } } },
      'edge.core.uris: expected at least one URI, because edge.core.kind is external, got []',
    ],
    [
      'an external core with users',
      { edge: { core: { kind: 'external', uris: ['sip:icscf.example.com'], users: [USER] } } },
      'edge.core.users: expected nobody: an external core has users of its own, got 1',
    ],
    [
      'places of a core that is inside',
      { edge: { core: { uris: ['sip:icscf.example.com'] } } },
      'edge.core.kind: expected external, because edge.core.uris is set, got "embedded"',
    ],
    [
      'an E-CSCF beside a core that is inside',
      { edge: { core: { emergency: { uris: ['sip:ecscf.example.com'] } } } },
      'edge.core.kind: expected external, because edge.core.emergency.uris is set, got "embedded"',
    ],
    [
      'a wildcard that the core cannot call',
      { edge: { core: { kind: 'external', uris: ['sip:icscf.example.com'], listen: { addresses: ['0.0.0.0'] } } } },
      'edge.core.listen.publicHost: expected the host by which the core reaches this edge, got nothing',
    ],
    [
      'an empty port range',
      { turn: { relay: { ports: { min: 60_000, max: 50_000 } } } },
      'turn.relay.ports.max: expected at least turn.relay.ports.min (60000), got 50000',
    ],
    [
      'a default above the maximum',
      { turn: { allocation: { defaultLifetimeSec: 700, maxLifetimeSec: 650 } } },
      'turn.allocation.maxLifetimeSec: expected at least turn.allocation.defaultLifetimeSec (700), got 650',
    ],
    [
      'a wildcard relay',
      { turn: { relay: { addresses: ['0.0.0.0'] } } },
      'turn.relay.addresses.0: expected an address of this machine, got "0.0.0.0"',
    ],
    [
      'an external address of nothing',
      { turn: { relay: { externalAddresses: { '10.0.0.5': '192.0.2.1' } } } },
      'turn.relay.externalAddresses.10.0.0.5: expected a key that is one of turn.relay.addresses, got "10.0.0.5"',
    ],
    [
      'an external address of another family',
      { turn: { relay: { externalAddresses: { '127.0.0.1': '2001:db8::1' } } } },
      'turn.relay.externalAddresses.127.0.0.1: expected an address of the same family, got "2001:db8::1"',
    ],
    [
      'a discovery address without a UDP listener that names its own',
      {
        turn: {
          natDiscovery: { alternateAddress: '127.0.0.2' },
          listeners: [{ transport: 'udp', address: '0.0.0.0' }],
        },
      },
      'turn.natDiscovery.alternateAddress: expected an address of the family of a UDP listener that names its address, got "127.0.0.2"',
    ],
    [
      'a discovery address that is no second one',
      { turn: { natDiscovery: { alternateAddress: '127.0.0.1' } } },
      'turn.natDiscovery.alternateAddress: expected another address of this machine than 127.0.0.1, got "127.0.0.1"',
    ],
    [
      'a discovery port that is no second one',
      { turn: { natDiscovery: { alternateAddress: '127.0.0.2', alternatePort: 3478 } } },
      'turn.natDiscovery.alternatePort: expected another port than that of the UDP listener, got 3478',
    ],
    [
      'two listeners of one port',
      {
        turn: {
          listeners: [
            { transport: 'tcp', address: '127.0.0.1' },
            { transport: 'tls', address: '127.0.0.1', port: 3478 },
          ],
        },
      },
      'turn.listeners.1: expected a listener of its own, got "tcp 127.0.0.1 3478"',
    ],
    [
      'a TLS listener on the port of the edge',
      {
        edge: { listen: { addresses: ['127.0.0.1'], port: 443 } },
        turn: { listeners: [{ transport: 'tls', address: '127.0.0.1', port: 443 }] },
      },
      'turn.listeners.0: expected a port that edge.listen does not have, got "tcp 127.0.0.1 443"',
    ],
    [
      'a listener on every address beside one on one of them',
      {
        turn: {
          listeners: [
            { transport: 'udp', address: '127.0.0.1' },
            { transport: 'udp', address: '0.0.0.0' },
          ],
        },
      },
      'turn.listeners.1: expected a listener of its own, got "udp 0.0.0.0 3478"',
    ],
    [
      'a listener towards the core on the port of the edge',
      {
        edge: {
          listen: { addresses: ['127.0.0.1'], port: 5060 },
          core: { kind: 'external', uris: ['sip:icscf.example.com'] },
        },
      },
      'edge.core.listen: expected a port that edge.listen does not have, got "tcp 127.0.0.1 5060"',
    ],
    [
      'a listener on a port of NAT discovery',
      {
        turn: {
          listeners: [
            { transport: 'udp', address: '127.0.0.1' },
            { transport: 'udp', address: '127.0.0.2' },
          ],
          natDiscovery: { alternateAddress: '127.0.0.2' },
        },
      },
      'turn.natDiscovery: expected a port that turn.listeners.1 does not have, got "udp 127.0.0.2 3478"',
    ],
    [
      'proxies of a UDP listener',
      { turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', proxyProtocolFrom: ['127.0.0.1'] }] } },
      'turn.listeners.0.proxyProtocolFrom: expected nothing for udp, got [127.0.0.1]',
    ],
    [
      'TURN on the HTTPS port of an edge without TURN server',
      { edge: { turnOnHttps: true, credential: { uris: ['turn:elsewhere'] } }, turn: { enabled: false } },
      'edge.turnOnHttps: expected false, because turn.enabled is false, got true',
    ],
    [
      'expires out of its bounds',
      { edge: { registration: { minExpiresSec: 700 } } },
      'edge.registration.defaultExpiresSec: expected a number from minExpiresSec (700) to maxExpiresSec (7200), got 600',
    ],
    [
      'MD5 before another',
      { edge: { core: { digest: { algorithms: ['MD5', 'SHA-256'] } } } },
      'edge.core.digest.algorithms: expected each algorithm once and MD5 last, because JsSIP takes the last, got [MD5, SHA-256]',
    ],
    [
      'two users of one name',
      { edge: { core: { users: [USER, USER] } } },
      'edge.core.users.1.name: expected a name that no other user has, got "alice"',
    ],
    [
      'two long-term users of one name, however it is composed',
      {
        credentials: {
          users: [
            { name: 'Andr\u00e9', password: 'x' },
            { name: 'Andre\u0301', password: 'y' },
          ],
        },
      },
      'credentials.users.1.name: expected a name that no other user of the realm has, got "Andre\u0301"',
    ],
    [
      'a long-term key that is none, without telling it',
      { credentials: { users: [{ name: 'carol', key: 'secret-in-a-wrong-place' }] } },
      'credentials.users.0.key: expected 32 hexadecimal digits, got [secret] (string)',
    ],
    [
      'a long-term user of no known realm',
      { domain: 'ims.example', credentials: { users: [{ name: 'carol', password: 'x', realm: 'elsewhere' }] } },
      'credentials.users.0.realm: expected a realm of turn.realms (ims.example), got "elsewhere"',
    ],
    [
      'a listener of no known realm',
      { domain: 'ims.example', turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', realm: 'elsewhere' }] } },
      'turn.listeners.0.realm: expected a realm of turn.realms (ims.example), got "elsewhere"',
    ],
    [
      'two realms of one name',
      { domain: 'ims.example', turn: { realms: [{ realm: 'ims.example' }] } },
      'turn.realms.0.realm: expected a realm that no other entry names, got "ims.example"',
    ],
    [
      'an origin of two realms',
      {
        turn: {
          realms: [
            { realm: 'a', origins: ['https://a.example'] },
            { realm: 'b', origins: ['https://b.example', 'https://a.example'] },
          ],
        },
      },
      'turn.realms.1.origins.1: expected an origin of one realm only, got "https://a.example"',
    ],
    [
      'a password algorithm twice',
      { turn: { passwordAlgorithms: ['md5', 'md5'] } },
      'turn.passwordAlgorithms: expected each algorithm once, got [md5, md5]',
    ],
    [
      'SHA-256 alone for a user whose key is MD5',
      { turn: { passwordAlgorithms: ['sha256'] }, credentials: { users: [{ name: 'carol', key: 'a'.repeat(32) }] } },
      'turn.passwordAlgorithms: expected md5 among them, because a user of credentials.users has no more than a `key`, got [sha256]',
    ],
    [
      'a ttl out of its bounds',
      { credentials: { ttl: { defaultSec: 90_000 } } },
      'credentials.ttl.defaultSec: expected a number from minSec (600) to maxSec (86400), got 90000',
    ],
    [
      'two keys of one id',
      {
        credentials: {
          keys: [
            { id: 'k', secret: 'x' },
            { id: 'k', secret: 'y' },
          ],
        },
      },
      'credentials.keys.1.id: expected an id of its own, got "k"',
    ],
    [
      'a key ring and a single key',
      { credentials: { secret: 'x', keys: [{ id: 'k', secret: 'x' }] } },
      'credentials: expected either "keys" or a single "secret", got "both"',
    ],
    [
      'a certificate without its key',
      { tls: { certFile: 'cert.pem' } },
      'tls.keyFile: expected the key of tls.certFile, in a file, got nothing',
    ],
    [
      'a key without its certificate',
      { tls: { keyFile: 'key.pem' } },
      'tls.certFile: expected the certificate of tls.keyFile, in a file, got nothing',
    ],
  ];
  it.each(table)('(%s) are told with the key that is wrong', (_what, input, line) => {
    expect(problemsOf(input)).toEqual([line]);
  });

  it('but listeners whose ports the system chooses are not the same', () => {
    const listener = { transport: 'udp' as const, address: '127.0.0.1', port: 0 };
    expect(problemsOf({ turn: { listeners: [listener, listener] } })).toEqual([]);
  });

  it('and a port may serve UDP and TCP', () => {
    const at = { address: '127.0.0.1', port: 3478 };
    expect(
      problemsOf({
        turn: {
          listeners: [
            { transport: 'udp', ...at },
            { transport: 'tcp', ...at },
          ],
        },
      }),
    ).toEqual([]);
  });
});
