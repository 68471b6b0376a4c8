import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigInput } from '../../src/index.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { Fleet, refusalOf } from './redis-fleet.ts';
import { redisServer, startRedis, until, type RedisPeer } from './redis.ts';
import { freePort } from '../support/free-port.ts';

const TIMEOUT = 60_000;

/** What a server may do there, and no more: the rights that the guide gives. */
const ACL = [
  '~turn/* ~epcscf-turn/* &turn/* &epcscf-turn/*',
  '+ping +get +set +del +pttl +exists +hmget +publish +subscribe',
  '+zadd +zrange +zrangebyscore +zrem +zremrangebyrank',
].join(' ');

type RedisConfig = NonNullable<ConfigInput['redis']>;

/** A client of an edge, at a relay: they share what its REGISTER made and its end takes away. */
async function share(redis: RedisConfig): Promise<void> {
  await using fleet = new Fleet();
  const [edge, relay] = [await fleet.edge(redis), await fleet.relay({ ...redis, publishAllocations: true })];
  const wic = await fleet.registered(edge);
  await fleet.allocate(relay, wic.credential);
  await wic.deregister();
  await until(() => relay.sessions().length === 0);
  await expect(fleet.allocate(relay, wic.credential)).rejects.toThrow('401');
}

interface Files extends Disposable {
  write(name: string, text: string): string;
}

function files(): Files {
  const folder = mkdtempSync(join(tmpdir(), 'epcscf-redis-files-'));
  return {
    write: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    },
    [Symbol.dispose]: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** A Redis that speaks TLS alone, and an ACL user. */
async function secured(folder: Files): Promise<{ store: RedisPeer; caFile: string; passwordFile: string }> {
  const { cert, key } = await makeCertificate();
  const caFile = folder.write('cert.pem', cert);
  const port = await freePort();
  const settings = [
    ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', caFile, '--tls-key-file', folder.write('key.pem', key), '--tls-ca-cert-file', caFile],
    ...[
      '--aclfile',
      folder.write('acl', `user default off\nuser turn on >secret ${ACL}\nuser root on >root ~* &* +@all\n`),
    ],
  ];
  const store = await startRedis(settings, {
    port,
    url: (own) => `rediss://localhost:${own}`,
    login: { username: 'root', password: 'root' },
    tls: { ca: cert },
  });
  return { store, caFile, passwordFile: folder.write('password', 'secret\n') };
}

describe.skipIf(!redisServer)('the way to Redis', { timeout: TIMEOUT }, () => {
  it.concurrent('leads over TLS, as a user with no more rights than it takes', async () => {
    using folder = files();
    const { store, caFile, passwordFile } = await secured(folder);
    await using fleet = new Fleet();
    fleet.own(store);
    await share({ servers: [store.url], tls: { caFile }, username: 'turn', passwordFile });
    expect(await store.cli('ACL', 'LOG')).toEqual([]);
  });

  it.concurrent.each<[string, (given: RedisConfig) => RedisConfig]>([
    ['whose certificate nobody vouches for', ({ tls: _tls, ...rest }) => rest],
    ['of another name', (given) => ({ ...given, tls: { ...given.tls, serverName: 'elsewhere.example' } })],
    ['with a wrong password', ({ passwordFile: _file, ...rest }) => ({ ...rest, password: 'wrong' })],
  ])('does not lead to a Redis %s: it counts as away', async (_what, change) => {
    using folder = files();
    const { store, caFile, passwordFile } = await secured(folder);
    await using fleet = new Fleet();
    fleet.own(store);
    const edge = await fleet.edge(change({ servers: [store.url], tls: { caFile }, username: 'turn', passwordFile }));
    const wic = await fleet.registered(edge);
    expect(wic.answer).toMatchObject({ kind: 'error', error: 'unavailable' });
  });

  it.concurrent(
    'leads through a cluster, whichever node has a key, and goes on with the replica of a node that dies',
    async () => {
      await using nodes = new Fleet();
      const started: RedisPeer[] = [];
      for (let i = 0; i < 6; i++) {
        const user = ['--user', 'turn', 'on', '>secret', ...ACL.split(' '), '+cluster|slots'];
        const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', ...user];
        started.push(nodes.own(await startRedis(settings)));
      }
      const masters = started.slice(0, 3);
      const [first, second] = masters as [RedisPeer, RedisPeer];
      const ids: string[] = [];
      for (const [i, node] of started.entries()) {
        await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
        ids.push(String(await node.cli('CLUSTER', 'MYID')));
        if (i > 0) await first.cli('CLUSTER', 'MEET', '127.0.0.1', String(node.port));
      }
      for (const [i, node] of masters.entries()) {
        await node.cli('CLUSTER', 'ADDSLOTSRANGE', String(i * 5461), String(i === 2 ? 16_383 : (i + 1) * 5461 - 1));
      }
      for (const [i, node] of started.slice(3).entries()) {
        await until(async () => (await node.cli('CLUSTER', 'REPLICATE', ids[i]!)) === 'OK');
      }
      for (const node of started) {
        await until(async () => String(await node.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
        await until(async () => String(await node.cli('CLUSTER', 'SLOTS')).match(/127\.0\.0\.1/g)?.length === 6);
      }
      const login = { username: 'turn', password: 'secret' };
      const redis: RedisConfig = { kind: 'cluster', servers: [first.url, second.url], ...login };
      for (let i = 0; i < 3; i++) await share(redis);

      await using fleet = new Fleet();
      const [edge, relay] = [await fleet.edge(redis), await fleet.relay(redis)];
      const wic = await fleet.registered(edge);
      await second.kill();
      // Names are random, so some of ten have their keys at the node that died.
      let inARow = 0;
      await until(async () => {
        const answer = await wic.refresh();
        const isGood = answer?.kind === 'credential' && (await refusalOf(fleet.allocate(relay, wic.credential))) === '';
        inARow = isGood ? inARow + 1 : 0;
        return inARow === 10;
      }, 30_000);
    },
  );

  it.concurrent('leads by sentinels to the master, and to the next one when that dies', async () => {
    await using nodes = new Fleet();
    const master = nodes.own(await startRedis());
    const replica = nodes.own(await startRedis(['--replicaof', `127.0.0.1 ${master.port}`]));
    using folder = files();
    const port = await freePort();
    const config = folder.write(
      'sentinel.conf',
      [
        `port ${port}`,
        `sentinel monitor turn 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds turn 500',
        'sentinel failover-timeout turn 3000',
      ].join('\n'),
    );
    const sentinel = nodes.own(await startRedis([], { port, program: [config, '--sentinel'] }));
    await until(async () => String(await sentinel.cli('SENTINEL', 'REPLICAS', 'turn')).includes(String(replica.port)));
    const redis: RedisConfig = { kind: 'sentinel', masterName: 'turn', servers: [sentinel.url] };
    await share(redis);

    await using fleet = new Fleet();
    const [edge, relay] = [await fleet.edge(redis), await fleet.relay(redis)];
    const wic = await fleet.registered(edge);
    await fleet.allocate(relay, wic.credential);
    await until(async () => (await replica.cli('DBSIZE')) !== 0);
    await master.kill();
    await fleet.allocate(relay, wic.credential);
    await until(async () => (await wic.refresh())?.kind === 'credential', 30_000);
    expect(await replica.cli('ROLE')).toContain('master');
    await until(async () => (await refusalOf(fleet.allocate(relay, wic.credential))) === '');
  });
});
