import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type TurnListenAddress } from '../../src/turn/turn-server-options.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { type ConfigInput, createServer, type Server, type ServerEvents } from '../../src/index.ts';
import { PASSWORDS } from '../edge/support/edge-options.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { DATA_PLANE } from '../support/data-plane.ts';
import { TurnClient } from '../turn/support/turn-client.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(more: ConfigInput = {}): Promise<Server> {
  const users = [...PASSWORDS].map(([name, password]) => ({ name, password: password.revealText() }));
  const server = await createServer(
    {
      domain: 'example.com',
      edge: { listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false, core: { users } },
      turn: {
        listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
        relay: { addresses: ['127.0.0.1'] },
        dataPlane: DATA_PLANE,
      },
      ...more,
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
  expect(server.revokeName(session!.user)).toMatchObject({ name: session!.user, allocations: 1 });
  expect(ended).toMatchObject([{ cause: 'revoked' }]);
  const again = await connected(server.addresses.turn[0]!, credential);
  await expect(again.allocate()).rejects.toThrow(/^401/);
});

it('a name is revoked until the end of its credentials, and so is a whole USERNAME', async () => {
  const server = await started();
  const { credential } = await holding(server);
  const [session] = server.sessions();
  const { name, untilSec } = server.revokeName(credential.username);
  expect(name).toBe(session!.user);
  expect(String(untilSec)).toBe(credential.username.split(':')[0]);
  expect(server.revokedNames()).toEqual([{ user: name, untilSec }]);
});

async function oneMore(server: Server, { wic }: Held): Promise<Held['credential']> {
  const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': '' } });
  const credential = { username: headers.get('TURN-Username')!, password: headers.get('TURN-Password')! };
  await (await connected(server.addresses.turn[0]!, credential)).allocate();
  return credential;
}

describe.each(['shared-key', 'delivered'] as const)('a user that the operator revokes (%s)', (approach) => {
  it.each(['alice', 'alice@example.com', 'sip:alice@example.com'])('by %s, loses all that it holds', async (name) => {
    const server = await started({ credentials: { approach } });
    const first = await holding(server);
    await oneMore(server, first);
    const second = await holding(server);
    expect(server.sessions()).toHaveLength(3);
    const { credentials, registrationsEnded } = server.revokeUser(name);
    expect(credentials.reduce((sum, { allocations }) => sum + allocations, 0)).toBe(3);
    expect(registrationsEnded).toBe(0);
    expect(server.sessions()).toHaveLength(0);
    for (const { credential } of [first, second]) {
      await expect((await connected(server.addresses.turn[0]!, credential)).allocate()).rejects.toThrow(/^401/);
    }
  });

  it('stays registered, and gets a credential that is good when it asks for one', async () => {
    const server = await started({ credentials: { approach, policy: 'reuse' } });
    const held = await holding(server);
    const before = held.credential;
    server.revokeUser('alice');
    expect(server.snapshot().registrations).toHaveLength(1);
    const after = await oneMore(server, held);
    expect(after.username).not.toBe(before.username);
    expect(server.revokeUser('alice').credentials).toHaveLength(1);
    expect(server.revokeUser('alice').credentials).toHaveLength(0);
  });

  it('gets such a credential too when its name was revoked by somebody that knew only the name', async () => {
    const server = await started({ credentials: { approach } });
    const held = await holding(server);
    server.revokeName(server.sessions()[0]!.user);
    await oneMore(server, held);
    expect(server.sessions()).toHaveLength(1);
  });

  it('loses its registration too, if that is wished', async () => {
    const server = await started({ credentials: { approach } });
    await holding(server);
    const ended = collect(server, 'unregistered');
    expect(server.revokeUser('alice', { endRegistrations: true }).registrationsEnded).toBe(1);
    expect(server.snapshot().registrations).toHaveLength(0);
    expect(ended).toMatchObject([{ cause: 'operator' }]);
  });

  it('loses what it holds after it has lost its WebSocket', async () => {
    const server = await started({ credentials: { approach } });
    const { wic } = await holding(server);
    const unregistered = new Promise((resolve) => server.on('unregistered', resolve));
    wic.socket.webSocket.close();
    await unregistered;
    expect(server.sessions()).toHaveLength(1);
    expect(server.revokeUser('alice').credentials).toMatchObject([{ allocations: 1 }]);
  });

  it('costs no other user anything', async () => {
    const server = await started({ credentials: { approach } });
    await holding(server);
    expect(server.revokeUser('bob')).toEqual({ credentials: [], registrationsEnded: 0 });
    expect(server.sessions()).toHaveLength(1);
  });
});

it('a relay without an edge cannot tell what a user holds, and says so', async () => {
  const server = await started({ edge: { enabled: false } });
  expect(() => server.revokeUser('alice')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
});
