import { describe, expect, it } from 'vitest';
import { type WebIdentityOptions } from '../../../src/edge/edge-options.ts';
import { type WebFetch } from '../../../src/edge/web-identity/web-fetch.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { callerDialog, calleeDialog, type RegisterOptions, Wic } from '../support/wic.ts';
import { type TokenWishes, Waf, webIdentity } from './waf.ts';

const ORIGIN = 'https://localhost';

class Bench implements AsyncDisposable {
  readonly waf: Waf;
  readonly server: EdgeServer;
  readonly asked: string[];

  private constructor(waf: Waf, server: EdgeServer, asked: string[]) {
    this.waf = waf;
    this.server = server;
    this.asked = asked;
  }

  static async open(overrides: Partial<WebIdentityOptions> = {}, more: Parameters<typeof edgeOptions>[0] = {}) {
    const waf = new Waf();
    await waf.addKey('k1');
    const asked: string[] = [];
    const webFetch: WebFetch = async ({ url }) => {
      asked.push(url);
      return { status: 200, body: JSON.stringify(await waf.keySet()) };
    };
    const options = edgeOptions({ ...more, webIdentity: webIdentity(overrides) });
    return new Bench(waf, await startEdge(options, { webFetch }), asked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  async connect(user: string, origin?: string): Promise<Wic> {
    return new Wic(user, await this.server.connect(origin === undefined ? {} : { origin }));
  }

  /** A client that has signed in, and the token it has shown. */
  async signedIn(user: string, wishes: TokenWishes = {}): Promise<{ wic: Wic; token: string }> {
    const wic = await this.connect(user);
    const token = await this.waf.token(user, wishes);
    register(wic, token);
    await wic.socket.response(200, 'REGISTER');
    return { wic, token };
  }

  get causes(): string[] {
    return this.server.events.named('authentication-failed').map(({ cause }) => cause);
  }
}

function register(wic: Wic, token: string, options: RegisterOptions = {}): void {
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  wic.send(wic.buildRegister({ ...options, headers }));
}

const CHALLENGE = 'Bearer realm="example.com", scope="sip", authz_server="https://waf.example.com"';

describe('a REGISTER with a web token', () => {
  it.each([
    ['as RFC 8898 writes it', (token: string) => `Bearer ${token}`],
    ['as TS 24.371 A.3.2 writes it', (token: string) => `Bearer access_token="${token}"`],
    ['in other case and with blanks', (token: string) => `bEARER   ${token} `],
  ])('registers without a challenge: %s', async (_how, authorization) => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    const token = await bench.waf.token('alice');
    register(alice, token, { headers: { Authorization: authorization(token) } });
    const ok = await alice.socket.response(200, 'REGISTER');
    expect(ok.headers.get('Contact')).toContain(alice.contactUri);
    expect(bench.server.events.named('registered')).toMatchObject([{ aor: 'sip:alice@example.com', refresh: false }]);
    expect(bench.asked).toHaveLength(1);
  });

  it('registers a user whom the embedded core has no password of', async () => {
    await using bench = await Bench.open();
    const { wic } = await bench.signedIn('dora');
    expect(wic.socket.unread).toEqual([]);
  });

  it('is granted no more time than the token has left, and its TURN credential neither', async () => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    register(alice, await bench.waf.token('alice', { lifetimeSec: 100 }), {
      expires: 3600,
      headers: { 'TURN-Cred-Req': 'turn' },
    });
    const ok = await alice.socket.response(200, 'REGISTER');
    expect(Number(/expires=(\d+)/.exec(ok.headers.get('Contact')!)![1])).toBeLessThanOrEqual(100);
    const { expiresSec } = bench.server.events.named('registered')[0]!;
    expect(expiresSec).toBeGreaterThan(90);
    expect(expiresSec).toBeLessThanOrEqual(100);
  });

  it.each<[string, TokenWishes, string]>([
    ['that has ended', { lifetimeSec: -1 }, 'token-expired'],
    ['that ends before it is worth a registration', { lifetimeSec: 30 }, 'token-expired'],
    ['of another audience', { claims: { aud: 'other.example.com' } }, 'token-audience'],
    ['of an issuer that is not known', { claims: { iss: 'https://evil.example.com' } }, 'token-issuer'],
    ['without an issuer', { claims: { iss: undefined } }, 'token-issuer'],
    ['without a private identity', { claims: { impi: undefined } }, 'token-claims'],
    ['whose private identity would end a quoted string', { claims: { impi: 'a"b@example.com' } }, 'token-claims'],
    ['that is not valid yet', { claims: { nbf: 4_000_000_000 } }, 'token-not-yet-valid'],
    ['of a kind that is no access token', { header: { typ: 'logout+jwt' } }, 'token-malformed'],
    ['with a key that the issuer does not publish', { header: { kid: 'k9' } }, 'token-key'],
  ])('is answered 401 with invalid_token for one %s', async (_what, wishes, cause) => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    register(alice, await bench.waf.token('alice', wishes));
    const refusal = await alice.socket.response(401, 'REGISTER');
    expect(refusal.headers.getAll('WWW-Authenticate')).toEqual([`${CHALLENGE}, error="invalid_token"`]);
    expect(bench.causes).toEqual([cause]);
    expect(bench.server.events.named('registered')).toEqual([]);
  });

  it.each([
    ['no token at all', ''],
    ['two tokens in one', 'a b'],
    ['an opaque one, where nobody can be asked', 'mF_9.B5f-4.1JqM'],
    ['a parameter that is none of ours', 'token="x"'],
  ])('is answered 401 for %s', async (_what, text) => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    register(alice, text);
    await alice.socket.response(401, 'REGISTER');
    expect(bench.causes).toEqual(['token-malformed']);
  });

  it('is answered 401 if its signature is wrong, is missing, or is by an algorithm of the client’s choice', async () => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    const token = await bench.waf.token('alice');
    const [head, payload, signature] = token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","kid":"k1","typ":"at+jwt"}').toString('base64url');
    const hmac = Buffer.from('{"alg":"HS256","kid":"k1","typ":"at+jwt"}').toString('base64url');
    const rsa = Buffer.from('{"alg":"RS256","kid":"k1","typ":"at+jwt"}').toString('base64url');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const forged = [
      `${head}.${payload}.${flipped}`,
      `${none}.${payload}.${signature}`,
      `${hmac}.${payload}.${signature}`,
    ];
    for (const one of [...forged, `${rsa}.${payload}.${signature}`]) {
      register(alice, one);
      await alice.socket.response(401, 'REGISTER');
    }
    expect(bench.causes).toEqual(Array(4).fill('token-signature'));
  });

  it.each<[string, string, TokenWishes]>([
    ['for another user', 'token-identity', { claims: { impu: ['sip:bob@example.com'] } }],
    ['of a web server that is not listed', 'token-client', { claims: { client_id: 'other' } }],
    ['for pages of other origins', 'token-origin', { claims: { origins: ['https://app.example.com'] } }],
    ['of a pool that is not its web server’s', 'token-pool', { claims: { pool: true } }],
  ])('is answered 403, without a challenge, if it is good but %s', async (_what, cause, wishes) => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    register(alice, await bench.waf.token('alice', wishes));
    const refusal = await alice.socket.response(403, 'REGISTER');
    expect(refusal.headers.has('WWW-Authenticate')).toBe(false);
    expect(bench.causes).toEqual([cause]);
  });

  it('is taken from a page of the origin that the token names', async () => {
    await using bench = await Bench.open({}, { origins: { allow: [ORIGIN], allowMissing: false } });
    const alice = await bench.connect('alice', ORIGIN);
    register(alice, await bench.waf.token('alice', { claims: { origins: [ORIGIN] } }));
    await alice.socket.response(200, 'REGISTER');
  });

  it('is answered 403 for somebody else in From', async () => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    const token = await bench.waf.token('alice');
    register(alice, token, { headers: { From: '<sip:bob@example.com>;tag=1' } });
    await alice.socket.response(403, 'REGISTER');
  });

  it('follows the issuer to another key, and asks it no more than once in a while', async () => {
    await using bench = await Bench.open();
    await bench.signedIn('alice');
    const { wic } = { wic: await bench.connect('bob') };
    for (let i = 0; i < 5; i++) {
      register(wic, await bench.waf.token('bob', { header: { kid: `k${i + 10}` } }));
      await wic.socket.response(401, 'REGISTER');
    }
    expect(bench.asked).toHaveLength(1);
  });
});

describe('a client without a token', () => {
  it('is challenged by digest, and by nothing else, where digest is allowed', async () => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    alice.send(alice.buildRegister());
    const challenge = await alice.socket.response(401, 'REGISTER');
    expect(challenge.headers.getAll('WWW-Authenticate').every((text) => text.startsWith('Digest '))).toBe(true);
    await alice.register();
  });

  it('is challenged by Bearer alone where digest is not', async () => {
    await using bench = await Bench.open({ allowDigest: false });
    const alice = await bench.connect('alice');
    alice.send(alice.buildRegister());
    const challenge = await alice.socket.response(401, 'REGISTER');
    expect(challenge.headers.getAll('WWW-Authenticate')).toEqual([CHALLENGE]);
  });

  it('stays with digest once it has registered by it', async () => {
    await using bench = await Bench.open();
    const alice = await bench.connect('alice');
    await alice.register();
    register(alice, await bench.waf.token('alice'));
    await alice.socket.response(403, 'REGISTER');
    expect(bench.asked).toEqual([]);
  });
});

describe('a client that has signed in', () => {
  it('refreshes with the same token without another check, and cannot without one', async () => {
    await using bench = await Bench.open();
    const { wic, token } = await bench.signedIn('alice');
    bench.waf.dropKey('k1');
    register(wic, token);
    await wic.socket.response(200, 'REGISTER');
    wic.send(wic.buildRegister());
    const challenge = await wic.socket.response(401, 'REGISTER');
    expect(challenge.headers.getAll('WWW-Authenticate')).toEqual([CHALLENGE]);
  });

  it('shows another token for the same identity, and is refused with one for another', async () => {
    await using bench = await Bench.open();
    const { wic } = await bench.signedIn('alice');
    register(wic, await bench.waf.token('alice'));
    await wic.socket.response(200, 'REGISTER');
    register(wic, await bench.waf.token('bob', { claims: { impu: ['sip:alice@example.com'] } }));
    await wic.socket.response(403, 'REGISTER');
    expect(bench.causes).toEqual(['token-identity']);
  });

  it('calls with its token or without one, and the token reaches no other client', async () => {
    await using bench = await Bench.open();
    const { wic: alice, token } = await bench.signedIn('alice');
    const { wic: bob, token: bobs } = await bench.signedIn('bob');
    alice.invite('sip:bob@example.com', 'v=0\r\n', { Authorization: `Bearer ${token}` });
    const invite = await bob.socket.request('INVITE');
    const ok = bob.reply(invite, 200, { Authorization: `Bearer ${bobs}` });
    const answer = await alice.socket.response(200, 'INVITE');
    expect(answer.headers.has('Authorization')).toBe(false);
    alice.inDialog('ACK', callerDialog(answer), { Authorization: `Bearer access_token="${token}"` });
    await bob.socket.request('ACK');
    bob.inDialog('BYE', calleeDialog(invite, ok), { 'Proxy-Authorization': `Bearer ${bobs}` });
    alice.reply(await alice.socket.request('BYE'), 200);
    await bob.socket.response(200, 'BYE');
    const seen = [...alice.socket.frames, ...bob.socket.frames].join('');
    for (const one of [token, bobs, 'Bearer']) expect(seen).not.toContain(one);
  });

  it('is answered 401 for a request with a token that is invalid, and goes on as it was', async () => {
    await using bench = await Bench.open();
    const { wic } = await bench.signedIn('alice');
    wic.invite('sip:bob@example.com', 'v=0\r\n', { Authorization: 'Bearer x.y.z' });
    const refusal = await wic.socket.response(401, 'INVITE');
    expect(refusal.headers.get('WWW-Authenticate')).toContain('error="invalid_token"');
    wic.invite('sip:bob@example.com');
    await wic.socket.response(480, 'INVITE');
  });

  it('must show it in each request where that is asked for, but not in ACK', async () => {
    await using bench = await Bench.open({ requireOnEveryRequest: true });
    const { wic: alice, token } = await bench.signedIn('alice');
    const { wic: bob } = await bench.signedIn('bob');
    alice.invite('sip:bob@example.com');
    await alice.socket.response(401, 'INVITE');
    alice.invite('sip:bob@example.com', 'v=0\r\n', { Authorization: `Bearer ${token}` });
    bob.reply(await bob.socket.request('INVITE'), 200);
    alice.inDialog('ACK', callerDialog(await alice.socket.response(200, 'INVITE')));
    await bob.socket.request('ACK');
  });

  it('signs out, and the end of its registration names it', async () => {
    await using bench = await Bench.open();
    const { wic, token } = await bench.signedIn('alice');
    register(wic, token, { expires: 0 });
    await wic.socket.response(200, 'REGISTER');
    expect(bench.server.events.named('registration-ended')).toMatchObject([
      { impi: 'alice@example.com', impu: 'sip:alice@example.com', webIdentity: true },
    ]);
    await wic.register();
  });

  it('loses its registration when the operator ends it', async () => {
    await using bench = await Bench.open();
    const { wic } = await bench.signedIn('alice');
    const { registrationId } = bench.server.events.named('registered')[0]!;
    expect(bench.server.edge.endRegistration(registrationId)).toBe(true);
    expect(bench.server.edge.endRegistration(registrationId)).toBe(false);
    expect(bench.server.events.named('unregistered')).toMatchObject([{ cause: 'operator' }]);
    const { wic: bob } = await bench.signedIn('bob');
    bob.invite('sip:alice@example.com');
    await bob.socket.response(480, 'INVITE');
    wic.invite('sip:bob@example.com');
    await wic.socket.response(403, 'INVITE');
  });
});

describe('an identity of a pool', () => {
  it('serves one device at a time', async () => {
    await using bench = await Bench.open();
    const { wic } = await bench.signedIn('guest-1', { claims: { pool: true } });
    const other = await bench.connect('guest-1');
    register(other, await bench.waf.token('guest-1', { claims: { pool: true } }));
    await other.socket.response(403, 'REGISTER');
    expect(bench.causes).toEqual(['token-in-use']);
    await wic.socket.close();
    register(other, await bench.waf.token('guest-1', { claims: { pool: true } }));
    await other.socket.response(200, 'REGISTER');
    expect(bench.server.events.named('registration-ended')).toHaveLength(1);
  });

  it('is one by the word of the configuration, whatever the token says', async () => {
    await using bench = await Bench.open();
    await bench.signedIn('guest-2');
    const other = await bench.connect('guest-2');
    register(other, await bench.waf.token('guest-2'));
    await other.socket.response(403, 'REGISTER');
  });
});

describe('an edge without web identities', () => {
  it('gives nothing for a token, and challenges by digest', async () => {
    await using server = await startEdge(edgeOptions());
    const waf = new Waf();
    await waf.addKey('k1');
    const alice = new Wic('alice', await server.connect());
    register(alice, await waf.token('alice'));
    const challenge = await alice.socket.response(401, 'REGISTER');
    expect(challenge.headers.getAll('WWW-Authenticate').every((text) => text.startsWith('Digest '))).toBe(true);
  });
});
