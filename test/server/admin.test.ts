import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { revoke, type RevokeFlags } from '../../src/cli/revoke.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';
import { createExchange } from '../../src/server/web-exchange.ts';
import { httpsFetch } from '../support/https-fetch.ts';
import { Rfc7635Client } from '../turn/support/rfc7635-client.ts';
import { codeOf } from '../turn/support/rfc8489-client.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { registeredWic, WIC_HOME } from './support/registered-wic.ts';

const TOKEN = 'token-of-the-operator';
const closers: (() => unknown)[] = [];
let folder: string;
let tokenFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'admin-'));
  tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  closers.push(() => rm(folder, { recursive: true }));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(config: ConfigInput = {}): Promise<Server> {
  const server = await createServer(
    {
      ...WIC_HOME,
      turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
      admin: { tokenFile },
      ...config,
    },
    { logger: silentLogger, state: new MemoryState() },
  );
  await server.start();
  closers.push(() => server.stop());
  return server;
}

async function inCall(server: Server): Promise<void> {
  const wic = await registeredWic(server);
  closers.push(() => wic.close());
  const client = await TurnClient.connect({
    transport: 'udp',
    server: server.addresses.turn[0]!,
    ...wic.credential,
  });
  closers.push(() => {
    client.close();
  });
  await client.allocate();
}

const origin = ({ addresses: { https } }: Server): string => `https://127.0.0.1:${https[0]!.port}`;

async function ask(server: Server, path: string, { body, token = TOKEN }: { body?: unknown; token?: string } = {}) {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await createExchange(server.facts.ca)({
    url: origin(server) + path,
    headers: { authorization: `Bearer ${token}` },
    ...(text !== undefined && { body: text }),
  });
  return { status: answer.status, json: answer.status === 404 ? undefined : (JSON.parse(answer.body) as unknown) };
}

describe('POST /admin/revocations', () => {
  it('ends what a user holds, and tells what that was', async () => {
    const server = await started();
    await inCall(server);
    const [session] = server.sessions();
    const { status, json } = await ask(server, '/admin/revocations', { body: { user: 'alice' } });
    expect(status).toBe(200);
    expect(json).toMatchObject({ credentials: [{ turnName: session!.user, allocations: 1 }], registrationsEnded: 0 });
    expect(server.sessions()).toHaveLength(0);
    const listed = await ask(server, '/admin/revocations');
    expect(listed.json).toMatchObject({ total: 1, revocations: [{ turnName: session!.user }] });
  });

  it('ends a TURN name, and a registration if that is wished', async () => {
    const server = await started();
    await inCall(server);
    const turnName = server.sessions()[0]!.user;
    const byName = await ask(server, '/admin/revocations', { body: { turnName } });
    expect(byName.json).toMatchObject({ credentials: [{ turnName, allocations: 1 }] });
    const body = { user: 'sip:alice@example.com', endRegistrations: true };
    expect((await ask(server, '/admin/revocations', { body })).json).toMatchObject({ registrationsEnded: 1 });
  });

  it('counts the names that a full list has forgotten, and tells of them', async () => {
    const server = await started({ credentials: { maxRegistrations: 1 } });
    const told = vi.fn();
    server.on('revocations-forgotten', told);
    for (const turnName of ['u1', 'u2', 'u3']) await ask(server, '/admin/revocations', { body: { turnName } });
    const { json } = await ask(server, '/admin/revocations');
    expect(json).toMatchObject({ total: 1, max: 1, forgotten: 2, revocations: [{}] });
    expect(told.mock.calls).toEqual([[{ cause: 'list-full', names: 1 }]]);
  });

  it.each(['token-of-somebody-else', 'x', ''])('refuses the token "%s", and does nothing', async (token) => {
    const server = await started();
    await inCall(server);
    const { status } = await ask(server, '/admin/revocations', { body: { user: 'alice' }, token });
    expect(status).toBe(401);
    expect(server.sessions()).toHaveLength(1);
  });

  it.each(['', '{', '[]', '{}', '{"user":"a","turnName":"b"}', '{"user":""}', '{"user":1}', '{"user":"a","x":1}'])(
    'answers 400 to %s',
    async (body) => {
      const server = await started();
      expect((await ask(server, '/admin/revocations', { body })).status).toBe(400);
      expect((await ask(server, '/admin/revocations', { body: `"${'x'.repeat(70_000)}"` })).status).toBe(413);
    },
  );

  it('is there without an edge too, and says that names alone are known there', async () => {
    const server = await started({ edge: { ...WIC_HOME.edge, enabled: false } });
    expect((await ask(server, '/admin/revocations', { body: { user: 'alice' } })).status).toBe(409);
    expect((await ask(server, '/admin/revocations', { body: { turnName: 'u1' } })).status).toBe(200);
  });
});

it('describes itself, to who has the token', async () => {
  const server = await started();
  expect((await ask(server, '/admin/openapi.json')).json).toMatchObject({ openapi: '3.1.0' });
  expect((await ask(server, '/admin/openapi.json', { token: 'no' })).status).toBe(401);
});

it('there is no /admin unless it is configured', async () => {
  const server = await started({ admin: {} });
  expect((await ask(server, '/admin/revocations')).status).toBe(404);
});

it('a token that can be guessed is refused at start', async () => {
  await writeFile(tokenFile, 'short');
  await expect(started()).rejects.toThrow(/^admin\.tokenFile: expected one line of 16 or more/);
});

describe('epcscf-turn revoke', () => {
  async function run(server: Server, user: string, flags: RevokeFlags = {}) {
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, server.facts.ca!);
    const out = vi.spyOn(console, 'log').mockReturnValue();
    const err = vi.spyOn(console, 'error').mockReturnValue();
    const code = await revoke(user, { url: [origin(server)], tokenFile, ca, ...flags });
    const printed = { code, out: out.mock.calls.join('\n'), err: err.mock.calls.join('\n') };
    out.mockRestore();
    err.mockRestore();
    return printed;
  }

  it('ends the relays of a user, and says so', async () => {
    const server = await started();
    await inCall(server);
    const turnName = server.sessions()[0]!.user;
    const { code, out } = await run(server, 'alice', { registration: true });
    expect(out).toContain(`revoked ${turnName} until`);
    expect(out).toContain('allocations ended there: 1');
    expect(out).toContain('registrations ended: 1');
    expect(code).toBe(0);
    expect(server.sessions()).toHaveLength(0);
  });

  it('ends what a client of the authorization server has got, whoever its users are, without an edge too', async () => {
    const server = await started({
      edge: { ...WIC_HOME.edge, enabled: false },
      oauth: {
        keys: [{ kid: 'north', key: Buffer.alloc(32, 'K').toString('base64') }],
        authorizationServer: { enabled: true },
        clients: ['wwsf', 'other'].map((id) => ({ id, secret: 'a-secret-of-a-client' })),
      },
    });
    const get = httpsFetch(server.facts.ca!);
    const relayOf = async (id: string): Promise<void> => {
      const form = {
        grant_type: 'client_credentials',
        scope: 'turn',
        client_id: id,
        client_secret: 'a-secret-of-a-client',
      };
      const answer = await get(`${origin(server)}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
      const told = (await answer.json()) as { access_token: string; key: string };
      const client = await Rfc7635Client.open({ transport: 'udp', port: server.addresses.turn[0]!.port });
      closers.push(() => {
        client.close();
      });
      await client.discover();
      const [token, macKey] = [told.access_token, told.key].map((text) => Buffer.from(text, 'base64'));
      client.token = { kid: 'north', token: token!, macKey: macKey! };
      expect(codeOf(await client.allocate())).toBe(0);
    };
    for (const id of ['wwsf', 'wwsf', 'other']) await relayOf(id);
    const { code, out } = await run(server, 'wwsf', { client: true });
    expect([code, out.match(/allocations ended there: 1/g)?.length, server.sessions().length]).toEqual([0, 2, 1]);
    expect((await run(server, 'alice')).err).toContain('no server there knows');
    await expect(run(server, 'wwsf', { client: true, turnName: true })).rejects.toThrow(/--client: expected neither/);
  });

  it('says when nothing is known of a user, or the token is wrong, with exit code 1', async () => {
    const server = await started();
    expect(await run(server, 'mallory')).toMatchObject({ code: 1, err: expect.stringContaining('mallory') as string });
    await writeFile(tokenFile, 'token-of-somebody-else');
    expect(await run(server, 'alice')).toMatchObject({ code: 1, err: expect.stringContaining('401') as string });
  });
});
