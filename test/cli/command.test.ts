import { spawn } from 'node:child_process';
import { createDecipheriv, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const COMMAND = 'dist/cli/main.js';
const EPHEMERAL = [
  '--set',
  'edge.listen.port=0',
  '--set',
  'turn.listeners=[{transport: udp, address: 127.0.0.1, port: 0}, {transport: tls, address: 127.0.0.1, port: 0}]',
];

let base: string;
beforeAll(() => {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: npm run build`);
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-cli-'));
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end; `onOutput` sees what it has printed so far. */
function run(
  args: readonly string[],
  environment: Record<string, string> = {},
  onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void, stderr: string) => void,
): Promise<Run> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH, HOME: base, XDG_STATE_HOME: base, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput?.(stdout, (signal) => child.kill(signal), stderr);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onOutput?.(stdout, (signal) => child.kill(signal), stderr);
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs the server until it has printed what `until` finds, and stops it. */
function serve(args: readonly string[], until: RegExp, environment: Record<string, string> = {}): Promise<Run> {
  let stopping = false;
  return run(['serve', ...EPHEMERAL, ...args], environment, (stdout, kill) => {
    if (stopping || !until.test(stdout)) return;
    stopping = true;
    kill('SIGTERM');
  });
}

describe('epcscf-turn serve', () => {
  it('prints where everything is, what was chosen and how to change it, and stops on SIGTERM', async () => {
    const { code, stdout } = await serve([], /Ctrl-C/);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Demo page +https:\/\/localhost:\d+\/\n/);
    expect(stdout).toMatch(/WebSocket +wss:\/\/localhost:\d+\/\n/);
    expect(stdout).toMatch(/TURN +turn:127\.0\.0\.1:\d+\?transport=udp\n +turns:127\.0\.0\.1:\d+\?transport=tcp\n/);
    expect(stdout).toMatch(/SIP domain +localhost\n/);
    expect(stdout).toMatch(/Users +alice +password \w{6}-\w{6}-\w{6}\n +bob +password \w{6}-\w{6}-\w{6}\n/);
    expect(stdout).toContain(`State       ${join(base, 'epcscf-turn')}\n`);
    expect(stdout).toContain('--config FILE');
    expect(statSync(join(base, 'epcscf-turn', 'km.key')).mode & 0o777).toBe(0o600);
  });

  it('drains the TURN server on SIGUSR2, and resumes on the next', async () => {
    const steps: [said: RegExp, answer: NodeJS.Signals][] = [
      [/"ready"/, 'SIGUSR2'],
      [/TURN server draining/, 'SIGUSR2'],
      [/takes new allocations again/, 'SIGTERM'],
    ];
    const { code } = await run(['serve', '--json', ...EPHEMERAL], {}, (stdout, kill, stderr) => {
      const [said, answer] = steps[0] ?? [];
      if (!answer || !said?.test(stdout + stderr)) return;
      steps.shift();
      kill(answer);
    });
    expect(steps).toEqual([]);
    expect(code).toBe(0);
  });

  it('goes on after SIGHUP, and says what is read again without it', async () => {
    const steps: [said: RegExp, answer: NodeJS.Signals][] = [
      [/"ready"/, 'SIGHUP'],
      [/SIGHUP: certificate files are read again when they change/, 'SIGTERM'],
    ];
    const { code, stderr } = await run(['serve', '--json', ...EPHEMERAL], {}, (stdout, kill, told) => {
      const [said, answer] = steps[0] ?? [];
      if (!answer || !said?.test(stdout + told)) return;
      steps.shift();
      kill(answer);
    });
    expect(steps).toEqual([]);
    expect(code).toBe(0);
    expect(stderr.match(/SIGHUP/g)).toHaveLength(1);
  });

  it.each(['pretty', 'json'])(
    'shows a terminal no control character of an Origin as it is (log.format %s)',
    async (format) => {
      let started = false;
      const args = ['serve', '--json', ...EPHEMERAL, '--set', `log.format=${format}`];
      const { stderr } = await run(args, {}, (stdout, kill, told) => {
        if (told.includes('upgrade refused')) kill('SIGTERM');
        if (started || !stdout.includes('\n')) return;
        started = true;
        const { webSocket } = JSON.parse(stdout) as { webSocket: string };
        const client = new WebSocket(webSocket, 'sip', { origin: 'https://a\u009b31mb', rejectUnauthorized: false });
        client.on('error', () => undefined);
      });
      expect(stderr).toContain('https://a');
      expect(stderr).toMatch(/u009b31mb/);
      expect(stderr).not.toMatch(/[\u0080-\u009f]/);
    },
  );

  it('drains on SIGTERM: the client is told to come back, and what is left is told meanwhile', async () => {
    let started = false;
    let closed: Promise<[number, Buffer]> | undefined;
    const { code, stderr } = await run(['serve', '--json', ...EPHEMERAL], {}, (stdout, kill) => {
      if (started || !stdout.includes('\n')) return;
      started = true;
      const { webSocket } = JSON.parse(stdout) as { webSocket: string };
      const client = new WebSocket(webSocket, 'sip', { rejectUnauthorized: false });
      closed = once(client, 'close') as Promise<[number, Buffer]>;
      client.once('open', () => {
        kill('SIGTERM');
      });
    });
    expect(code).toBe(0);
    expect((await closed)?.[0]).toBe(1012);
    expect(stderr).toMatch(/"connections":1,"allocations":0,"msg":"draining"/);
  });

  it('leaves at once on a second signal, when a client does not let go', async () => {
    let started = false;
    const { code } = await run(['serve', '--json', ...EPHEMERAL], {}, (stdout, kill) => {
      if (started || !stdout.includes('\n')) return;
      started = true;
      const { webSocket } = JSON.parse(stdout) as { webSocket: string };
      const client = new WebSocket(webSocket, 'sip', { rejectUnauthorized: false });
      client.once('error', () => {
        client.terminate();
      });
      client.once('open', () => {
        // What is not read is not answered: the server would wait for the closing handshake.
        client.pause();
        kill('SIGINT');
        setTimeout(() => {
          kill('SIGTERM');
        }, 700);
      });
    });
    expect(code).toBe(128 + 15);
  });

  it('prints with --json one line with every address, and logs elsewhere', async () => {
    const { code, stdout, stderr } = await serve(['--json'], /\n/);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    const ready = JSON.parse(stdout) as { https: object[]; turn: object[]; turnUris: string[]; users: object[] };
    expect(ready).toMatchObject({ ready: true, domain: 'localhost', realm: 'localhost' });
    expect(ready.https.length).toBeGreaterThan(0);
    expect(ready.turn).toHaveLength(2);
    expect(ready.turnUris).toHaveLength(2);
    expect(ready.users).toHaveLength(2);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  it('shows no password that a configuration gave', async () => {
    const environment = { EPCSCF_EDGE_CORE_USERS: '[{name: carol, password: carols-password}]' };
    const { stdout } = await serve(['--set', 'log.level=trace'], /Ctrl-C/, environment);
    expect(stdout).toMatch(/Users +1 of the configuration/);
    expect(stdout).not.toContain('carols-password');
  });

  it('ends with 1 and one line when a port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const set = [
      '--set',
      'edge.listen.addresses=127.0.0.1',
      '--set',
      `edge.listen.port=${port}`,
      '--set',
      'log.level=silent',
    ];
    const { code, stdout, stderr } = await run(['serve', ...EPHEMERAL, ...set]);
    blocker.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `epcscf-turn: edge listener 127.0.0.1:${port}: port ${port} is in use; stop the program that holds it or choose another port in edge.listen.port (EADDRINUSE)\n`,
    });
  });

  it('ends with 1 and a line for each file when the certificate cannot be read', async () => {
    const tls = { EPCSCF_TLS_CERT_FILE: '/nonexistent/cert.pem', EPCSCF_TLS_KEY_FILE: '/nonexistent/key.pem' };
    expect(await run(['serve', ...EPHEMERAL], tls)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'epcscf-turn: tls.certFile: cannot read /nonexistent/cert.pem (ENOENT); there is no /nonexistent/cert.pem, correct the path\n' +
        'epcscf-turn: tls.keyFile: cannot read /nonexistent/key.pem (ENOENT); there is no /nonexistent/key.pem, correct the path\n',
    });
  });

  it('ends with 1 and one line when the state folder cannot be used', async () => {
    const file = join(base, 'a-file');
    writeFileSync(file, '');
    const { code, stderr } = await run(['serve', ...EPHEMERAL], { EPCSCF_STATE_DIR: join(file, 'state') });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `epcscf-turn: ${file}/state: cannot be made (ENOTDIR); set stateDir to a folder you may write\n`,
    );
  });

  it('ends with 2 and a line for each problem of the configuration', async () => {
    const file = join(base, 'wrong.yaml');
    writeFileSync(file, 'trun: {}\nturn: { relay: { ports: { max: 70000 } } }\n');
    expect(await run(['serve', '--config', file])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'turn.relay.ports.max: expected an integer from 1024 to 65535, got 70000\ntrun: unknown key; did you mean "turn"?\n',
    });
  });
});

describe('epcscf-turn', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('lists its commands', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const name of ['serve', 'check-config', 'print-config', 'mint', 'verify']) expect(stdout).toContain(name);
  });

  it.each([
    ['srve', 'error: unknown command "srve"; did you mean "serve"?\n'],
    [
      'bogus',
      'error: unknown command "bogus"; the commands are serve, check-config, print-config, mint, mint-token, verify, unmask, revoke, help\n',
    ],
  ])('says of %s that it is no command, and which was meant', async (word, line) => {
    const { code, stderr } = await run([word]);
    expect(code).toBe(2);
    expect(stderr).toBe(`${line}(epcscf-turn --help lists the commands)\n`);
  });

  it('shows no default that is none in its help', async () => {
    const { stdout } = await run(['serve', '--help']);
    expect(stdout).toContain('--set <key=value>');
    expect(stdout).not.toContain('default: []');
  });

  it.each([[['srve']], [['serve', '--jsn']], [['mint']], [['mint', '']], [['mint', 'alice', '--ttl', 'long']]])(
    'ends with 2 when it is called as %j',
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^error: /);
    },
  );
});

describe('epcscf-turn check-config', () => {
  it('says that a configuration is valid, and warns', async () => {
    const { code, stdout, stderr } = await run(['check-config', '--set', 'turn.expiryPolicy=allocate-only']);
    expect(code).toBe(0);
    expect(stdout).toBe('configuration is valid\n');
    expect(stderr).toMatch(/^warning: turn\.expiryPolicy/);
  });

  it('writes nothing, not even the state folder', async () => {
    const state = join(base, 'never-made');
    expect((await run(['check-config'], { EPCSCF_STATE_DIR: state })).code).toBe(0);
    expect(existsSync(state)).toBe(false);
  });

  it('names every file that cannot be read and every address that cannot be had, at once', async () => {
    const settings = [
      'tls.certFile=/nonexistent/cert',
      'tls.keyFile=/nonexistent/key',
      'edge.core.users=[{name: a, passwordFile: /nonexistent/a}, {name: b, passwordFile: /nonexistent/b}]',
      'credentials.secretFile=/nonexistent/km',
      'credentials.pseudonymKeyFile=/nonexistent/pseudonym',
      'edge.listen.addresses=192.0.2.1,0.0.0.0',
      'turn.relay.addresses=127.0.0.1,2001:db8::1',
    ];
    const { code, stdout, stderr } = await run(['check-config', ...settings.flatMap((one) => ['--set', one])]);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr.match(/[\w.]+: (?:cannot read|[\da-f.:]+ (?:is no address|has port \d+ already))/g)).toEqual([
      'tls.certFile: cannot read',
      'tls.keyFile: cannot read',
      'edge.core.users.0.passwordFile: cannot read',
      'edge.core.users.1.passwordFile: cannot read',
      'credentials.secretFile: cannot read',
      'credentials.pseudonymKeyFile: cannot read',
      'edge.listen: 192.0.2.1 is no address',
      'turn.relay.addresses: 2001:db8::1 is no address',
      'edge.listen: 0.0.0.0 has port 8443 already',
    ]);
  });

  it('names what was written wrong, files, the state folder and addresses in one run, and nothing that follows from a mistake', async () => {
    const file = join(base, 'all-wrong.yaml');
    writeFileSync(
      file,
      `
stateDir: ${file}/state
domain: 5
edge:
  listen: { adresses: [192.0.2.5] }
  core: { users: [{ name: 7, passwordFile: /nonexistent/a }, { name: b, passwordFile: /nonexistent/b }] }
turn:
  relay: { addresses: [bogus, 192.0.2.7], ports: { mni: 50000, max: 2000 } }
  allocation: { defaultLifetimeSec: 900, maxLifetimeSec: 800 }
  listeners: [{ transport: udp, address: 0.0.0.0 }, { transport: tpc, address: 192.0.2.8 }, { transport: udp, address: 192.0.2.9 }]
credentials: { pseudonymKeyFile: /nonexistent/p }
`,
    );
    const { code, stderr } = await run(['check-config', '-c', file], { EPCSCF_EDGE_PTH: '/' });
    expect(code).toBe(2);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/[;,(].*/, '')),
    ).toEqual([
      'EPCSCF_EDGE_PTH: unknown environment variable',
      'domain: expected a host name',
      'edge.listen.adresses: unknown key',
      'edge.core.users.0.name: expected a SIP user name of up to 64 characters',
      'turn.listeners.1.transport: expected one of udp',
      'turn.relay.addresses.0: expected an IP address',
      'turn.relay.ports.mni: unknown key',
      'turn.listeners.2: expected a listener of its own',
      'turn.allocation.maxLifetimeSec: expected at least turn.allocation.defaultLifetimeSec ',
      'edge.core.users.0.passwordFile: cannot read /nonexistent/a ',
      'edge.core.users.1.passwordFile: cannot read /nonexistent/b ',
      'credentials.pseudonymKeyFile: cannot read /nonexistent/p ',
      `${file}/state: cannot be read `,
      'turn.listeners.2: 192.0.2.9 is no address of this host',
      'turn.relay.addresses: 192.0.2.7 is no address of this host',
    ]);
  });

  it.each([
    ['/proc/nope', 'cannot be made (ENOENT)'],
    ['/dev/null', 'is no folder'],
    ['/dev/null/state', 'cannot be read (ENOTDIR)'],
  ])('names a state folder that a start could not make: %s', async (stateDir, what) => {
    const { code, stdout, stderr } = await run(['check-config', '--set', `stateDir=${stateDir}`]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${stateDir}: ${what}; set stateDir to`);
  });

  it('does not ask for a state folder where everything is given', async () => {
    const settings = [
      'stateDir=/proc/nope',
      'edge.enabled=false',
      'turn.listeners=[{transport: udp, address: 127.0.0.1}]',
    ];
    const environment = { EPCSCF_CREDENTIALS_SECRET: 'a-shared-secret', EPCSCF_CREDENTIALS_PSEUDONYM_KEY: 'a-key' };
    const args = ['check-config', ...settings.flatMap((one) => ['--set', one])];
    expect(await run(args, environment)).toMatchObject({ code: 0, stdout: 'configuration is valid\n' });
  });

  it('takes relative names from the folder of the file they stand in, and those of --set and variables from its own', async () => {
    const folder = mkdtempSync(join(base, 'relative-'));
    writeFileSync(join(folder, 'km'), 'a-key-of-twenty-bytes', { mode: 0o600 });
    writeFileSync(join(folder, 'edge.yaml'), 'stateDir: state\ncredentials: { secretFile: km }\n');
    const file = ['-c', join(folder, 'edge.yaml')];
    expect(await run(['check-config', ...file])).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await run([
      'print-config',
      ...file,
      '--set',
      'tls.certFile=c.pem',
      '--set',
      'tls.keyFile=k.pem',
    ]);
    expect(stdout).toContain(`secretFile: ${join(folder, 'km')}\n`);
    expect(stdout).toContain(`stateDir: ${join(folder, 'state')}\n`);
    expect(stdout).toContain('certFile: c.pem\n');
    const own = relative(process.cwd(), join(folder, 'km'));
    expect((await run(['check-config', '--set', `credentials.secretFile=${own}`])).code).toBe(0);
    expect((await run(['check-config'], { EPCSCF_CREDENTIALS_SECRET_FILE: own })).code).toBe(0);
    const elsewhere = await run(['check-config', ...file], { EPCSCF_CREDENTIALS_SECRET_FILE: 'km' });
    expect(elsewhere.stderr).toContain('credentials.secretFile: cannot read km (ENOENT)');
  });

  it('warns of a key that every user of the machine can read', async () => {
    const file = join(base, 'loose-km');
    writeFileSync(file, 'a-key-of-twenty-bytes');
    chmodSync(file, 0o644);
    const { code, stderr } = await run(['check-config', '--set', `credentials.secretFile=${file}`]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `warning: credentials.secretFile: every user of this machine can read ${file} (mode 0644); run chmod o= on it\n`,
    );
  });

  it('ends with 2 for a file that is not there, also when the environment names it', async () => {
    const { code, stderr } = await run(['check-config'], { EPCSCF_CONFIG: '/nonexistent.yaml' });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'configuration file: cannot read /nonexistent.yaml (ENOENT); there is no /nonexistent.yaml, correct the path\n',
    );
  });
});

describe('epcscf-turn print-config', () => {
  it('prints the effective configuration with secrets hidden, fit to be read again', async () => {
    const environment = { EPCSCF_CREDENTIALS_SECRET: 'km-not-to-be-seen', EPCSCF_TURN_REALM: 'example.com' };
    const { code, stdout } = await run(['print-config'], environment);
    expect(code).toBe(0);
    expect(stdout).toContain('realm: example.com');
    expect(stdout).toContain(`stateDir: ${join(base, 'epcscf-turn')}\n`);
    expect(stdout).toContain('secret: "[secret]"');
    expect(stdout).not.toContain('km-not-to-be-seen');
    const file = join(base, 'printed.yaml');
    writeFileSync(file, stdout);
    expect((await run(['check-config', '--config', file])).code).toBe(0);
  });

  it('lists the environment variables', async () => {
    const { stdout } = await run(['print-config', '--env']);
    expect(stdout).toContain('EPCSCF_TURN_RELAY_PORTS_MAX  turn.relay.ports.max\n');
  });
});

describe('epcscf-turn mint and verify', () => {
  it('mints nothing where only a registration makes a credential', async () => {
    const { code, stderr } = await run(['mint', 'alice', '--set', 'credentials.approach=delivered']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^credentials\.approach: expected shared-key; with delivered,/);
  });

  it('names the TURN URIs that the edge hands out, where the TURN server is elsewhere', async () => {
    const uris = "edge.credential.uris=['turn:relay.example']";
    const { stdout } = await run([
      'mint',
      'alice',
      '--set',
      'turn.enabled=false',
      '--set',
      uris,
      '--set',
      'credentials.secret=km',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ uris: ['turn:relay.example'] });
  });

  const km = { EPCSCF_CREDENTIALS_SECRET: 'a-shared-secret', EPCSCF_CREDENTIALS_PSEUDONYM_KEY: 'a-pseudonym-key' };

  it('make the credential that coturn would make, for a name that shows nothing', async () => {
    const { code, stdout } = await run(['mint', 'alice', '--ttl', '1800'], km);
    expect(code).toBe(0);
    const minted = JSON.parse(stdout) as { username: string; password: string; ttl: number; uris: string[] };
    expect(minted.ttl).toBe(1800);
    expect(minted.username).toMatch(/^\d{10}:u[\w-]+$/);
    expect(minted.username).not.toContain('alice');
    expect(minted.password).toBe(createHmac('sha1', 'a-shared-secret').update(minted.username).digest('base64'));
    expect(minted.uris).toContain('turn:127.0.0.1:3478?transport=udp');
    const verified = await run(['verify', minted.username, minted.password], km);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toMatch(/^valid until .* from now\nkey: k1\nu: u[\w-]+\nregistration: alice\n$/);
  });

  const password = (username: string) => createHmac('sha1', 'a-shared-secret').update(username).digest('base64');

  it.each([
    ['1000000000:alice', password('1000000000:alice'), /^refused: expired at 2001-09-09T01:46:40\.000Z/],
    ['4000000000:alice', 'wrong', /^refused: no key of the ring \(k1\) makes this password/],
    ['alice', 'any', /^refused: the username is not of the form t:u/],
  ])('refuse %s and say why', async (username, secret, reason) => {
    const { code, stdout } = await run(['verify', username, secret], km);
    expect(code).toBe(1);
    expect(stdout).toMatch(reason);
  });
});

describe('epcscf-turn mint-token', () => {
  const environment = { EPCSCF_CREDENTIALS_PSEUDONYM_KEY: 'a-pseudonym-key' };

  it('makes the answer of an authorization server, whose token only the key opens', async () => {
    const key = Buffer.alloc(32, 'K').toString('base64');
    const { code, stdout } = await run(['mint-token', 'alice', '--ttl', '1800'], {
      ...environment,
      EPCSCF_OAUTH_KEYS_0_KID: 'north',
      EPCSCF_OAUTH_KEYS_0_KEY: key,
      EPCSCF_OAUTH_SERVER_NAME: 'turn.example',
    });
    expect(code).toBe(0);
    const answer = JSON.parse(stdout) as { access_token: string; key: string };
    expect(answer).toMatchObject({ token_type: 'pop', expires_in: 1800, kid: 'north', aud: 'turn.example' });
    const token = Buffer.from(answer.access_token, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'base64'), token.subarray(2, 14));
    decipher.setAAD(Buffer.from('turn.example')).setAuthTag(token.subarray(-16));
    const block = Buffer.concat([decipher.update(token.subarray(14, -16)), decipher.final()]);
    expect(block.toString('base64', 2, 22)).toBe(answer.key);
  });

  it('ends with 2 and the key that is missing', async () => {
    expect(await run(['mint-token', 'alice'], environment)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'oauth.keys: expected a key, got none\n',
    });
  });
});

describe('epcscf-turn without the keys of a server', () => {
  it.each([
    [['mint', 'alice'], 'Km', 'credentials.keys'],
    [['verify', '4000000000:alice', 'password'], 'Km', 'credentials.keys'],
    [['unmask', 'u-name'], 'pseudonym key', 'credentials.pseudonymKey'],
  ])('ends %j with 1 and one line, and makes none', async (args, what, key) => {
    const state = join(base, 'no-server-here');
    expect(await run(args, { EPCSCF_STATE_DIR: state })).toEqual({
      code: 1,
      stdout: '',
      stderr: `epcscf-turn: no ${what} in ${state}: set ${key} to that of the server, or stateDir to the folder of a server that has run\n`,
    });
    expect(existsSync(state)).toBe(false);
  });

  it('verifies with Km alone, and leaves the registration hidden', async () => {
    const environment = {
      EPCSCF_CREDENTIALS_SECRET: 'a-shared-secret',
      EPCSCF_STATE_DIR: join(base, 'no-server-here'),
    };
    const username = '4000000000:alice';
    const password = createHmac('sha1', 'a-shared-secret').update(username).digest('base64');
    const { code, stdout } = await run(['verify', username, password], environment);
    expect(code).toBe(0);
    expect(stdout).toContain('registration: hidden, no pseudonym key here\n');
  });
});

describe('epcscf-turn unmask', () => {
  it('finds the registration behind a name in a log, for the holder of the pseudonym key alone', async () => {
    const km = { EPCSCF_CREDENTIALS_SECRET: 'a-shared-secret', EPCSCF_CREDENTIALS_PSEUDONYM_KEY: 'a-pseudonym-key' };
    const { username } = JSON.parse((await run(['mint', 'alice'], km)).stdout) as { username: string };
    const [, name = ''] = username.split(':');
    for (const text of [username, name]) {
      expect(await run(['unmask', text], km)).toMatchObject({ code: 0, stdout: 'alice\n' });
    }
    const other = await run(['unmask', name], { ...km, EPCSCF_CREDENTIALS_PSEUDONYM_KEY: 'another-key' });
    expect(other).toMatchObject({ code: 1, stdout: 'not a name that this pseudonym key made\n' });
  });
});
