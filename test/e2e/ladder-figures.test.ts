import { type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Arrow } from '../../src/demo-page/ladder/arrow.ts';
import { type FigureName, figureOf, matchesFigure } from '../../src/demo-page/ladder/figure.ts';
import { peer } from '../peers/peers.ts';
import { redisServer, startRedis } from '../peers/redis.ts';
import { freePort } from '../support/free-port.ts';
import { axeFaults } from './axe.ts';
import { call, register, type PhonePane } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

const chromium = peer('chromium');
const TIMEOUT_MS = 30_000;
const WIDTHS = [390, 768, 1280, 1920] as const;

type Row = Pick<Arrow, 'from' | 'to' | 'label'> & { readonly user?: string; readonly text: string };

/** As text, since the types of the DOM are not those of this program. */
const READ_ROWS = `[...document.querySelectorAll('[data-testid=ladder] li')].map((item) => {
  return { ...item.dataset, text: item.textContent };
})`;
/** Words of a row that lie over those of the next, and rows whose words leave the ladder. */
const OVERLAPS = `(() => {
  const list = document.querySelector('.ladder-list').getBoundingClientRect();
  const boxes = [...document.querySelectorAll('.ladder-caption')].map((caption) => caption.getBoundingClientRect());
  return boxes.flatMap((box, at) => {
    const next = boxes[at + 1];
    const isOver = next && box.bottom > next.top + 1 && box.right > next.left + 1 && next.right > box.left + 1;
    const isOut = box.left < list.left - 1 || box.right > list.right + 1;
    return isOver || isOut ? [at] : [];
  });
})()`;

const rowsOf = (page: Page) => page.evaluate<readonly Row[]>(READ_ROWS);

/** `wic edge REGISTER` of what concerns that user, from a first one on. */
async function waysOf(page: Page, user: string, first: string): Promise<readonly string[]> {
  const ways = (await rowsOf(page))
    .filter((row) => row.user === user)
    .map(({ from, to, label }) => `${from} ${to} ${label}`);
  return ways.slice(ways.lastIndexOf(first));
}

async function follows(page: Page, name: FigureName, user: string): Promise<boolean> {
  const drawn = (await rowsOf(page)).map((row) => ({ ...row, title: row.text }));
  return matchesFigure(figureOf(name), drawn, user).matches;
}

const heads = async (page: Page) =>
  (await page.locator('.ladder-party').allInnerTexts()).map((head) => head.split('\n')[0]);
const summary = (page: Page) => page.getByTestId('ladder-summary').innerText();

/** Allocating by a token: of the lab in place of the browser. */
const BY_TOKEN = [
  'wic turn Allocate',
  'turn wic 401 Allocate',
  'wic turn Allocate',
  'turn turn allocation-created',
  'turn wic Allocate success',
];

describe.skipIf(!chromium)('the ladder of a lab with a web server', { timeout: 4 * TIMEOUT_MS }, () => {
  let demo: ServedPage;
  let first: PhonePane;
  let second: PhonePane;

  beforeAll(async () => {
    const port = await freePort();
    const clients = [
      { id: 'wwsf', secret: 'of-no-use-outside-of-this-process', namesUsers: true, pool: ['guest{1-8}'] },
      {
        id: 'page',
        grants: ['implicit'],
        scopes: ['turn'],
        redirectUris: [`https://localhost:${port}/wwsf/done`],
      },
    ];
    demo = await servePage({
      settings: [`edge.listen.port=${port}`, `oauth.clients=${JSON.stringify(clients)}`],
      flags: ['--config', 'config/web-sign-in.yaml', '--lab-control'],
    });
    ({ pane: first, second } = demo);
    await demo.page.locator('#add-pane').click();
  });

  afterAll(() => demo[Symbol.asyncDispose]());

  async function logIn(press: () => Promise<void>): Promise<void> {
    const popup = demo.page.waitForEvent('popup');
    await press();
    const login = await popup;
    const alice = demo.server.ready.users.find(({ name }) => name === 'alice')!;
    await login.getByLabel('User name').fill(alice.name);
    await login.getByLabel('Password').fill(alice.password);
    await login.getByRole('button', { name: 'Log in' }).click();
  }

  it('draws a login at the web server, and a registration by the token of it', async () => {
    await first.part('sign-in').selectOption('web');
    await logIn(() => first.part('register').click());
    await first.registration('registered');
    await expect
      .poll(() => waysOf(demo.page, 'alice', 'wic wwsf login'), { timeout: TIMEOUT_MS })
      .toEqual([
        'wic wwsf login',
        'wwsf wwsf signed-in',
        'wwsf wic 303 login',
        'wic wwsf registration-token',
        'wwsf waf token',
        'waf waf token-issued',
        'waf wwsf 200 token',
        'wwsf wic 200 registration-token',
        'wic edge WebSocket',
        'wic edge REGISTER',
        'edge core REGISTER',
        'core edge 200 REGISTER',
        'edge edge credential-issued',
        'edge wic 200 REGISTER',
      ]);
    expect(await heads(demo.page)).toEqual(['alice', 'WWSF', 'WAF', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
  });

  it('follows figure X.5.3.2-1: an access token that the web server gets', async () => {
    await first.part('token-of-web-server').click();
    await expect.poll(() => first.part('token-status').innerText()).toMatch(/took the token/);
    await expect.poll(() => follows(demo.page, 'X.5.3.2-1', 'alice'), { timeout: TIMEOUT_MS }).toBe(true);
    expect((await waysOf(demo.page, 'alice', 'wic wwsf turn-credentials')).slice(0, 10)).toEqual([
      'wic wwsf turn-credentials',
      'wwsf waf token',
      'waf waf token-issued',
      'waf wwsf 200 token',
      'wwsf wic 200 turn-credentials',
      ...BY_TOKEN,
    ]);
    await expect.poll(() => summary(demo.page)).toContain('alice: all 8 steps of figure X.5.3.2-1.');
  });

  it('follows figure 6.3.2.2-1: an access token by a login at the authorization server', async () => {
    await logIn(() => first.part('token-by-login').click());
    await expect.poll(() => follows(demo.page, '6.3.2.2-1', 'alice'), { timeout: TIMEOUT_MS }).toBe(true);
    expect((await waysOf(demo.page, 'alice', 'wic waf authorization')).slice(0, 11)).toEqual([
      'wic waf authorization',
      'waf wic 200 authorization',
      'wic waf login',
      'waf waf signed-in',
      'waf waf token-issued',
      'waf wic 303 login',
      ...BY_TOKEN,
    ]);
    expect(await first.part('token-status').innerText()).toMatch(/took the token/);
  });

  it('draws an access token of the edge (TURN-Cred-Req: oauth), which leaves the credential of the page alone', async () => {
    const before = await first.part('credential-username').innerText();
    await first.part('token-of-edge').click();
    await expect
      .poll(() => waysOf(demo.page, 'alice', 'wic edge OPTIONS'), { timeout: TIMEOUT_MS })
      .toContain(BY_TOKEN[4]);
    expect((await waysOf(demo.page, 'alice', 'wic edge OPTIONS')).slice(0, 8)).toEqual([
      'wic edge OPTIONS',
      'edge edge credential-issued',
      'edge wic 200 OPTIONS',
      ...BY_TOKEN,
    ]);
    const texts = (await rowsOf(demo.page)).map(({ text }) => text);
    expect(texts.some((text) => text.endsWith('OPTIONS with Authorization: Bearer and TURN-Cred-Req: oauth'))).toBe(
      true,
    );
    expect(await first.part('credential-username').innerText()).toBe(before);
  });

  it('says the step and the figure in a message, and shows no token, key or password', async () => {
    const row = demo.page.locator('[data-testid=ladder] li[data-user=alice][data-label="200 turn-credentials"] button');
    await row.first().click();
    const dialog = demo.page.getByTestId('ladder-message');
    expect(await dialog.innerText()).toMatch(/Figure X\.5\.3\.2-1, step 6: /);
    await demo.page.keyboard.press('Escape');
    const get = (path: string) => demo.page.evaluate<string>(`fetch('${path}').then((answer) => answer.text())`);
    const { access_token: token, key } = JSON.parse(await get('/turn-credentials?form=token')) as Record<
      string,
      string
    >;
    const told = await get('/lab/events?limit=10000');
    expect(told).toContain('"token-issued"');
    const cookies = (await demo.page.context().cookies()).map(({ value }) => value);
    const passwords = demo.server.ready.users.map(({ password }) => password);
    for (const secret of [token, key, ...cookies, ...passwords]) expect(told).not.toContain(secret);
  });

  it('follows figure 6.3.3-1 in a call between a web login and an IMS password, and fits every window', async () => {
    await second.part('sign-in').selectOption('password');
    await register(second, 'bob');
    await first.part('callee-choice').selectOption('bob');
    await call(first, second);
    for (const user of ['alice', 'bob']) {
      await expect.poll(() => follows(demo.page, '6.3.3-1', user), { timeout: TIMEOUT_MS }).toBe(true);
    }
    for (const width of WIDTHS) {
      await demo.page.setViewportSize({ width, height: 900 });
      expect(await demo.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await expect.poll(() => demo.page.evaluate(OVERLAPS)).toEqual([]);
    }
    expect(await axeFaults(demo.page)).toEqual([]);
  });

  it('draws that a user signs out', async () => {
    await first.part('hang-up').click();
    await first.call('idle');
    await first.part('sign-out').click();
    await expect
      .poll(() => waysOf(demo.page, 'alice', 'wic wwsf logout'), { timeout: TIMEOUT_MS })
      .toEqual(expect.arrayContaining(['wwsf wwsf signed-out', 'wwsf wic 204 logout']));
  });

  it('shows no error in the console', () => {
    expect(demo.errors).toEqual([]);
  });
});

describe.skipIf(!chromium)('the ladder of approach 2', { timeout: 4 * TIMEOUT_MS }, () => {
  const REGISTERED = [
    'wic edge WebSocket',
    'wic edge REGISTER',
    'edge core REGISTER',
    'core edge 401 REGISTER',
    'edge wic 401 REGISTER',
    'wic edge REGISTER',
    'edge core REGISTER',
    'core edge 200 REGISTER',
    'edge edge credential-made',
  ];

  const serve = (...settings: readonly string[]) =>
    servePage({ settings: ['credentials.approach=delivered', ...settings], flags: ['--lab-control'] });

  it('follows figure 6.3.3-2 in a call over relays, with the memory of the process as the store', async () => {
    await using demo = await serve();
    const { page, pane: alice, second: bob } = demo;
    await page.locator('#add-pane').click();
    await register(alice, 'alice');
    await register(bob, 'bob');
    await expect
      .poll(() => waysOf(page, 'alice', 'wic edge WebSocket'), { timeout: TIMEOUT_MS })
      .toEqual([...REGISTERED, 'edge store credential-delivered', 'edge wic 200 REGISTER']);
    expect(await heads(page)).toEqual(['alice', 'bob', 'eP-CSCF', 'I/S-CSCF', 'store', 'TURN server']);
    await call(alice, bob);
    for (const user of ['alice', 'bob']) {
      await expect.poll(() => follows(page, '6.3.3-2', user), { timeout: TIMEOUT_MS }).toBe(true);
    }
    await expect.poll(() => summary(page)).toContain('alice: all 6 steps of figure 6.3.3-2.');
    const texts = (await rowsOf(page)).map(({ text }) => text);
    expect(texts.some((text) => /\bKm\b/.test(text))).toBe(false);
    expect(demo.errors).toEqual([]);
  });

  it.skipIf(!redisServer)('draws that a Redis which is gone does not take the credential', async () => {
    const store = await startRedis();
    await using demo = await serve(`redis.servers=[${store.url}]`);
    const { page, pane: alice } = demo;
    await register(alice, 'alice');
    await expect
      .poll(() => waysOf(page, 'alice', 'wic edge WebSocket'), { timeout: TIMEOUT_MS })
      .toContain('edge store credential-delivered');
    await store[Symbol.asyncDispose]();
    await alice.part('refresh').click();
    const failed = page.locator('[data-testid=ladder] li[data-to=store][data-look=failure]').first();
    await failed.waitFor({ timeout: TIMEOUT_MS });
    expect(await failed.innerText()).toContain('Not delivered: unavailable');
  });
});
