import axe from 'axe-core';
import { type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Arrow } from '../../src/demo-page/ladder/arrow.ts';
import { figureOf, matchesFigure } from '../../src/demo-page/ladder/figure.ts';
import { startLab } from '../../src/lab/start-lab.ts';
import { startControlledLab, type ControlledLab } from '../lab/control/support/controlled-lab.ts';
import { peer } from '../peers/peers.ts';
import { call, launchBrowser, openDemoPage, phonePane, register, type DemoPage, type PhonePane } from './browser.ts';

const chromium = peer('chromium');
const TIMEOUT_MS = 30_000;

type Row = Pick<Arrow, 'from' | 'to' | 'label' | 'look'> & { readonly user?: string; readonly text: string };

const ladder = (page: Page) => page.getByTestId('ladder');
const dialog = (page: Page) => page.getByTestId('ladder-message');

/** As text, since the types of the DOM are not those of this program. */
const READ_ROWS = `[...document.querySelectorAll('[data-testid=ladder] li')].map((item) => {
  return { ...item.dataset, text: item.textContent };
})`;
const IS_AT_END = `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 40)(
  document.querySelector('.ladder-scroll')
)`;

async function rows(page: Page): Promise<readonly Row[]> {
  return page.evaluate<Row[]>(READ_ROWS);
}

/** `wic edge REGISTER` of what concerns that user. */
async function waysOf(page: Page, user: string): Promise<readonly string[]> {
  return (await rows(page)).filter((row) => row.user === user).map(({ from, to, label }) => `${from} ${to} ${label}`);
}

async function stepOf(page: Page, user: string): Promise<number> {
  const drawn = (await rows(page)).map((row) => ({ ...row, title: row.text }));
  return matchesFigure(figureOf('6.3.3-1'), drawn, user).step;
}

const REGISTRATION = [
  'wic edge WebSocket',
  'wic edge REGISTER',
  'edge core REGISTER',
  'core edge 401 REGISTER',
  'edge wic 401 REGISTER',
  'wic edge REGISTER',
  'edge core REGISTER',
  'core edge 200 REGISTER',
  'edge edge credential-issued',
  'edge wic 200 REGISTER',
];

describe.skipIf(!chromium)('the ladder of the page', { timeout: 4 * TIMEOUT_MS }, () => {
  let lab: ControlledLab;
  let browser: Browser;
  let demo: DemoPage;
  let alice: PhonePane;
  let bob: PhonePane;

  beforeAll(async () => {
    lab = await startControlledLab();
    browser = await launchBrowser(chromium ?? '');
    demo = await openDemoPage(browser, lab.lab.page);
    alice = demo.pane;
    await demo.page.locator('#add-pane').click();
    bob = phonePane(demo.page, 2);
  });

  afterAll(async () => {
    await browser.close();
    await lab[Symbol.asyncDispose]();
  });

  /** What one test left open must not be in the way of the next. */
  afterEach(async () => {
    if (await dialog(demo.page).isVisible()) await demo.page.keyboard.press('Escape');
  });

  it('draws a registration as the figure does, and who is registered has a column', async () => {
    await register(alice, 'alice');
    await expect.poll(() => waysOf(demo.page, 'alice'), { timeout: TIMEOUT_MS }).toEqual(REGISTRATION);
    await register(bob, 'bob');
    await expect.poll(() => waysOf(demo.page, 'bob'), { timeout: TIMEOUT_MS }).toEqual(REGISTRATION);
    const heads = await demo.page.locator('.ladder-party').allInnerTexts();
    expect(heads.map((head) => head.split('\n')[0])).toEqual(['alice', 'bob', 'eP-CSCF', 'I/S-CSCF', 'TURN server']);
    expect(await stepOf(demo.page, 'alice')).toBe(8);
  });

  it('grows in the order of the figure while the two call each other over relays', async () => {
    for (const pane of [alice, bob]) await pane.part('policy').selectOption('relay');
    await call(alice, bob);
    for (const user of ['alice', 'bob']) {
      await expect.poll(() => stepOf(demo.page, user), { timeout: TIMEOUT_MS }).toBe(11);
      await expect.poll(() => waysOf(demo.page, user), { timeout: TIMEOUT_MS }).toContain('wic turn media over relay');
    }
    const texts = (await rows(demo.page)).map(({ text }) => text);
    expect(texts[0]).toMatch(/^1\. eP-CSCF and TURN server: Km/);
    expect(texts.slice(1).every((text, i) => i === 0 || numberOf(text) > numberOf(texts[i]!))).toBe(true);
    const summary = demo.page.getByTestId('ladder-summary');
    await expect
      .poll(() => summary.innerText(), { timeout: TIMEOUT_MS })
      .toContain('alice: all 11 steps of figure 6.3.3-1.');
  });

  it('stays at its end while it grows, and where it is once somebody has scrolled up', async () => {
    const { page } = demo;
    const scroll = page.locator('.ladder-scroll');
    expect(await page.evaluate(IS_AT_END)).toBe(true);
    await scroll.hover();
    await page.mouse.wheel(0, -400);
    await expect.poll(() => page.evaluate(IS_AT_END)).toBe(false);
    const before = (await rows(page)).length;
    await bob.part('refresh').click();
    await expect.poll(async () => (await rows(page)).length, { timeout: TIMEOUT_MS }).toBeGreaterThan(before);
    expect(await page.evaluate(IS_AT_END)).toBe(false);
    await scroll.hover();
    await page.mouse.wheel(0, 100_000);
    await expect.poll(() => page.evaluate(IS_AT_END)).toBe(true);
    const then = (await rows(page)).length;
    await bob.part('refresh').click();
    await expect.poll(async () => (await rows(page)).length, { timeout: TIMEOUT_MS }).toBeGreaterThan(then);
    await expect.poll(() => page.evaluate(IS_AT_END)).toBe(true);
  });

  it('opens a message by keyboard, marks the credential in it, and gives the focus back', async () => {
    const { page } = demo;
    const row = ladder(page).locator('li[data-user=alice][data-label="200 REGISTER"][data-to=wic] button').first();
    await row.focus();
    await page.keyboard.press('Enter');
    expect(await dialog(page).innerText()).toMatch(/Figure 6\.3\.3-1, step 8: /);
    const marks = await dialog(page).locator('mark').allInnerTexts();
    expect(marks.some((text) => text.startsWith('TURN-Cred-Rsp:'))).toBe(true);
    expect(marks.some((text) => text.startsWith('TURN-Username:'))).toBe(true);
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    expect(await page.locator(':focus').textContent()).toBe(await row.textContent());
  });

  it('marks the relay candidate of an INVITE and what authenticates an Allocate', async () => {
    const { page } = demo;
    const marksOf = async (label: string, text: RegExp): Promise<readonly string[]> => {
      const row = ladder(page)
        .locator(`li[data-user=alice][data-from=wic][data-label="${label}"]`)
        .filter({ hasText: text });
      await row.first().locator('button').click();
      const marks = await dialog(page).locator('mark').allInnerTexts();
      await dialog(page).getByRole('button', { name: 'Close' }).click();
      return marks;
    };
    expect(await marksOf('INVITE', /relay candidate/)).toContainEqual(
      expect.stringMatching(/^a=candidate:.* typ relay/),
    );
    const names = (await marksOf('Allocate', /with USERNAME/)).map((line) => line.split(':')[0]);
    expect(names).toEqual(expect.arrayContaining(['USERNAME', 'REALM', 'NONCE', 'MESSAGE-INTEGRITY']));
  });

  it('says on a 401 why the TURN server gave it, and what a fault did', async () => {
    const { page } = demo;
    await alice.part('hang-up').click();
    await alice.call('idle');
    const fault = lab.lab.faults.add({ kind: 'clock-skew', of: 'turn', seconds: 100_000, user: 'alice' });
    await alice.part('dial').click();
    const refused = ladder(page).locator('li[data-look=failure][data-label="401 Allocate"]').first();
    await refused.waitFor({ timeout: TIMEOUT_MS });
    expect(await refused.innerText()).toContain('(expired)');
    await refused.locator('button').click();
    expect(await dialog(page).innerText()).toMatch(/step 10: .*does not accept[^]*has passed/);
    await page.keyboard.press('Escape');
    await ladder(page).locator('li[data-look=fault]').first().waitFor({ timeout: TIMEOUT_MS });
    fault.clear();
  });

  it('can be paused and cleared, and shows the routine on demand', async () => {
    const { page } = demo;
    const section = page.locator('#ladder');
    const filter = section.getByRole('checkbox');
    expect(await waysOf(page, 'alice')).not.toContain('edge wic 100 INVITE');
    await filter.uncheck();
    expect(await waysOf(page, 'alice')).toContain('edge wic 100 INVITE');
    await filter.check();
    await section.getByRole('button', { name: 'Clear' }).click();
    expect(await rows(page)).toHaveLength(1);
    const pause = section.getByRole('button', { name: 'Pause' });
    await pause.click();
    await bob.part('refresh').click();
    await lab.lab.waitFor('credential-issued', ({ user, via }) => user === 'bob' && via === 'OPTIONS');
    await expect.poll(() => page.getByTestId('ladder-summary').innerText()).toMatch(/drawing paused/);
    expect(await waysOf(page, 'bob')).not.toContain('edge wic 200 OPTIONS');
    await pause.click();
    await expect.poll(() => waysOf(page, 'bob'), { timeout: TIMEOUT_MS }).toContain('edge wic 200 OPTIONS');
  });

  it('has no fault that axe knows, and no sideways scroll on a phone, light and dark', async () => {
    const { page } = demo;
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe.source);
      const violations = await page.evaluate<string[]>(
        `axe.run('#ladder').then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html))`,
      );
      expect(violations).toEqual([]);
    }
    expect(demo.errors).toEqual([]);
  });

  it('draws what the tab itself sees, where the server does not tell', async () => {
    await using quiet = await startLab();
    const { page, pane, errors } = await openDemoPage(browser, quiet.page);
    await register(pane, 'alice');
    await expect
      .poll(() => waysOf(page, 'alice'), { timeout: TIMEOUT_MS })
      .toEqual(['wic edge REGISTER', 'edge wic 401 REGISTER', 'wic edge REGISTER', 'edge wic 200 REGISTER']);
    expect(await page.locator('.ladder-party').count()).toBe(3);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

function numberOf(text: string): number {
  return Number.parseInt(text, 10);
}
