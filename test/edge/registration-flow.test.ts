import { describe, expect, it } from 'vitest';
import { parseTurnCredential } from '../../src/sip/turn-credential.ts';
import { edgeOptions } from './support/edge-options.ts';
import { startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

describe('a REGISTER through the edge (figure 6.3.3-1)', () => {
  it('is challenged without a credential, then answered with one in the 200', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    alice.send(alice.buildRegister({ headers: { 'TURN-Cred-Req': '' } }));
    const challenge = await alice.socket.response(401);
    expect(parseTurnCredential(challenge.headers)).toBeUndefined();

    const ok = await alice.register({ headers: { 'TURN-Cred-Req': 'turn;ttl=7200' } });
    expect(parseTurnCredential(ok.headers)).toMatchObject({
      kind: 'credential',
      name: 'u1',
      password: 'p/1=',
      realm: 'turn.example.com',
      uris: ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349?transport=tcp'],
    });
    expect(ok.headers.get('TURN-Username')).toMatch(/^\d+:u1$/);
    expect(ok.headers.get('TURN-Password')).toBe('p/1=');
    expect(server.issuer.requests).toEqual([
      { registrationId: expect.any(String) as string, grantedExpiresSec: 600, wishedTtlSec: 7200 },
    ]);
  });
});
