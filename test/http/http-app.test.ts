import { type Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../src/http/http-app.ts';
import { Secret } from '../../src/base/secret.ts';

const PAGE = new Map([
  ['/', { body: Uint8Array.from(Buffer.from('<!doctype html>')), type: 'text/html; charset=utf-8' }],
  ['/page.js', { body: Uint8Array.from(Buffer.from('0')), type: 'text/javascript; charset=utf-8' }],
]);

function app(options: Partial<HttpAppOptions> = {}) {
  return createHttpApp({
    domain: 'lab.example',
    webSocketPath: '/sip',
    approach: 'shared-key',
    page: PAGE,
    offeredUsers: new Map([['alice', new Secret('her-password')]]),
    isReady: () => true,
    isCoreThere: () => true,
    reportError: () => undefined,
    ...options,
  });
}

const local = { Host: 'localhost:8443' };

describe('the HTTP side of the edge', () => {
  it.each(['/', '/page.js', '/setup.json', '/healthz', '/missing'])(
    'bounds what a browser may do with %s',
    async (path) => {
      const { headers } = await app().request(path, { headers: local });
      expect(headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; " +
          "connect-src 'self' wss://localhost:8443; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Permissions-Policy')).toContain('camera=(self), microphone=(self), geolocation=()');
    },
  );

  it.each(['localhost:8443; script-src *', 'a b', ''])(
    'puts no foreign text of Host (%j) into the policy',
    async (host) => {
      const { headers } = await app().request('/', { headers: { Host: host } });
      expect(headers.get('Content-Security-Policy')).toContain("connect-src 'self'; base-uri");
    },
  );

  it('leaves a part of the server its own policy, as for a form', async () => {
    const policy = "default-src 'none'; form-action 'self'";
    const withForm = app({
      mountRoutes: (routes) => {
        routes.get('/form', (context) => context.html('<form>', 200, { 'Content-Security-Policy': policy }));
      },
    });
    expect((await withForm.request('/form')).headers.get('Content-Security-Policy')).toBe(policy);
  });

  it('serves the files of the page and no others', async () => {
    const page = await app().request('/', { headers: local });
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toBe('<!doctype html>');
    for (const path of ['/index.html', '/../package.json', '/%2e%2e/package.json', '/page.js/', '//']) {
      expect((await app().request(path)).status, path).toBe(404);
    }
  });

  it('has neither page nor setup when the page is off', async () => {
    const off = app({ page: undefined });
    expect((await off.request('/')).status).toBe(404);
    expect((await off.request('/setup.json', { headers: local })).status).toBe(404);
    expect((await off.request('/healthz')).status).toBe(200);
  });

  it('says whether it is ready', async () => {
    expect((await app().request('/healthz')).status).toBe(200);
    expect((await app({ isReady: () => false }).request('/healthz')).status).toBe(503);
    expect((await app({ isReady: () => false }).request('/readyz')).status).toBe(503);
  });

  it('is alive, and not ready, while the core is out', async () => {
    const alone = app({ isCoreThere: () => false });
    const [health, readiness] = [await alone.request('/healthz'), await alone.request('/readyz')];
    expect([health.status, readiness.status, await readiness.text()]).toEqual([200, 503, 'no core\n']);
    expect((await app().request('/readyz')).status).toBe(200);
  });
});

describe('the lab users', () => {
  const setup = async (headers: Record<string, string>, options: Partial<HttpAppOptions> = {}) => {
    const response = await app(options).request('/setup.json', { headers });
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
    return await response.json();
  };
  const withUsers = {
    domain: 'lab.example',
    path: '/sip',
    approach: 'shared-key',
    users: [{ name: 'alice', password: 'her-password' }],
  };
  const withoutUsers = { domain: 'lab.example', path: '/sip', approach: 'shared-key' };

  it.each([
    { Host: 'localhost:8443' },
    { Host: '127.0.0.1:8443', 'Sec-Fetch-Site': 'same-origin' },
    { Host: '[::1]:8443', 'Sec-Fetch-Site': 'none' },
  ])('are told to the page on this machine (%o)', async (headers) => {
    expect(await setup(headers)).toEqual(withUsers);
  });

  it.each([
    { Host: 'rebound.example:8443' },
    { Host: 'localhost.evil.example' },
    { Host: '' },
    { Host: 'localhost:8443', 'Sec-Fetch-Site': 'cross-site' },
    { Host: 'localhost:8443', 'Sec-Fetch-Site': 'same-site' },
    { Host: 'localhost:8443', 'X-Forwarded-For': '192.0.2.1' },
    { Host: 'localhost:8443', 'X-Real-IP': '192.0.2.1' },
    { Host: 'localhost:8443', Forwarded: 'for=192.0.2.1' },
    { Host: 'localhost:8443', Via: '1.1 proxy' },
    { Host: 'localhost:8443', 'X-Forwarded-Host': 'lab.example' },
    { Host: 'localhost:8443', 'X-Forwarded-Proto': 'https' },
    { Host: 'localhost:8443', 'X-Forwarded-Anything': '' },
    { Host: 'localhost:8443', 'X-Real-Port': '40000' },
    { Host: 'localhost:8443', 'X-Original-URL': '/setup.json' },
    { Host: 'localhost:8443', 'X-Client-IP': '192.0.2.1' },
    { Host: 'localhost:8443', 'True-Client-IP': '192.0.2.1' },
    { Host: 'localhost:8443', 'X-Cluster-Client-IP': '192.0.2.1' },
    { Host: 'localhost:8443', 'CF-Connecting-IP': '192.0.2.1' },
    { Host: 'localhost:8443', 'CF-Ray': '1' },
    { Host: 'localhost:8443', 'CDN-Loop': 'cdn.example' },
    { Host: 'localhost:8443', Origin: 'https://evil.example' },
    { Host: 'localhost:8443', Origin: 'null' },
  ])('are not told to others (%o)', async (headers) => {
    expect(await setup(headers)).toEqual(withoutUsers);
  });

  it('are told, where lab control asks for a token, to whoever shows it and to the page', async () => {
    const controlToken = new Secret('a-token-of-24-characters');
    const told = (headers: Record<string, string>) => setup({ ...local, ...headers }, { controlToken });
    expect(await told({})).toEqual(withoutUsers);
    expect(await told({ Authorization: 'Bearer another' })).toEqual(withoutUsers);
    expect(await told({ 'Sec-Fetch-Site': 'same-origin', Via: '1.1 proxy' })).toEqual(withoutUsers);
    expect(await told({ Authorization: `Bearer ${controlToken.revealText()}` })).toEqual(withUsers);
    expect(await told({ 'Sec-Fetch-Site': 'same-origin' })).toEqual(withUsers);
  });

  it('are not told when they are no lab users', async () => {
    expect(await setup(local, { offeredUsers: new Map() })).toEqual(withoutUsers);
  });

  it('reports an error that a route threw, and tells the client nothing of it', async () => {
    const reported: unknown[] = [];
    const broken = new Error('a secret of the server');
    const reportError = (error: unknown) => reported.push(error);
    const mountRoutes = (to: Hono) => {
      to.get('/broken', () => {
        throw broken;
      });
    };
    const answer = await app({ reportError, mountRoutes }).request('/broken', { headers: local });
    expect([answer.status, await answer.text()]).toEqual([500, 'server error\n']);
    expect(reported).toEqual([broken]);
  });
});
