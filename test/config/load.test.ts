import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig, type ConfigSources } from '../../src/config/load.ts';
import { EpcscfTurnError } from '../../src/base/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'epcscf-turn-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

/** A few lines of YAML that stand for millions of values. */
function bomb(): string {
  const levels = ['a', 'b', 'c', 'd', 'e'];
  const lines = levels.map(
    (name, i) =>
      `${name}: &${name} [${Array(9)
        .fill(i === 0 ? 'x' : `*${levels[i - 1]}`)
        .join(',')}]`,
  );
  return lines.join('\n');
}

/** The lines of the error, or nothing when it loads. */
function problems(sources: ConfigSources): string[] {
  try {
    loadConfig(sources);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(EpcscfTurnError);
    return (error as EpcscfTurnError).message.split('\n');
  }
}

describe('the configuration', () => {
  it('needs nothing: every key has a default', () => {
    const config = parseConfig({});
    expect(config.edge.listen).toEqual({ addresses: ['127.0.0.1', '::1'], port: 8443 });
    expect(config.turn.listeners.map(({ transport, address, port }) => `${transport} ${address} ${port}`)).toEqual([
      'udp 127.0.0.1 3478',
      'tcp 127.0.0.1 3478',
      'tls 127.0.0.1 5349',
      'udp ::1 3478',
      'tcp ::1 3478',
      'tls ::1 5349',
    ]);
  });

  it('may be handed in again as it came out', () => {
    const once = parseConfig({ credentials: { secret: 'a-shared-secret' }, turn: { realm: 'example.com' } });
    const twice = parseConfig(once);
    expect(twice).toEqual(once);
    expect(twice.credentials.secret?.revealText()).toBe('a-shared-secret');
  });

  it('comes from the file, over it from the environment, over that from flags', () => {
    const path = file('turn: { realm: of-file, quota: { perUser: 1, total: 2 } }\ndomain: file.example\n');
    const environment = { EPCSCF_TURN_REALM: 'of-environment', EPCSCF_TURN_QUOTA_PER_USER: '3' };
    const config = loadConfig({ file: path, environment, assignments: ['turn.realm=of-flag'] });
    expect(config.domain).toBe('file.example');
    expect(config.turn.realm).toBe('of-flag');
    expect(config.turn.quota).toMatchObject({ perUser: 3, total: 2 });
  });

  it('takes an empty file as an empty configuration', () => {
    expect(loadConfig({ file: file('# nothing yet\n') })).toEqual(parseConfig({}));
  });

  it.each(readdirSync('config').filter((name) => name.endsWith('.yaml')))('is valid in the sample %s', (name) => {
    expect(problems({ file: join('config', name) })).toEqual([]);
  });
});

describe('a value in the environment', () => {
  it.each([
    ['EPCSCF_EDGE_LISTEN_PORT', '9443', (c: Loaded) => c.edge.listen.port, 9443],
    ['EPCSCF_TURN_SOFTWARE', 'false', (c: Loaded) => c.turn.software, false],
    ['EPCSCF_TURN_PEERS_DENY', '10.0.0.0/8, 192.0.2.1', (c: Loaded) => c.turn.peers.deny, ['10.0.0.0/8', '192.0.2.1']],
    ['EPCSCF_TURN_PEERS_DENY', '', (c: Loaded) => c.turn.peers.deny, []],
    ['EPCSCF_EDGE_LISTEN_ADDRESSES', '["::1"]', (c: Loaded) => c.edge.listen.addresses, ['::1']],
    ['EPCSCF_EDGE_ORIGINS_ALLOW_MISSING', 'true', (c: Loaded) => c.edge.origins.allowMissing, true],
    ['EPCSCF_EDGE_ORIGINS_ALLOW_MISSING', 'auto', (c: Loaded) => c.edge.origins.allowMissing, 'auto'],
    ['EPCSCF_TURN_SHARDS', 'auto', (c: Loaded) => c.turn.shards, 'auto'],
    ['EPCSCF_TURN_SHARDS', '4', (c: Loaded) => c.turn.shards, 4],
    [
      'EPCSCF_EDGE_CREDENTIAL_URIS',
      'turn:a:1,turn:b:2',
      (c: Loaded) => c.edge.credential.uris,
      ['turn:a:1', 'turn:b:2'],
    ],
    [
      'EPCSCF_TURN_RELAY_EXTERNAL_ADDRESSES',
      '{"127.0.0.1": 192.0.2.1}',
      (c: Loaded) => c.turn.relay.externalAddresses,
      { '127.0.0.1': '192.0.2.1' },
    ],
    [
      'EPCSCF_TURN_LISTENERS',
      '[{transport: tls, address: 127.0.0.1}]',
      (c: Loaded) => c.turn.listeners,
      [{ transport: 'tls', address: '127.0.0.1', port: 5349 }],
    ],
    ['EPCSCF_STATE_DIR', '/srv/state', (c: Loaded) => c.stateDir, '/srv/state'],
  ])('%s=%s is read as its key wants it', (name, text, pick, expected) => {
    expect(pick(loadConfig({ environment: { [name]: text } }))).toEqual(expected);
  });

  it('may be one of a list by its place', () => {
    const environment = {
      EPCSCF_CREDENTIALS_KEYS_0_ID: 'new',
      EPCSCF_CREDENTIALS_KEYS_0_SECRET_FILE: '/run/secrets/km',
      EPCSCF_CREDENTIALS_KEYS_1_ID: 'old',
      EPCSCF_CREDENTIALS_KEYS_1_SECRET: 'old-secret',
    };
    const { keys } = loadConfig({ environment }).credentials;
    expect(keys[0]).toEqual({ id: 'new', secretFile: '/run/secrets/km' });
    expect(keys[1]?.secret?.revealText()).toBe('old-secret');
  });

  it('may be the eleventh of a list, although its name sorts before that of the second', () => {
    const listeners = Array.from({ length: 11 }, (_, i) => [
      [`EPCSCF_TURN_LISTENERS_${i}_TRANSPORT`, 'udp'],
      [`EPCSCF_TURN_LISTENERS_${i}_ADDRESS`, '127.0.0.1'],
      [`EPCSCF_TURN_LISTENERS_${i}_PORT`, String(5000 + i)],
    ]);
    const environment = Object.fromEntries(listeners.flat()) as Record<string, string>;
    expect(loadConfig({ environment }).turn.listeners.map(({ port }) => port - 5000)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('that is no YAML for its list is told in one line', () => {
    expect(problems({ environment: { EPCSCF_TURN_RELAY_EXTERNAL_ADDRESSES: '!tag {}' } })).toEqual([
      'turn.relay.externalAddresses: expected a mapping, got "!tag {}" (from EPCSCF_TURN_RELAY_EXTERNAL_ADDRESSES)',
    ]);
  });

  it('of another program is left alone', () => {
    expect(problems({ environment: { PATH: '/bin', EPCSCF: 'x', EPCSCF_CONFIG: 'file.yaml' } })).toEqual([]);
  });
});

type Loaded = ReturnType<typeof loadConfig>;

describe('a slip', () => {
  it.each([
    [
      'turn: { relay: { ports: { max: 70000 } } }',
      'turn.relay.ports.max: expected an integer from 1024 to 65535, got 70000',
    ],
    ['trun: {}', 'trun: unknown key; did you mean "turn"?'],
    ['turn: { relam: x }', 'turn.relam: unknown key; did you mean "turn.realm"?'],
    ['realm: x', 'realm: unknown key; did you mean "turn.realm"?'],
    [
      'log: { leveling: 1, level: loud }',
      'log.level: expected one of silent, error, warn, info, debug, trace, got "loud"',
    ],
    ['domain: under_score', 'domain: expected a host name, got "under_score"'],
    ['domain:', 'domain: expected a host name, got nothing'],
    ['turn: true', 'turn: expected a mapping, got true'],
    ['turn: { software: "yes" }', 'turn.software: expected true or false, got "yes"'],
    ['turn: { shards: 65 }', 'turn.shards: expected auto, or a whole number from 1 to 64, got 65'],
    ['turn: { shards: many }', 'turn.shards: expected auto, or a whole number from 1 to 64, got "many"'],
    ['oauth: { wwsf: { openid: { scope: "" } } }', 'oauth.wwsf.openid.scope: expected text that is not empty, got ""'],
    ['turn: { listeners: [] }', 'turn.listeners: expected a list that is not empty, got []'],
    [
      'turn: { listeners: [{ transport: sctp, address: 127.0.0.1 }] }',
      'turn.listeners.0.transport: expected one of udp, tcp, tls, got "sctp"',
    ],
    [
      'turn: { listeners: [{ transport: udp, address: localhost }] }',
      'turn.listeners.0.address: expected an IP address, got "localhost"',
    ],
    [
      'turn: { peers: { deny: ["10.1.2.3/8"] } }',
      'turn.peers.deny.0: expected an address, a range "first-last" or a network such as 10.0.0.0/8 without host bits, got "10.1.2.3/8"',
    ],
    ['turn: { publicHost: "http://x" }', 'turn.publicHost: expected a host name or an IP address, got "http://x"'],
    [
      'edge: { origins: { allow: ["https://a.example/"] } }',
      'edge.origins.allow.0: expected "self", "null" or an origin as clients send it, without path and wildcard, such as https://app.example.com or capacitor://localhost, got "https://a.example/"',
    ],
    ...[
      '*',
      'null ',
      'capacitor://',
      'chrome-extension://*',
      'app://x/',
      'app://x?y',
      'wss://a.example',
      'https://A.example',
    ]
      .concat(['https://a.example:443', 'file:///srv/app', 'localhost', 'App://x', 'data:text/html,x'])
      .map((text): [string, RegExp] => [
        `edge: { origins: { allow: [${JSON.stringify(text)}] } }`,
        /^edge\.origins\.allow\.0: expected "self", "null" or an origin as clients send it, without path and wildcard/,
      ]),
    ['edge: { origins: { allow: [null] } }', /^edge\.origins\.allow\.0: expected "self", "null" or .*, got nothing$/],
    [
      'edge: { publicHosts: ["https://sip.example.com"] }',
      'edge.publicHosts.0: expected a host name or address, with a port or without, such as sip.example.com or [2001:db8::1]:8443, got "https://sip.example.com"',
    ],
    [
      'edge: { credential: { uris: ["turn:a b"] } }',
      'edge.credential.uris.0: expected a TURN URI (RFC 7065) such as turn:turn.example.com:3478?transport=udp, got "turn:a b"',
    ],
    [
      'edge: { core: { users: [{ name: a }] } }',
      'edge.core.users.0: expected exactly one of "password" and "passwordFile", got a mapping',
    ],
    [
      'credentials: { users: [{ name: a, password: b, key: 0123456789abcdef0123456789abcdef }] }',
      'credentials.users.0: expected exactly one of "password", "passwordFile" and "key", got a mapping',
    ],
    [
      'edge: { core: { users: [{ password: secret-password }] } }',
      'edge.core.users.0.name: expected a SIP user name of up to 64 characters, got nothing',
    ],
    [
      'credentials: { separator: x }',
      'credentials.separator: expected one printable ASCII character that is no letter, digit, "-" or "_", got "x"',
    ],
    [
      'credentials: { keys: [{ id: "a b", secret: x }] }',
      'credentials.keys.0.id: expected up to 32 letters, digits, ".", "_" or "-", got "a b"',
    ],
    ['edge: { credential: { uris: [] } }', /^edge\.credential\.uris: expected .* that is not empty, got \[\]$/],
    ['turn: { relay: { externalAddresses: foo } }', 'turn.relay.externalAddresses: expected a mapping, got "foo"'],
    ['[1]', /: expected a mapping of sections, got a list$/],
    ['text', /: expected a mapping of sections, got text$/],
    ['domain: a\n---\ndomain: b', /^.*\.yaml:2:1: expected one YAML document, got another after "---"$/],
    ['domain: !foo bar', /^.*\.yaml:1:9: expected a plain value, got one with a tag \("!…"\)$/],
    [bomb(), /^.*\.yaml:1:1: expected aliases that stand for at most 100 values, got more$/],
    ['a: [', /^.*\.yaml:1:\d+: /],
    ['domain: a\ndomain: b', /^.*\.yaml:2:1: Map keys must be unique/],
  ])('in the file (%s) is told in one line', (text, expected) => {
    const lines = problems({ file: file(text) });
    expect(lines).toHaveLength(text.startsWith('log:') ? 2 : 1);
    if (typeof expected === 'string') expect(lines).toContain(expected);
    else expect(lines[0]).toMatch(expected);
  });

  it('does not hide another: all are told at once, with where they came from', () => {
    expect(
      problems({
        file: file('trun: {}\nturn: { quota: { total: 0 } }\n'),
        environment: { EPCSCF_TURN_RELAY_PORTS_MAX: '70000', EPCSCF_TURN_RELAM: 'x' },
        assignments: ['edge.listen.prot=1', 'edge.path=sip', 'nonsense'],
      }).sort(),
    ).toEqual([
      '--set nonsense: expected key=value',
      'EPCSCF_TURN_RELAM: unknown environment variable; did you mean "EPCSCF_TURN_REALM"?',
      'edge.listen.prot: unknown key; did you mean "edge.listen.port"?',
      'edge.path: expected a path that starts with "/", got "sip" (from --set)',
      'trun: unknown key; did you mean "turn"?',
      'turn.quota.total: expected an integer from 1 to 1000000, got 0',
      'turn.relay.ports.max: expected an integer from 1024 to 65535, got 70000 (from EPCSCF_TURN_RELAY_PORTS_MAX)',
    ]);
  });

  it('in a secret does not show the secret', () => {
    const text = 'credentials: { keys: [{ id: k, secret: 918273645 }], pseudonymKey: [918273645] }';
    expect(problems({ file: file(text) }).join('\n')).not.toContain('918273645');
  });

  it('in a value keeps it short', () => {
    const [line = ''] = problems({ assignments: [`domain=${'_'.repeat(10_000)}`] });
    expect(line.length).toBeLessThan(150);
  });

  it('of the file name says so', () => {
    expect(problems({ file: join(folder, 'missing.yaml') })).toEqual([
      `configuration file: cannot read ${join(folder, 'missing.yaml')} (ENOENT); there is no ${join(folder, 'missing.yaml')}, correct the path`,
    ]);
    expect(problems({ file: folder })).toEqual([
      `configuration file: cannot read ${folder} (EISDIR); it is a folder, name a file`,
    ]);
  });

  it('in the place of a list entry names the variable and the next place', () => {
    expect(problems({ environment: { EPCSCF_EDGE_CORE_USERS_5_NAME: 'carol' } })).toEqual([
      'EPCSCF_EDGE_CORE_USERS_5_NAME: expected the next entry of edge.core.users, which is 0, got 5',
    ]);
    expect(
      problems({
        file: file('edge: { core: { users: [{ name: alice, password: a-password }] } }'),
        assignments: ['edge.core.users.2.name=carol'],
      }),
    ).toEqual(['--set: expected the next entry of edge.core.users, which is 1, got 2']);
  });

  it('of any shape ends in an error of ours, and __proto__ stays a key like others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseConfig(value as never);
        } catch (error) {
          expect(error).toBeInstanceOf(EpcscfTurnError);
        }
      }),
      { numRuns: 200 },
    );
    expect(problems({ file: file('__proto__: { turn: { realm: x } }') })[0]).toMatch(/^__proto__: unknown key/);
    expect(problems({ assignments: ['__proto__.x=1'] })[0]).toMatch(/^__proto__: unknown key/);
  });
});
