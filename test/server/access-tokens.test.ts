import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer, type Server } from '../../src/index.ts';
import { PASSWORDS } from '../edge/support/edge-options.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { httpsFetch } from '../support/https-fetch.ts';
import { Rfc7635Client, type SessionToken } from '../turn/support/rfc7635-client.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { codeOf } from '../turn/support/rfc8489-client.ts';

const KEY = Buffer.alloc(32, 'K').toString('base64');
const KM = 'km-of-thirty-two-characters-here';

describe('a server with oauth.keys', () => {
  let server: Server;
  const state = new MemoryState();

  beforeAll(async () => {
    const users = [...PASSWORDS].map(([name, password]) => ({ name, password: password.revealText() }));
    server = await createServer(
      {
        domain: 'example.com',
        credentials: { approach: 'delivered', secret: KM, users: [{ name: 'carol', password: 'carol-secret' }] },
        edge: { listen: { addresses: ['127.0.0.1'], port: 0 }, demoPage: false, core: { users } },
        turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
        oauth: {
          serverName: 'turn.example',
          keys: [{ kid: 'north', key: KEY }],
          authorizationServer: { enabled: true },
          clients: [{ id: 'wwsf', secret: 'a-secret-of-the-wwsf', scopes: ['turn'] }],
        },
      },
      { logger: silentLogger, state },
    );
    await server.start();
  });

  afterAll(() => server.stop());

  async function turnClient(token: SessionToken): Promise<Rfc7635Client> {
    const client = await Rfc7635Client.open({ transport: 'udp', port: server.addresses.turn[0]!.port });
    await client.discover();
    expect(client.serverName).toBe('turn.example');
    client.token = token;
    return client;
  }

  it('gives a relay to the token of a REGISTER, and takes it back when the registration is ended', async () => {
    const wic = new Wic('alice', await WicSocket.connect(`wss://127.0.0.1:${server.addresses.https[0]!.port}/`));
    const { headers } = await wic.register({ headers: { 'TURN-Cred-Req': 'oauth' } });
    const bytes = (name: string): Buffer => Buffer.from(headers.get(name)!, 'base64');
    const token = { kid: headers.get('TURN-Username')!, token: bytes('TURN-Token'), macKey: bytes('TURN-Password') };
    const client = await turnClient(token);
    expect(codeOf(await client.allocate())).toBe(0);
    const ended = new Promise((resolve) => server.on('allocation-ended', resolve));
    await wic.register({ expires: 0 });
    expect(await ended).toMatchObject({ user: expect.stringMatching(/^token-[\da-f]{16}$/) as string });
    const again = await turnClient(token);
    expect(codeOf(await again.allocate())).toBe(401);
    client.close();
    again.close();
  });

  it('takes every kind of credential on one listener, and tells none from another by a 401', async () => {
    const wic = new Wic('bob', await WicSocket.connect(`wss://127.0.0.1:${server.addresses.https[0]!.port}/`));
    const delivered = (await wic.register({ headers: { 'TURN-Cred-Req': 'turn' } })).headers;
    const token = (await wic.register({ headers: { 'TURN-Cred-Req': 'oauth' } })).headers;
    const minted = `${Math.floor(Date.now() / 1000) + 600}:of-another-edge`;
    const byPassword = [
      ['carol', 'carol-secret'],
      [minted, createHmac('sha1', KM).update(minted).digest('base64')],
      [delivered.get('TURN-Username')!, delivered.get('TURN-Password')!],
    ] as const;
    const at = server.addresses.turn[0]!;
    for (const [username, password] of byPassword) {
      const client = await TurnClient.connect({ transport: 'udp', server: at, username, password });
      expect(await client.allocate()).toMatchObject({ address: '127.0.0.1' });
      client.close();
      const guess = await TurnClient.connect({ transport: 'udp', server: at, username, password: `${password}x` });
      await expect(guess.allocate()).rejects.toThrow('401');
      guess.close();
    }
    const bytes = (name: string): Buffer => Buffer.from(token.get(name)!, 'base64');
    const held = { kid: 'north', token: bytes('TURN-Token'), macKey: bytes('TURN-Password') };
    const holder = await turnClient(held);
    expect(codeOf(await holder.allocate())).toBe(0);
    const guess = await turnClient({ ...held, macKey: Buffer.alloc(20) });
    expect(codeOf(await guess.allocate())).toBe(401);
    for (const client of [holder, guess]) client.close();
  });

  it('gives a relay to the token of its authorization server', async () => {
    const { port } = server.addresses.https[0]!;
    const answer = await httpsFetch(state.read('ca.pem')!)(`https://localhost:${port}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('wwsf:a-secret-of-the-wwsf').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=turn&aud=turn.example',
    });
    expect(answer.status).toBe(200);
    const { access_token: token, kid, key } = (await answer.json()) as Record<'access_token' | 'kid' | 'key', string>;
    const client = await turnClient({ kid, token: Buffer.from(token, 'base64'), macKey: Buffer.from(key, 'base64') });
    expect(codeOf(await client.allocate())).toBe(0);
    expect(codeOf(await client.refresh(0))).toBe(0);
    client.close();
  });
});
