import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { createAccessTokenIssuer } from '../../src/credentials/access-token/issuer.ts';
import { decodeAccessToken } from '../../src/credentials/access-token/token-codec.ts';
import {
  createAccessTokenKeyRing,
  readAccessTokenKey,
  type TokenAlgorithm,
} from '../../src/credentials/access-token/token-keys.ts';
import { createAccessTokenVerifier } from '../../src/credentials/access-token/verifier.ts';
import { type AccessTokenCredential } from '../../src/credentials/credential.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { createServer } from '../../src/index.ts';
import { unwrap } from '../support/unwrap.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { turnServerOptions } from '../turn/support/options.ts';
import { lifetimeOf, Rfc7635Client, type SessionToken } from '../turn/support/rfc7635-client.ts';
import { codeOf } from '../turn/support/rfc8489-client.ts';
import { daemon, peer, run, type Daemon } from './peers.ts';
import { redisServer, startRedis, until, type RedisPeer } from './redis.ts';
import { freePort } from '../support/free-port.ts';

const oauth = peer('turnutils_oauth');
const uclient = peer('turnutils_uclient');
const echo = peer('turnutils_peer');
const turnserver = peer('turnserver');

const NAME = 'turn.example';
/** The keys that are built into coturn's client: they are no secret of anybody. */
const COTURN_KEYS: readonly (readonly [kid: string, algorithm: TokenAlgorithm, base64: string])[] = [
  ['north', 'A256GCM', 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEK'],
  ['union', 'A128GCM', 'MTIzNDU2Nzg5MDEyMzQ1Ngo='],
  ['oldempire', 'A256GCM', 'MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIK'],
];
const keys = COTURN_KEYS.map(([kid, algorithm, base64]) =>
  unwrap(readAccessTokenKey(kid, algorithm, new Secret(base64))),
);
const nowSec = (): number => Math.floor(Date.now() / 1000);

/** A token as the edge makes it. */
function issue(key = keys[0]!): AccessTokenCredential {
  const issuer = createAccessTokenIssuer({
    key,
    serverName: NAME,
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    pseudonymKey: new Secret('pseudonym key'),
    maxRegistrations: 10,
  });
  return unwrap(issuer.issue({ registrationId: 'r', person: 'alice', grantedExpiresSec: 600 }, systemClock.now()));
}

function sessionToken({ kid, key, token }: AccessTokenCredential): SessionToken {
  return { kid, token, macKey: Buffer.from(key.revealText(), 'base64') };
}

describe.skipIf(!oauth)('turnutils_oauth', () => {
  const keyFlags = ([kid, algorithm, base64]: (typeof COTURN_KEYS)[number]): string[] => [
    '-i',
    NAME,
    '-j',
    kid,
    '-k',
    base64,
    '-l',
    String(nowSec()),
    '-m',
    '3600',
    '-n',
    algorithm,
  ];

  it.each(COTURN_KEYS.map((key, i) => [key[0], key, keys[i]!] as const))(
    'reads what we make with %s',
    async (_kid, given, key) => {
      const made = issue(key);
      const { output } = await run(oauth!, ['-v', '-d', ...keyFlags(given), '-t', made.token.toString('base64')], 5000);
      expect(output).toContain('Valid token!');
      expect(output).toContain(`nonce: ${made.token.toString('base64', 2, 14)}`);
      expect(output).toContain('mac key length: 20');
      expect(output).toContain(`unixtime: ${made.expiresAtSec - 3600} `);
      expect(output).toContain('lifetime: 3600');
    },
  );

  it.each(COTURN_KEYS.map((key, i) => [key[0], key, keys[i]!] as const))(
    'makes with %s what we read',
    async (_kid, given, key) => {
      // The tool takes what it is given for text, which a NUL ends.
      const [nonce, macKey] = [randomBytes(12), randomBytes(20)].map((bytes) =>
        Buffer.from(bytes.map((byte) => byte || 1)),
      );
      const flags = ['-o', nonce!.toString('base64'), '-p', macKey!.toString('base64'), '-r', '1234'];
      const { output } = await run(oauth!, ['-e', ...keyFlags(given), ...flags], 5000);
      const base64 = /"access_token":"([^"]+)"/.exec(output)![1]!;
      const token = unwrap(decodeAccessToken(Buffer.from(base64, 'base64'), key, NAME));
      expect(token).toMatchObject({ nonce, macKey, lifetimeSec: 1234 });
      expect(Math.abs(token.issuedAtSec - nowSec())).toBeLessThan(10);
    },
  );
});

describe.skipIf(!uclient || !echo)('turnutils_uclient -J against our server', () => {
  let echoes: Daemon;
  let echoPort: number;
  const servers: TurnServer[] = [];

  async function serve(coturnCompat: { lifetimeSec: number } | undefined): Promise<TurnServer> {
    const ring = createAccessTokenKeyRing(keys);
    const verifier = createAccessTokenVerifier({ serverName: NAME, keys: ring, skewSec: 5, coturnCompat });
    const listeners = (['udp', 'tcp', 'tls'] as const).map((transport) => ({
      transport,
      address: '127.0.0.1',
      port: 0,
    }));
    const options = { listeners, tls: await makeCertificate(), legacyChannelNumbers: true };
    const server = new TurnServer(turnServerOptions(options), { verifier, logger: silentLogger });
    await server.start();
    servers.push(server);
    return server;
  }

  async function talk(server: TurnServer, transport: 'udp' | 'tcp' | 'tls', timeoutMs: number): Promise<string> {
    const port = server.addresses.find((at) => at.transport === transport)!.port;
    const flags = { udp: '', tcp: '-t ', tls: '-t -S ' }[transport];
    const args = `-J ${flags}-m 4 -n 10 -e 127.0.0.1 -r ${echoPort} -p ${port} 127.0.0.1`;
    return (await run(uclient!, args.split(' '), timeoutMs)).output;
  }

  beforeAll(async () => {
    echoPort = await freePort();
    echoes = daemon(echo!, ['-L', '127.0.0.1', '-p', String(echoPort)]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await echoes.stop();
  });

  it.each(['udp', 'tcp', 'tls'] as const)(
    'loses nothing over %s with oauth.coturnCompat, though it takes another kid at each Refresh',
    { timeout: 60_000 },
    async (transport) => {
      const server = await serve({ lifetimeSec: 3600 });
      const output = await talk(server, transport, 50_000);
      expect(output).toMatch(/tot_send_msgs=40, tot_recv_msgs=40\n[^]*Total lost packets 0/);
      expect(server.stats()?.drops).not.toHaveProperty('engine-error');
    },
  );

  it('gets no relay without it', { timeout: 60_000 }, async () => {
    const server = await serve(undefined);
    const output = await talk(server, 'udp', 5000);
    expect(output).not.toContain('Total lost packets 0');
    expect(server.stats()?.allocationsCreated).toBe(0);
  });
});

describe.skipIf(!turnserver || !redisServer)('coturn with --oauth and our key in its Redis', () => {
  let folder: string;
  let store: RedisPeer;
  let coturn: Daemon;
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coturn-oauth-'));
    port = await freePort();
    store = await startRedis();
    const [kid, algorithm, base64] = COTURN_KEYS[0]!;
    const fields = ['ikm_key', base64, 'as_rs_alg', algorithm, 'timestamp', String(nowSec()), 'lifetime', '3600'];
    await store.cli('HSET', `turn/oauth/kid/${kid}`, ...fields, 'realm', 'ims.example');
    coturn = daemon(turnserver!, [
      '-n',
      '--no-cli',
      '--no-tls',
      '--no-dtls',
      '--no-rfc5780',
      '--oauth',
      '--lt-cred-mech',
      `--server-name=${NAME}`,
      '--realm=ims.example',
      '--listening-ip=127.0.0.1',
      '--relay-ip=127.0.0.1',
      `--listening-port=${port}`,
      `--redis-userdb=ip=127.0.0.1 port=${store.port} dbname=0`,
      `--pidfile=${join(folder, 'pid')}`,
      `--log-file=${join(folder, 'log')}`,
      '--simple-log',
    ]);
    await until(async () => {
      const probe = await Rfc7635Client.open({ transport: 'udp', port });
      const answered = probe.discover().then(
        () => probe.serverName === NAME,
        () => false,
      );
      const isUp = await Promise.race([answered, sleep(200, false)]);
      probe.close();
      return isUp;
    });
  });

  afterAll(async () => {
    await coturn.stop();
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('gives a relay to the token that the edge made', async () => {
    const client = await Rfc7635Client.open({ transport: 'udp', port });
    await client.discover();
    expect(client.serverName).toBe(NAME);
    client.token = sessionToken(issue());
    // coturn keys its HMAC with the first 16 bytes of the session key.
    client.keyBytes = 16;
    const allocated = await client.allocate();
    expect(codeOf(allocated)).toBe(0);
    expect(lifetimeOf(allocated)).toBeGreaterThan(0);
    expect(codeOf(await client.refresh(0))).toBe(0);
    client.close();
  });

  it('gives none to a forged token', async () => {
    const client = await Rfc7635Client.open({ transport: 'udp', port });
    await client.discover();
    const { macKey, kid } = sessionToken(issue());
    client.token = { kid, macKey, token: Buffer.concat([Buffer.from([0, 12]), randomBytes(62)]) };
    client.keyBytes = 16;
    expect(codeOf(await client.allocate())).not.toBe(0);
    client.close();
  });
});

describe.skipIf(!redisServer)('our server with oauth.keysFromRedis', () => {
  it('takes tokens by the key that coturn would read, until the key is deleted, and while Redis is away', async () => {
    await using store = await startRedis();
    const [kid, algorithm, base64] = COTURN_KEYS[0]!;
    const write = (): Promise<unknown> =>
      store.cli('HSET', `turn/oauth/kid/${kid}`, 'ikm_key', base64, 'as_rs_alg', algorithm, 'lifetime', '0');
    await write();
    const server = await createServer(
      {
        edge: { enabled: false },
        turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
        oauth: { serverName: NAME, keysFromRedis: true },
        redis: { servers: [store.url], timeoutMs: 500 },
      },
      { logger: silentLogger, state: new MemoryState() },
    );
    await server.start();
    const allocate = async (): Promise<number> => {
      const client = await Rfc7635Client.open({ transport: 'udp', port: server.addresses.turn[0]!.port });
      await client.discover();
      client.token = sessionToken(issue());
      const code = codeOf(await client.allocate());
      if (code === 0) await client.refresh(0);
      client.close();
      return code;
    };
    try {
      expect(await allocate()).toBe(0);
      await store.cli('DEL', `turn/oauth/kid/${kid}`);
      expect(await allocate()).toBe(401);
      await write();
      expect(await allocate()).toBe(0);
      await store.kill();
      expect(await allocate()).toBe(0);
    } finally {
      await server.stop();
    }
  }, 30_000);
});
