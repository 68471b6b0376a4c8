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
