import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { observe } from './observed.ts';
import { basic, CALLBACK, createWaf, ISSUER, SECRET, type Waf } from './waf.ts';

const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const REQUEST = {
  response_type: 'code',
  client_id: 'wwsf',
  redirect_uri: CALLBACK,
  scope: 'sip',
  state: 'a state & more',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};
const IMPLICIT = { response_type: 'token', client_id: 'wwsf', redirect_uri: CALLBACK, scope: 'turn', state: 's' };

const authorize = ({ request }: Waf, form: Record<string, string>): Promise<Response> =>
  request(`/oauth/authorize?${new URLSearchParams(form).toString()}`);

interface Page {
  readonly cookie: string;
  readonly fields: Record<string, string>;
}

async function pageOf(response: Response): Promise<Page> {
  const html = await response.text();
  const hidden = html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  const fields = Object.fromEntries(
    [...hidden].map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')] as const),
  );
  return { cookie: (response.headers.get('Set-Cookie') ?? '').split(';')[0]!, fields };
}

/** The browser of a user at the page. */
async function open(waf: Waf, form: Record<string, string> = REQUEST): Promise<Page> {
  return pageOf(await authorize(waf, form));
}

function submit({ post }: Waf, { cookie, fields }: Page, more: Record<string, string> = {}): Promise<Response> {
  return post('/oauth/login', { ...fields, user: 'alice', password: 'her-word', ...more }, { Cookie: cookie });
}

function locationOf(response: Response): URL {
  expect(response.status).toBe(303);
  return new URL(response.headers.get('Location') ?? '');
}

async function codeOf(waf: Waf): Promise<string> {
  return locationOf(await submit(waf, await open(waf))).searchParams.get('code') ?? '';
}

const EXCHANGE = { grant_type: 'authorization_code', redirect_uri: CALLBACK, code_verifier: VERIFIER };

function redeem({ post }: Waf, code: string, more: Record<string, string> = {}, id = 'wwsf'): Promise<Response> {
  return post('/oauth/token', { ...EXCHANGE, code, ...more }, basic(id, SECRET));
}

describe('a login', () => {
  it('leads back with a code, the state and the issuer, and the code is exchanged for the token', async () => {
    const waf = createWaf();
    const answer = locationOf(await submit(waf, await open(waf)));
    expect(answer.href.startsWith(`${CALLBACK}&code=`)).toBe(true);
    expect(answer.searchParams.get('state')).toBe('a state & more');
    expect(answer.searchParams.get('iss')).toBe(ISSUER);
    const token = await redeem(waf, answer.searchParams.get('code') ?? '');
    expect(token.status).toBe(200);
    const { access_token: jwt } = (await token.json()) as { access_token: string };
    expect(waf.ring.verify(jwt, waf.now().unixMs / 1000)).toMatchObject({
      impi: 'alice@ims.example',
      client_id: 'wwsf',
    });
  });

  it('has a page without script that no page may frame, whose form leads here and to the client alone', async () => {
    const response = await authorize(createWaf(), REQUEST);
    const policy = response.headers.get('Content-Security-Policy');
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self' https:\/\/app\.example; frame-ancestors 'none'$/,
    );
    expect(response.headers.get('Set-Cookie')).toMatch(
      /^__Host-epcscf-turn-login=[\w-]{22};.*HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.text()).toContain('name="viewport"');
  });

  it('that is cancelled tells the client so', async () => {
    const waf = createWaf();
    const answer = locationOf(await submit(waf, await open(waf), { action: 'cancel', password: '' }));
    expect(answer.searchParams.get('error')).toBe('access_denied');
  });

  it.each([
    ['a wrong password', { password: 'x' }],
    ['no password', { password: '' }],
    ['a name that nobody has', { user: '__proto__' }],
  ])('with %s shows the page again', async (_, fields) => {
    const waf = createWaf();
    const response = await submit(waf, await open(waf), fields);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('The user name or the password is wrong.');
    expect(waf.reports).toEqual(['192.0.2.1 wrong-password']);
  });

  it('after five wrong passwords has to wait, though the sixth is right', async () => {
    const waf = createWaf();
    const page = await open(waf);
    for (let i = 0; i < 5; i += 1) await submit(waf, page, { password: 'x' });
    expect((await submit(waf, page)).status).toBe(429);
    waf.pass(31);
    expect((await submit(waf, page)).status).toBe(303);
  });

  it('writes what came as text, never as HTML', async () => {
    const waf = createWaf();
    const name = '"><script>alert(1)</script>';
    const again = await submit(waf, await open(waf, { ...REQUEST, state: name }), { user: name, password: 'x' });
    expect(await again.text()).not.toContain('<script');
  });
});

describe('a form from elsewhere', () => {
  it.each([
    ['without the cookie', { cookie: '' }, {}],
    ['with a cookie of its own', { cookie: `__Host-epcscf-turn-login=${'x'.repeat(22)}` }, {}],
    ['without a seal', {}, { seal: '' }],
    ['with the seal of another', {}, { seal: 'A'.repeat(43) }],
  ])('%s logs nobody in', async (_, page, fields) => {
    const waf = createWaf();
    const response = await submit(waf, { ...(await open(waf)), ...page }, fields);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('belongs to another browser');
    expect(response.headers.get('Location')).toBeNull();
  });

  it('which the browser says comes from another site logs nobody in', async () => {
    const waf = createWaf();
    const { cookie, fields } = await open(waf);
    const headers = { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' };
    const form = { ...fields, user: 'alice', password: 'her-word' };
    expect((await waf.post('/oauth/login', form, headers)).status).toBe(200);
  });

  it('can be one of two pages of a browser', async () => {
    const waf = createWaf();
    const first = await open(waf);
    const init = { headers: { Cookie: first.cookie } };
    const second = await waf.request(`/oauth/authorize?${new URLSearchParams(REQUEST).toString()}`, init);
    expect(second.headers.get('Set-Cookie')).toBeNull();
    expect((await submit(waf, { ...(await pageOf(second)), cookie: first.cookie })).status).toBe(303);
    expect((await submit(waf, first)).status).toBe(303);
  });

  it('cannot have what was asked for changed into an open redirection', async () => {
    const waf = createWaf();
    const request = new URLSearchParams({ ...REQUEST, redirect_uri: 'https://evil.example/' }).toString();
    const response = await submit(waf, await open(waf), { request });
    expect([response.status, response.headers.get('Location')]).toEqual([400, null]);
  });
});

describe('an authorization request', () => {
  it.each([
    ['of nobody', { client_id: 'nobody' }],
    ['of what every object has', { client_id: 'constructor' }],
    ['to a place that is not listed', { redirect_uri: 'https://evil.example/' }],
    ['to a place that begins as a listed one', { redirect_uri: `${CALLBACK}.evil.example` }],
    ['to a listed place in capitals', { redirect_uri: CALLBACK.toUpperCase() }],
    ['to a listed place with a path that steps back', { redirect_uri: 'https://app.example/x/../back?from=waf' }],
    ['to no place', { redirect_uri: '' }],
    ['to a script', { redirect_uri: 'javascript:alert(1)' }],
    ['with a state that breaks a line', { state: 'a\r\nSet-Cookie: b=c' }],
  ])('%s leads nowhere', async (_, form) => {
    const response = await authorize(createWaf(), { ...REQUEST, ...form });
    expect([response.status, response.headers.get('Location')]).toEqual([400, null]);
    expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  });

  it.each([
    ['without a kind', { response_type: '' }, 'invalid_request'],
    ['of another kind', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['for a token where that is off', { response_type: 'token' }, 'unsupported_response_type'],
    ['without PKCE', { code_challenge: '' }, 'invalid_request'],
    ['with a challenge that is not hashed', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['with a challenge and no method, which means plain', { code_challenge_method: '' }, 'invalid_request'],
    ['with a challenge of another length', { code_challenge: 'short' }, 'invalid_request'],
    ['for an answer by another way', { response_mode: 'form_post' }, 'invalid_request'],
    ['for another scope', { scope: 'openid' }, 'invalid_scope'],
  ])('%s is told the client', async (_, form, error) => {
    const response = await authorize(createWaf(), { ...REQUEST, ...form });
    const answer = new URL((response.headers.get('Location') ?? '').replace('#', '&'));
    expect([answer.searchParams.get('error'), answer.searchParams.get('state')]).toEqual([error, REQUEST.state]);
  });

  it('with a parameter twice, or of too many characters, leads nowhere', async () => {
    const query = new URLSearchParams(REQUEST).toString();
    for (const more of ['&state=2', `&x=${'y'.repeat(20_000)}`]) {
      expect((await createWaf().request(`/oauth/authorize?${query}${more}`)).status).toBe(400);
    }
  });
});

describe('a code', () => {
  it('is good once, and shown again it takes back what came of it', async () => {
    const waf = createWaf();
    const code = await codeOf(waf);
    const { access_token: token } = (await (await redeem(waf, code)).json()) as { access_token: string };
    const isActive = async (): Promise<unknown> => {
      const answer = await waf.post('/oauth/introspect', { token }, basic('edge', SECRET));
      return ((await answer.json()) as { active: unknown }).active;
    };
    expect(await isActive()).toBe(true);
    expect((await redeem(waf, code)).status).toBe(400);
    expect(await isActive()).toBe(false);
  });

  it.each([
    ['with another verifier', { code_verifier: 'w'.repeat(43) }],
    ['without a verifier', { code_verifier: '' }],
    ['with the challenge as verifier', { code_verifier: CHALLENGE }],
    ['for another place', { redirect_uri: 'https://app.example/' }],
    ['for no place', { redirect_uri: '' }],
  ])('%s is refused, and used up', async (_, more) => {
    const waf = createWaf();
    const code = await codeOf(waf);
    expect(((await (await redeem(waf, code, more)).json()) as { error: string }).error).toBe('invalid_grant');
    expect((await redeem(waf, code)).status).toBe(400);
  });

  it('is not good for another client, or after a minute', async () => {
    const waf = createWaf();
    const form = { ...EXCHANGE, code: await codeOf(waf), client_id: 'phone' };
    expect((await waf.post('/oauth/token', form)).status).toBe(400);
    const late = await codeOf(waf);
    waf.pass(60);
    expect((await redeem(waf, late)).status).toBe(400);
  });

  it('of a program without a secret is exchanged with PKCE alone, over the scheme of the program', async () => {
    const waf = createWaf();
    const place = { client_id: 'phone', redirect_uri: 'com.example.phone:/back' };
    const response = await authorize(waf, { ...REQUEST, ...place });
    expect(response.headers.get('Content-Security-Policy')).toContain("form-action 'self' com.example.phone:;");
    const code = locationOf(await submit(waf, await pageOf(response))).searchParams.get('code') ?? '';
    expect((await waf.post('/oauth/token', { ...EXCHANGE, ...place, code })).status).toBe(200);
  });
});

describe('the implicit flow', () => {
  it('where it is on, hands out the token of figure 6.3.2.2-1 in the fragment', async () => {
    const waf = createWaf({ allowsImplicit: true });
    const page = await open(waf, { ...IMPLICIT, aud: 'turn.example' });
    const { hash, search } = locationOf(await submit(waf, page));
    const fields = Object.fromEntries(new URLSearchParams(hash.slice(1)));
    expect(fields).toMatchObject({ token_type: 'pop', kid: 'north', aud: 'turn.example', state: 's', iss: ISSUER });
    expect(search).toBe('?from=waf');
    const registration = locationOf(await submit(waf, await open(waf, { ...IMPLICIT, scope: 'sip' })));
    expect(new URLSearchParams(registration.hash.slice(1)).get('token_type')).toBe('Bearer');
  });

  it('is not for clients that may not have it, and knows one TURN server', async () => {
    const waf = createWaf({ allowsImplicit: true });
    const phone = { ...IMPLICIT, client_id: 'phone', redirect_uri: 'com.example.phone:/back' };
    expect((await authorize(waf, phone)).headers.get('Location')).toContain('#error=unauthorized_client');
    const elsewhere = await submit(waf, await open(waf, { ...IMPLICIT, aud: 'elsewhere.example' }));
    expect(elsewhere.headers.get('Location')).toContain('#error=invalid_target');
  });
});

describe('what observers hear of the authorization endpoint', () => {
  it('is each step of figure 6.3.2.2-1, by no secret of it', async () => {
    const waf = createWaf({ allowsImplicit: true });
    const heard = observe(waf.events);
    const { hash } = locationOf(await submit(waf, await open(waf, IMPLICIT)));
    expect(heard.lines).toEqual([
      'wic > waf authorization',
      'waf > wic authorization 200',
      'wic > waf login',
      'signed-in',
      'token-issued',
      'waf > wic login 303',
    ]);
    expect(new Set(heard.told.flatMap(({ exchange }) => exchange ?? [])).size).toBe(1);
    expect(heard.told.at(-1)).toMatchObject({ grant: 'implicit', scope: 'turn', impi: 'alice@ims.example' });
    expect(heard.told[4]).toMatchObject({ client: 'wwsf', scope: 'turn', impi: 'alice@ims.example', name: 'u' });
    const fragment = new URLSearchParams(hash.slice(1));
    for (const secret of ['access_token', 'key']) expect(heard.text()).not.toContain(fragment.get(secret));
    expect(heard.text()).not.toContain('her-word');
  });

  it('is why nobody got a token', async () => {
    const waf = createWaf({ allowsImplicit: true });
    const heard = observe(waf.events);
    const page = await open(waf, IMPLICIT);
    await submit(waf, page, { password: 'x' });
    await submit(waf, page, { action: 'cancel' });
    expect(heard.lines.slice(2)).toEqual([
      'wic > waf login',
      'sign-in-refused wrong-password',
      'waf > wic login 401',
      'wic > waf login',
      'token-refused access_denied',
      'waf > wic login 303',
    ]);
  });
});
