import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { isLater } from '../../src/base/outcome.ts';
import { parseTurnCredential } from '../../src/wic/parse-turn-credential.ts';
import { tokenIssuer, tokenVerifier } from '../credentials/access-token/support.ts';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

const HOME = 'sip:example.com';

async function registered(server: EdgeServer): Promise<Wic> {
  const wic = new Wic('alice', await server.connect());
  await wic.register();
  return wic;
}

/** What a TURN server makes of the token of an answer. */
function opened(headers: { entries(): Iterable<readonly [string, string]> }) {
  const received = parseTurnCredential([...headers.entries()]);
  if (received?.kind !== 'credential' || received.token === undefined) throw new Error('no token');
  const verifier = tokenVerifier();
  const accessToken = Buffer.from(received.token, 'base64');
  const found = verifier.lookup({ username: received.username, realm: 'any', accessToken }, systemClock.now());
  if (isLater(found) || !found.ok) throw new Error('not good');
  return { received, known: found.value };
}

describe('TURN-Cred-Req: oauth', () => {
  it.each(['REGISTER', 'OPTIONS'] as const)(
    'is answered in the 200 of %s with a token that a TURN server opens',
    async (via) => {
      await using server = await startEdge(edgeOptions(), { tokenIssuer: tokenIssuer() });
      const alice = await registered(server);
      const ask = { 'TURN-Cred-Req': 'oauth;ttl=900' };
      if (via === 'OPTIONS') alice.send(alice.build('OPTIONS', HOME, HOME, ask));
      const { headers } = via === 'OPTIONS' ? await alice.socket.response(200) : await alice.register({ headers: ask });
      const { received, known } = opened(headers);
      expect(received).toMatchObject({ username: 'north', name: 'north', ttlSec: 900 });
      expect(known.expiresAtSec).toBe(received.expiresAtSec + 5);
      expect(known.keys[0]!.integrityKey('md5')!.toString('base64')).toBe(received.password);
      expect(headers.get('TURN-Cred-Rsp')).toMatch(
        /^name="north";pwd="[\w+/=]{28}";lifetime=\d+;username="north";ttl=900;.*kid="north";token="[\w+/=]{88}"$/,
      );
      expect(headers.get('TURN-Username')).toBe('north');
      expect(headers.get('TURN-Token')).toBe(received.token);
      expect(server.events.named('credential-issued')).toMatchObject([{ name: known.user, via }]);
      expect(server.issuer.requests).toEqual([]);
    },
  );

  it('leaves the other kind as it is', async () => {
    await using server = await startEdge(edgeOptions(), { tokenIssuer: tokenIssuer() });
    const alice = await registered(server);
    const { headers } = await alice.register({ headers: { 'TURN-Cred-Req': '' } });
    expect(parseTurnCredential([...headers.entries()])).toMatchObject({ name: 'u1', token: undefined });
    expect(headers.get('TURN-Token')).toBeUndefined();
  });

  it('counts under the limits of the other kind', async () => {
    const options = edgeOptions({ credential: { burst: 2, intervalSec: 30 } });
    await using server = await startEdge(options, { tokenIssuer: tokenIssuer() });
    const alice = await registered(server);
    for (const [ask, status] of [
      ['oauth', 200],
      ['turn', 200],
      ['oauth', 503],
    ] as const) {
      alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': ask }));
      await alice.socket.response(status);
    }
    expect(server.events.named('limited')).toMatchObject([{ cause: 'credential-rate' }]);
  });

  it('gives the next registration of a device another holder', async () => {
    await using server = await startEdge(edgeOptions(), { tokenIssuer: tokenIssuer() });
    const alice = await registered(server);
    const ask = { headers: { 'TURN-Cred-Req': 'oauth' } };
    const first = opened((await alice.register(ask)).headers).known.user;
    expect(opened((await alice.register(ask)).headers).known.user).toBe(first);
    await alice.register({ expires: 0 });
    expect(opened((await alice.register(ask)).headers).known.user).not.toBe(first);
  });
});
