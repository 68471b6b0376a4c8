import { describe, expect, it } from 'vitest';
import { TurnClient } from '../turn/support/turn-client.ts';
import { startCoturn, turnserver } from './coturn-redis.ts';
import { daemon, peer, run } from './peers.ts';
import { keyOf, REALM, RedisFleet } from './redis-fleet.ts';
import { redisServer, until } from './redis.ts';
import { freePort } from '../support/free-port.ts';

const TIMEOUT = 60_000;
const turnadmin = peer('turnadmin');
const uclient = peer('turnutils_uclient');
const echo = peer('turnutils_peer');
const MESSAGES = 20;

describe.skipIf(!redisServer || !turnserver)('a Redis that is shared with coturn', { timeout: TIMEOUT }, () => {
  it('has the credential of our edge for coturn, until the client de-registers', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    const coturn = fleet.own(await startCoturn(store));
    const wic = await fleet.registered(edge);
    const { credential } = wic;
    const allocate = async () => {
      const client = await TurnClient.connect({ transport: 'udp', server: coturn.at, ...credential });
      try {
        return await client.allocate();
      } finally {
        client.close();
      }
    };
    expect(await allocate()).toMatchObject({ family: 4, address: '127.0.0.1' });
    await wic.deregister();
    await until(async () => (await store.cli('EXISTS', keyOf(credential.username))) === 0);
    await expect(allocate()).rejects.toThrow('401');
  });

  it.skipIf(!uclient || !echo)(
    'lets coturn relay what its own client sends with the credential of our edge',
    async () => {
      await using fleet = await RedisFleet.start();
      const { store } = fleet;
      const edge = await fleet.edge();
      const coturn = fleet.own(await startCoturn(store));
      const { credential } = await fleet.registered(edge);
      const echoPort = await freePort();
      const echoes = daemon(echo!, ['-L', '127.0.0.1', '-p', String(echoPort)]);
      const login = ['-u', credential.username, '-w', credential.password];
      const peerAt = ['-e', '127.0.0.1', '-r', String(echoPort)];
      const flags = ['-s', '-m', '1', '-n', String(MESSAGES), '-p', String(coturn.port)];
      const { output } = await run(uclient!, [...login, ...peerAt, ...flags, '127.0.0.1'], TIMEOUT);
      await echoes.stop();
      expect(output).toMatch(/Total lost packets 0 /);
    },
  );

  it.skipIf(!turnadmin)('has users of turnadmin for our relay, until turnadmin deletes them', async () => {
    await using fleet = await RedisFleet.start(['--save', '3600 1']);
    const { store } = fleet;
    const relay = await fleet.relay();
    const carol = { username: 'carol', password: 'of turnadmin' };
    const admin = (...args: string[]) =>
      run(turnadmin!, [...args, '-u', 'carol', '-r', REALM, '-N', `ip=127.0.0.1 dbname=0 port=${store.port}`], TIMEOUT);
    await admin('-a', '-p', carol.password);
    await fleet.allocate(relay, carol);
    await admin('-d');
    await expect(fleet.allocate(relay, carol)).rejects.toThrow('401');
  });

  it('tells dashboards the same of our relay as of coturn', async () => {
    await using fleet = await RedisFleet.start();
    const { store } = fleet;
    const edge = await fleet.edge();
    const relay = await fleet.relay({ publishAllocations: true });
    const coturn = fleet.own(await startCoturn(store));
    const { credential } = await fleet.registered(edge);
    const heardOf = async (server: { family: 4 | 6; address: string; port: number }) => {
      await using heard = await store.hear('turn/realm/*/user/*/allocation/*');
      const client = await TurnClient.connect({ transport: 'udp', server, ...credential });
      await client.allocate();
      await client.refresh(300);
      await client.refresh(0);
      const isTotal = ([channel]: readonly [string, string]) => channel.endsWith('/total_traffic');
      await until(() => heard.messages.some(isTotal));
      client.close();
      // Names of allocations, what coturn adds, and the channels it tells more on are its own.
      return heard.messages
        .filter(([channel]) => /\/(?:status|total_traffic)$/.test(channel))
        .map(([channel, message]) => [
          channel.replace(/allocation\/\w+/, 'allocation/ID'),
          message.replace(/, type=.*/, '').replace(/=\d+/g, '=N'),
        ]);
    };
    const theirs = await heardOf(coturn.at);
    expect(theirs.map(([, message]) => message)).toContain('new lifetime=N');
    const ours = await heardOf(relay.addresses.turn[0]!);
    // coturn tells each of two states of a new allocation.
    const once = (told: string[][]) => [...new Set(told.map((one) => one.join(' ')))];
    expect(once(ours)).toEqual(once(theirs));
  });
});
