import { Hono } from 'hono';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { ok } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type LoginProvider } from '../../../src/oauth/wwsf/openid-login.ts';
import { type LoanBook } from '../../../src/oauth/wwsf/loan-book.ts';
import { LocalTokens } from '../../../src/oauth/wwsf/local-tokens.ts';
import { WebServer, type WebServerOptions } from '../../../src/oauth/wwsf/web-server.ts';
import { WebUsers } from '../../../src/oauth/web-users.ts';
import { observe } from '../as/observed.ts';
import { createWaf, oauthClient, START_MS } from '../as/waf.ts';

const CLIENT = oauthClient({
  id: 'wwsf',
  namesUsers: true,
  pool: new Set(['guest1@ims.example']),
  origins: ['https://app.example'],
});
const USERS = new Map([
  ['alice', { impi: 'alice@ims.example', impus: ['sip:alice@ims.example'], password: new Secret('her-word') }],
]);

function createWwsf(
  changes: Partial<WebServerOptions> = {},
  openId?: LoginProvider,
  loans: LoanBook = { loans: [], note: () => true },
) {
  const waf = createWaf();
  const released: string[] = [];
  const server = new WebServer(
    {
      client: CLIENT.id,
      origins: CLIENT.origins,
      pool: CLIENT.pool,
      users: new WebUsers('ims.example', USERS),
      sessionSec: 28_800,
      registrationTokenSec: 3600,
      takesGuests: true,
      guestsPerAddress: 10,
      webhookSecret: new Secret('a-secret-of-the-edge'),
      mapsUnlisted: false,
      ...changes,
    },
    {
      clock: { now: waf.now },
      events: waf.events,
      loans,
      tokens: new LocalTokens(waf.server.maker, CLIENT),
      issuer: () => ({
        issue: ({ notAfterSec = Infinity }, { unixMs }) => {
          const expiresAtSec = Math.min(unixMs / 1000 + 7200, notAfterSec);
          return ok({ name: 'u', username: `${expiresAtSec}:u`, password: new Secret('p'), expiresAtSec });
        },
        release: (registration) => released.push(registration),
      }),
      uris: () => ['turn:turn.example:3478?transport=udp'],
      report: () => undefined,
      ownUrl: () => 'https://wwsf.example',
      reportProvider: () => undefined,
      openId,
    },
  );
  const app = new Hono();
  server.mount(app);
  let jar = '';
  const request = async (path: string, init: RequestInit = {}, remoteAddress = '192.0.2.1'): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (jar !== '') headers.set('Cookie', jar);
    const env = { incoming: { socket: { remoteAddress } } };
    const answer = await app.request(path, { ...init, headers }, env);
    const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    if (set.length > 0) jar = [...jar.split('; ').filter((one) => one !== ''), ...set].join('; ');
    return answer;
  };
  const forget = (): void => {
    jar = '';
  };
  const post = (path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    request(path, { method: 'POST', body: new URLSearchParams(form), headers });
  const logIn = async (back = '/signed-in.html', more: Record<string, string> = {}): Promise<Response> => {
    const page = await (await request(`/wwsf/login?return=${encodeURIComponent(back)}`)).text();
    const hidden = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
    const fields = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value] as const));
    return post('/wwsf/login', { ...fields, user: 'alice', password: 'her-word', ...more });
  };
  return { server, released, request, post, logIn, forget, pass: waf.pass, events: waf.events };
}

async function jsonOf(answer: Response | Promise<Response>): Promise<Record<string, unknown>> {
  return (await (await answer).json()) as Record<string, unknown>;
}

describe('a user of the web server', () => {
  it('logs in, and gets a registration token for that user', async () => {
    const { request, logIn } = createWwsf();
    const answer = await logIn();
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/signed-in.html']);
    expect(answer.headers.getSetCookie().at(-1)).toMatch(
      /^__Host-epcscf-turn-session=[\w-]{43};.*HttpOnly; Secure; SameSite=Strict$/,
    );
    const session = { user: 'alice', impi: 'alice@ims.example', impu: ['sip:alice@ims.example'], guest: false };
    expect(await jsonOf(request('/wwsf/session'))).toEqual(session);
    const { token, ...told } = await jsonOf(request('/registration-token'));
    expect(told).toMatchObject({ expires_in: 3600, impi: 'alice@ims.example' });
    expect(jwt.decode(String(token))).toMatchObject({ client_id: 'wwsf', impi: 'alice@ims.example' });
  });

  it('gets TURN credentials in three shapes, none of which outlives the session', async () => {
    const { request, logIn, pass } = createWwsf();
    await logIn();
    pass(28_800 - 60);
    expect(await jsonOf(request('/turn-credentials'))).toEqual({
      username: `${START_MS / 1000 + 28_800}:u`,
      password: 'p',
      ttl: 60,
      uris: ['turn:turn.example:3478?transport=udp'],
    });
    const ice = await jsonOf(request('/turn-credentials?form=ice'));
    expect(ice.iceServers).toMatchObject([{ urls: ['turn:turn.example:3478?transport=udp'], credential: 'p' }]);
    const token = await jsonOf(request('/turn-credentials?form=token'));
    expect(token).toMatchObject({ token_type: 'pop', kid: 'north', expires_in: 60 });
    expect((await request('/turn-credentials?form=constructor')).status).toBe(400);
    pass(60);
    expect((await request('/turn-credentials')).status).toBe(401);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/a\r\nb', ''])(
    'is never led elsewhere by return=%j',
    async (back) => {
      expect((await createWwsf().logIn(back)).headers.get('Location')).toBe('/wwsf/done');
    },
  );

  it('is refused with a wrong password or a form from elsewhere', async () => {
    const { logIn, post, request } = createWwsf();
    expect((await logIn('/', { password: 'x' })).status).toBe(401);
    expect((await post('/wwsf/login', { user: 'alice', password: 'her-word' })).headers.get('Location')).toBeNull();
    expect((await request('/wwsf/session')).status).toBe(204);
  });

  it('logs out, and the credentials of the session are taken back', async () => {
    const { logIn, post, request, released } = createWwsf();
    await logIn();
    expect((await post('/wwsf/logout')).status).toBe(204);
    expect(released).toHaveLength(1);
    expect((await request('/registration-token')).status).toBe(401);
  });

  it('waits after too many tokens', async () => {
    const { logIn, request } = createWwsf();
    await logIn();
    for (let i = 0; i < 20; i += 1) expect((await request('/registration-token')).status).toBe(200);
    expect((await request('/registration-token')).status).toBe(429);
  });
});

describe('a browser that comes back from the OpenID provider', () => {
  const trip = { state: 's', nonce: 'n', verifier: 'v' };

  it('makes this server ask the provider for nobody who comes back again and again without having left', async () => {
    let asked = 0;
    const { request, forget } = createWwsf(
      {},
      {
        begin: () => Promise.resolve({ url: 'https://id.example/', trip }),
        finish: () => {
          asked += 1;
          return Promise.reject(new Error('not a code of mine'));
        },
      },
    );
    const made = Buffer.from(JSON.stringify({ ...trip, back: '/' })).toString('base64url');
    const headers = { Cookie: `__Host-epcscf-turn-openid=${made}` };
    const statuses: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      forget();
      statuses.push((await request('/wwsf/callback?code=x', { headers })).status);
    }
    expect([asked, statuses.at(-1)]).toEqual([60, 429]);
  });

  it('begins no more sessions of one user than the form would', async () => {
    const { request, forget } = createWwsf(
      {},
      { begin: () => Promise.resolve({ url: 'https://id.example/', trip }), finish: () => Promise.resolve('alice') },
    );
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1) {
      forget();
      await request('/wwsf/login');
      statuses.push((await request('/wwsf/callback?code=x')).status);
    }
    expect([statuses.at(0), statuses.at(19), statuses.at(20)]).toEqual([303, 303, 429]);
  });
});

describe('a page of another site', () => {
  it('gets nothing, unless its origin is one of the client', async () => {
    const { logIn, request, post } = createWwsf();
    await logIn();
    const evil = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
    expect((await request('/registration-token', { headers: evil })).status).toBe(403);
    expect((await request('/turn-credentials', { headers: evil })).status).toBe(403);
    expect((await post('/wwsf/guest', {}, evil)).status).toBe(403);
    expect((await post('/wwsf/logout', {}, evil)).status).toBe(403);
    const app = { 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.example' };
    const answer = await request('/registration-token', { headers: app });
    expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([200, 'https://app.example']);
  });
});

describe('a page of another site, in a browser that says Origin alone', () => {
  it('logs nobody out', async () => {
    const { logIn, request, post } = createWwsf();
    await logIn();
    for (const Origin of ['https://evil.example', 'null', 'http://wwsf.example']) {
      expect((await post('/wwsf/logout', {}, { Origin })).status).toBe(403);
    }
    expect((await request('/wwsf/session')).status).toBe(200);
    expect((await post('/wwsf/logout', {}, { Origin: 'https://wwsf.example' })).status).toBe(204);
    await logIn();
    const aliased = { Origin: 'https://alias.example', Host: 'alias.example' };
    expect((await post('/wwsf/logout', {}, aliased)).status).toBe(204);
  });
});

describe('a guest', () => {
  it('gets an identity of the pool, which nobody else gets while it is lent', async () => {
    const { post, request, forget, pass } = createWwsf();
    expect(await jsonOf(post('/wwsf/guest'))).toMatchObject({ user: 'guest1', guest: true });
    const { token } = await jsonOf(request('/registration-token'));
    expect(jwt.decode(String(token))).toMatchObject({ pool: true, impi: 'guest1@ims.example' });
    forget();
    expect((await post('/wwsf/guest')).status).toBe(503);
    pass(900 + 31);
    expect((await post('/wwsf/guest')).status).toBe(503);
    pass(1);
    expect((await post('/wwsf/guest')).status).toBe(200);
  });

  it('lends nobody an identity for which the last guest still has a good token, though its registration has ended', async () => {
    const { server, post, request, forget, pass } = createWwsf();
    await post('/wwsf/guest');
    await request('/registration-token');
    pass(120);
    server.ended('guest1@ims.example');
    forget();
    expect((await post('/wwsf/guest')).status).toBe(503);
    pass(900 - 120);
    expect((await post('/wwsf/guest')).status).toBe(200);
  });

  it('gives the identity back when the registration ends, and has it no more once another has it', async () => {
    const { server, post, request, forget, pass } = createWwsf();
    await post('/wwsf/guest');
    server.ended('guest1@ims.example');
    // That was an earlier registration: the page has just been loaded again.
    expect((await request('/registration-token')).status).toBe(200);
    pass(901);
    const hook = { event: 'registration-ended', impi: 'guest1@ims.example' };
    const report = (secret: string) =>
      request('/wwsf/registration-ended', {
        method: 'POST',
        body: JSON.stringify(hook),
        headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
      });
    expect((await report('wrong')).status).toBe(401);
    expect((await report('a-secret-of-the-edge')).status).toBe(204);
    forget();
    expect((await post('/wwsf/guest')).status).toBe(200);
  });

  it('is refused where the address holds as many as it may, until one of them has ended', async () => {
    const pool = new Set([1, 2, 3].map((n) => `guest${n}@ims.example`));
    const { post, request, forget, pass } = createWwsf({ guestsPerAddress: 2, pool });
    expect((await post('/wwsf/guest')).status).toBe(200);
    forget();
    pass(600);
    expect((await post('/wwsf/guest')).status).toBe(200);
    forget();
    const refused = await post('/wwsf/guest');
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '300']);
    const elsewhere = await request('/wwsf/guest', { method: 'POST' }, '192.0.2.2');
    expect(elsewhere.status).toBe(200);
    forget();
    pass(300);
    expect((await post('/wwsf/guest')).status).not.toBe(429);
  });

  it('counts for its address as long as it gets tokens', async () => {
    const pool = new Set(['guest1@ims.example', 'guest2@ims.example']);
    const { post, request, forget, pass } = createWwsf({ guestsPerAddress: 1, pool });
    await post('/wwsf/guest');
    pass(800);
    expect((await request('/registration-token')).status).toBe(200);
    forget();
    pass(400);
    expect((await post('/wwsf/guest')).status).toBe(429);
    pass(500);
    expect((await post('/wwsf/guest')).status).toBe(200);
  });

  it('gets no identity, and no further token, while the loan cannot be noted for a restart', async () => {
    let isWritable = true;
    const { post, request } = createWwsf({}, undefined, { loans: [], note: () => isWritable });
    isWritable = false;
    expect((await post('/wwsf/guest')).status).toBe(503);
    isWritable = true;
    expect((await post('/wwsf/guest')).status).toBe(200);
    isWritable = false;
    expect((await request('/registration-token')).status).toBe(503);
    expect((await request('/turn-credentials')).status).toBe(503);
    isWritable = true;
    expect((await request('/registration-token')).status).toBe(200);
  });

  it('gets no identity that was lent before a restart, until its last token has ended', async () => {
    const booked = { impi: 'guest1@ims.example', untilSec: START_MS / 1000 + 632 };
    const { post, server, pass } = createWwsf({}, undefined, { loans: [booked], note: () => true });
    expect((await post('/wwsf/guest')).status).toBe(503);
    server.ended('guest1@ims.example');
    pass(599);
    expect((await post('/wwsf/guest')).status).toBe(503);
    pass(1);
    expect((await post('/wwsf/guest')).status).toBe(200);
  });

  it('is not served where there are no guests', async () => {
    expect((await createWwsf({ takesGuests: false }).post('/wwsf/guest')).status).toBe(400);
  });
});

describe('what observers hear of the web server', () => {
  it('is each step of figure X.5.3.2-1, by no secret of it', async () => {
    const { logIn, request, events } = createWwsf();
    const heard = observe(events);
    await logIn();
    const { access_token: token, key } = await jsonOf(request('/turn-credentials?form=token'));
    expect(heard.lines).toEqual([
      'wic > wwsf login',
      'signed-in',
      'wwsf > wic login 303',
      'wic > wwsf turn-credentials',
      'wwsf > waf token',
      'token-issued',
      'waf > wwsf token 200',
      'wwsf > wic turn-credentials 200',
    ]);
    const impi = 'alice@ims.example';
    for (const told of heard.told.slice(1)) expect(told).toMatchObject({ impi });
    expect(heard.told[3]).toMatchObject({ form: 'token' });
    for (const secret of [token, key, 'her-word']) expect(heard.text()).not.toContain(secret);
  });

  it('is a credential of its own, a registration token, and the end of the session', async () => {
    const { logIn, request, post, events } = createWwsf();
    await logIn();
    const heard = observe(events);
    await request('/turn-credentials');
    await request('/registration-token');
    await post('/wwsf/logout');
    expect(heard.lines).toEqual([
      'wic > wwsf turn-credentials',
      'web-credential-issued',
      'wwsf > wic turn-credentials 200',
      'wic > wwsf registration-token',
      'wwsf > waf token',
      'token-issued',
      'waf > wwsf token 200',
      'wwsf > wic registration-token 200',
      'wic > wwsf logout',
      'signed-out',
      'wwsf > wic logout 204',
    ]);
  });

  it('is why somebody could not sign in', async () => {
    const { logIn, post, forget, events } = createWwsf();
    const heard = observe(events);
    await logIn('/', { password: 'x' });
    await post('/wwsf/guest');
    forget();
    await post('/wwsf/guest');
    const refusals = heard.lines.filter((line) => line.startsWith('sign-in-refused'));
    expect(refusals).toEqual(['sign-in-refused wrong-password', 'sign-in-refused no-identity']);
  });
});
