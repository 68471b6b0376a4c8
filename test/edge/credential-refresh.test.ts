import { describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

const HOME = 'sip:example.com';

async function registered(server: EdgeServer): Promise<Wic> {
  const wic = new Wic('alice', await server.connect());
  await wic.register();
  return wic;
}

describe('OPTIONS to the home domain', () => {
  it.each<{ what: string; headers: Record<string, string>; credential: object | undefined }>([
    {
      what: 'a wish for a credential',
      headers: { 'TURN-Cred-Req': 'turn;ttl=7200' },
      credential: { name: 'u1', ttlSec: 7200 },
    },
    {
      what: 'an SDP type and no body',
      headers: { 'TURN-Cred-Req': '', 'Content-Type': 'application/sdp' },
      credential: { name: 'u1' },
    },
    { what: 'no wish', headers: {}, credential: undefined },
    {
      what: 'a wish for what is not offered',
      headers: { 'TURN-Cred-Req': 'oauth' },
      credential: { error: 'unsupported' },
    },
  ])('with $what is answered 200', async ({ headers, credential }) => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server);
    alice.send(alice.build('OPTIONS', HOME, HOME, headers));
    const response = await alice.socket.response(200);
    const got = parseTurnCredential(response.headers);
    if (credential) expect(got).toMatchObject(credential);
    else expect(got).toBeUndefined();
    expect(response.headers.get('Allow')).toContain('INVITE');
  });

  it('is answered in the spelling and the form that are wanted', async () => {
    await using server = await startEdge(edgeOptions({ credential: { headers: 'combined' } }));
    const alice = await registered(server);
    alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req-Hdr': '' }));
    const { headers } = await alice.socket.response(200);
    expect([...headers.entries()].map(([name]) => name).filter((name) => name.startsWith('TURN'))).toEqual([
      'TURN-Cred-Rsp-Hdr',
    ]);
  });

  it('is answered 403 without a registration on this connection, 400 when malformed', async () => {
    await using server = await startEdge(edgeOptions());
    const stranger = new Wic('alice', await server.connect());
    stranger.send(stranger.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': '' }));
    expect(parseTurnCredential((await stranger.socket.response(403)).headers)).toBeUndefined();
    const alice = await registered(server);
    alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': 'turn;ttl=soon' }));
    await alice.socket.response(400);
    expect(server.events.named('credential-refused').map(({ cause }) => cause)).toEqual(['unregistered', 'malformed']);
    expect(server.issuer.requests).toEqual([]);
  });

  it('is answered 503 with Retry-After when asked too often, while REGISTER still succeeds', async () => {
    await using server = await startEdge(edgeOptions({ credential: { burst: 2, intervalSec: 30 } }));
    const alice = await registered(server);
    for (const status of [200, 200, 503]) {
      alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': '' }));
      const response = await alice.socket.response(status);
      if (status === 503) expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(25);
    }
    const ok = await alice.register({ headers: { 'TURN-Cred-Req': '' } });
    expect(parseTurnCredential(ok.headers)).toMatchObject({ kind: 'error', error: 'quota' });
    expect(server.events.named('limited')).toMatchObject([{ cause: 'credential-rate' }, { cause: 'credential-rate' }]);
  });

  it.each([
    { failure: 'denied', status: 200 },
    { failure: 'unavailable', status: 200 },
    { failure: 'unsupported', status: 200 },
    { failure: 'quota', status: 503 },
  ] as const)('is answered $status with the error when the issuer says $failure', async ({ failure, status }) => {
    await using server = await startEdge(edgeOptions());
    server.issuer.failure = failure;
    const alice = await registered(server);
    alice.send(alice.build('OPTIONS', HOME, HOME, { 'TURN-Cred-Req': '' }));
    const response = await alice.socket.response(status);
    expect(parseTurnCredential(response.headers)).toMatchObject({ kind: 'error', error: failure });
  });

  it.each(['sip:example.com@example.com', 'sip:EXAMPLE.com@example.com;transport=ws'])(
    'is for the edge, as a bare domain is, when it is to %s',
    async (uri) => {
      await using server = await startEdge(edgeOptions());
      const alice = await registered(server);
      alice.send(alice.build('OPTIONS', uri, uri, { 'TURN-Cred-Req': '' }));
      expect(parseTurnCredential((await alice.socket.response(200)).headers)).toMatchObject({ name: 'u1' });
      alice.send(alice.build('MESSAGE', uri, uri));
      await alice.socket.response(404);
    },
  );

  it('reaches a user when it names one', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server);
    const bob = new Wic('bob', await server.connect());
    await bob.register();
    alice.send(alice.build('OPTIONS', bob.aor, bob.aor, { 'TURN-Cred-Req': '' }));
    const incoming = await bob.socket.request('OPTIONS');
    expect(incoming.headers.has('TURN-Cred-Req')).toBe(false);
    bob.reply(incoming, 200);
    await alice.socket.response(200, 'OPTIONS');
    expect(server.issuer.requests).toEqual([]);
  });
});

describe('the rate of credentials', () => {
  const ask = { headers: { 'TURN-Cred-Req': '' } };

  async function connectAnew(server: EdgeServer, user: string): Promise<Wic> {
    return new Wic(user, await server.connect());
  }

  it('is that of a user: neither a new connection nor a new device brings more', async () => {
    await using server = await startEdge(edgeOptions({ credential: { burst: 2, intervalSec: 30 } }));
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      const alice = await connectAnew(server, 'alice');
      got.push(parseTurnCredential((await alice.register(ask)).headers)?.kind);
      await alice.register({ expires: 0 });
      await alice.socket.close();
    }
    expect(got).toEqual(['credential', 'credential', 'error', 'error']);
    const bob = await connectAnew(server, 'bob');
    expect(parseTurnCredential((await bob.register(ask)).headers)?.kind).toBe('credential');
  });

  it('is no reason for a new u: a device that reconnects is the registration it was, and nothing is taken back', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await registered(server);
    await alice.register(ask);
    alice.socket.webSocket.terminate();
    await expect.poll(() => server.edge.snapshot().registrations).toEqual([]);
    alice.socket = await server.connect();
    await alice.register(ask);
    const ids = server.issuer.requests.map(({ registrationId }) => registrationId);
    expect(ids).toEqual([ids[0], ids[0]]);
    expect(server.issuer.released).toEqual([]);
  });
});
