import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { createAccessTokenKeyRing, readAccessTokenKey } from '../../src/credentials/access-token/token-keys.ts';
import { createAccessTokenVerifier } from '../../src/credentials/access-token/verifier.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { unwrap } from '../support/unwrap.ts';
import { makeCertificate } from './support/certificate.ts';
import { turnServerOptions } from './support/options.ts';
import { lifetimeOf, makeToken, Rfc7635Client } from './support/rfc7635-client.ts';
import { codeOf } from './support/rfc8489-client.ts';

const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
const NAME = 'turn.example';
const K = { kid: '22BIjxU93h/IgwEb', key: randomBytes(32), serverName: NAME };

let server: TurnServer;

async function client(transport: (typeof TRANSPORTS)[number]): Promise<Rfc7635Client> {
  return Rfc7635Client.open({ transport, port: server.addresses.find((at) => at.transport === transport)!.port });
}

beforeAll(async () => {
  const listeners = TRANSPORTS.map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));
  const key = unwrap(readAccessTokenKey(K.kid, 'A256GCM', new Secret(K.key.toString('base64'))));
  const verifier = createAccessTokenVerifier({
    serverName: NAME,
    keys: createAccessTokenKeyRing([key]),
    skewSec: 5,
    coturnCompat: undefined,
  });
  const options = turnServerOptions({ listeners, tls: await makeCertificate() });
  server = new TurnServer(options, { verifier, logger: silentLogger });
  await server.start();
});

afterAll(() => server.stop());

describe.each(TRANSPORTS)('a client of RFC 7635 over %s', (transport) => {
  it('learns the name of the server, allocates with a token for it, and goes on with the next one', async () => {
    const one = await client(transport);
    expect(codeOf(await one.discover())).toBe(401);
    expect(one.serverName).toBe(NAME);
    one.token = makeToken({ ...K, serverName: one.serverName! });
    const allocated = await one.allocate();
    expect(codeOf(allocated)).toBe(0);
    expect(lifetimeOf(allocated)).toBeGreaterThan(595);
    expect(codeOf(await one.permit())).toBe(0);
    one.token = makeToken(K, { lifetimeSec: 100 });
    const refreshed = await one.refresh(600);
    expect(codeOf(refreshed)).toBe(0);
    expect(lifetimeOf(refreshed)).toBeLessThanOrEqual(105);
    expect(codeOf(await one.permit())).toBe(0);
    expect(codeOf(await one.refresh(0))).toBe(0);
    one.close();
  });

  it.each([
    ['has ended', () => makeToken(K, { lifetimeSec: 60, agoSec: 66 })],
    ['is for later', () => makeToken(K, { agoSec: -60 })],
    ['never lives', () => makeToken(K, { lifetimeSec: 0 })],
    ['is for another server', () => makeToken({ ...K, serverName: 'elsewhere.example' })],
    ['is of another key', () => makeToken({ ...K, key: randomBytes(32) })],
    ['is of a kid that nobody knows', () => makeToken({ ...K, kid: 'unknown' })],
    ['is not the one of the session key', () => ({ ...makeToken(K), macKey: randomBytes(20) })],
  ])('gets 401 with a token that %s', async (_what, make) => {
    const one = await client(transport);
    await one.discover();
    one.token = make();
    expect(codeOf(await one.allocate())).toBe(401);
    one.close();
  });

  it('gets 401 when it signs as coturn does, with the first 16 bytes of the key', async () => {
    const one = await client(transport);
    await one.discover();
    one.token = makeToken(K);
    one.keyBytes = 16;
    expect(codeOf(await one.allocate())).toBe(401);
    one.close();
  });
});
