import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { type TurnListenAddress } from '../../src/turn/turn-server-options.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server, type ServerEvents } from '../../src/index.ts';
import { PASSWORDS } from '../edge/support/edge-options.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { TurnClient } from '../turn/support/turn-client.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(): Promise<Server> {
  const users = [...PASSWORDS].map(([name, password]) => ({ name, password: password.revealText() }));
  const server = await createServer(
    {
      domain: 'example.com',
      edge: { listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false, core: { users } },
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
    },
    { logger: silentLogger, state: new MemoryState() },
  );
  await server.start();
  closers.push(() => server.stop());
  return server;
}

interface Held {
  readonly wic: Wic;
  readonly credential: { readonly username: string; readonly password: string };
  readonly client: TurnClient;
}

/** A registered user with an allocation. */
async function holding(server: Server): Promise<Held> {
  const wic = new Wic('alice', await WicSocket.connect(`wss://127.0.0.1:${server.addresses.https[0]!.port}/`));
  const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': '' } });
  const credential = { username: headers.get('TURN-Username')!, password: headers.get('TURN-Password')! };
  const client = await connected(server.addresses.turn[0]!, credential);
  await client.allocate();
  return { wic, credential, client };
}

async function connected(
  server: TurnListenAddress,
  credential: { readonly username: string; readonly password: string },
): Promise<TurnClient> {
  const client = await TurnClient.connect({ transport: 'udp', server, ...credential });
  closers.push(() => {
    client.close();
  });
  return client;
}

function collect<Name extends keyof ServerEvents>(server: Server, name: Name): ServerEvents[Name][] {
  const events: ServerEvents[Name][] = [];
  server.on(name, (event) => events.push(event));
  return events;
}

it('a client that de-registers loses its allocation and its credential at once', async () => {
  const server = await started();
  const { wic, credential } = await holding(server);
  const revoked = collect(server, 'credential-revoked');
  const ended = collect(server, 'allocation-ended');
  const refused = collect(server, 'authentication-refused');
  await wic.register({ expires: 0 });
  expect(ended).toMatchObject([{ cause: 'revoked' }]);
  expect(revoked).toMatchObject([{ allocations: 1 }]);
  const again = await connected(server.addresses.turn[0]!, credential);
  await expect(again.allocate()).rejects.toThrow(/^401/);
  expect(refused.at(-1)).toMatchObject({ cause: 'revoked' });
});

it('the next registration of the device has a credential that is good', async () => {
  const server = await started();
  const { wic } = await holding(server);
  await wic.register({ expires: 0 });
  const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': '' } });
  const credential = { username: headers.get('TURN-Username')!, password: headers.get('TURN-Password')! };
  await (await connected(server.addresses.turn[0]!, credential)).allocate();
  expect(server.snapshot().allocations).toHaveLength(1);
});

it('a WebSocket that closes ends no allocation, as the client may come back in a call', async () => {
  const server = await started();
  const { wic, credential } = await holding(server);
  const unregistered = new Promise((resolve) => server.on('unregistered', resolve));
  wic.socket.webSocket.close();
  await Promise.all([once(wic.socket.webSocket, 'close'), unregistered]);
  expect(server.snapshot().allocations).toHaveLength(1);
  await (await connected(server.addresses.turn[0]!, credential)).allocate();
});

it('a restart forgets no revocation', async () => {
  const server = await started();
  const { wic, credential } = await holding(server);
  await wic.register({ expires: 0 });
  await server.restart();
  const again = await connected(server.addresses.turn[0]!, credential);
  await expect(again.allocate()).rejects.toThrow(/^401/);
});

it('a name is revoked by the word of the operator', async () => {
  const server = await started();
  const { credential } = await holding(server);
  const ended = collect(server, 'allocation-ended');
  const [session] = server.sessions();
  server.revokeName(session!.user);
  expect(ended).toMatchObject([{ cause: 'revoked' }]);
  const again = await connected(server.addresses.turn[0]!, credential);
  await expect(again.allocate()).rejects.toThrow(/^401/);
});
