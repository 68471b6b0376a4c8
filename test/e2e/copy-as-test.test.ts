import { type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtherProject } from '../demo-page/copy-as-test/project.ts';
import { peer } from '../peers/peers.ts';
import { call, problemsOf, register, type PhonePane } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

const STORY_MS = 60_000;
const RUN_MS = 120_000;
const chromium = peer('chromium');

describe.skipIf(!chromium)('faults, charts and "Copy as test" of the page', { timeout: STORY_MS }, () => {
  let served: ServedPage;
  let page: Page;
  let alice: PhonePane;
  let bob: PhonePane;

  beforeAll(async () => {
    served = await servePage({ flags: ['--lab-control'] });
    ({ page, pane: alice, second: bob } = served);
    await register(alice, 'alice');
    await page.click('#add-pane');
    await register(bob, 'bob');
    await alice.part('callee-choice').selectOption('bob');
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const values = async (): Promise<readonly (readonly string[])[]> => {
    const rows = await page.getByTestId('chart-values').locator('tbody tr').all();
    return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
  };

  it('chart what media is like, with and without a fault of the relay', async () => {
    await call(alice, bob);
    await expect.poll(values, { timeout: 20_000 }).toEqual([
      ['alice', ...FLOWING],
      ['bob', ...FLOWING],
    ]);
    await press('20 % loss');
    await expect
      .poll(async () => (await values()).map((row) => Number(row[3])), { timeout: 20_000 })
      .toEqual([
        expect.toSatisfy((percent: number) => percent > 5),
        expect.toSatisfy((percent: number) => percent > 5),
      ]);
    const charts = page.locator('#charts [role=img]');
    expect(await charts.count()).toBe(4);
    expect(await charts.first().getAttribute('aria-label')).toMatch(/^Bit rate, last 60 seconds\. Now alice: in \d/);
  });

  it('show which faults are active, how often they hit, and end them', async () => {
    const active = page.getByTestId('active-faults').locator('li');
    await expect
      .poll(() => active.allInnerTexts())
      .toEqual([expect.stringMatching(/^Packets lost, 20 % · everybody\s+hit/)]);
    await page.getByTestId('fault-told').getByText('The fault relay-loss hit').waitFor();
    await page.getByRole('button', { name: /^End Packets lost/ }).click();
    await expect.poll(() => active.count()).toBe(0);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Active faults');
    await alice.part('hang-up').click();
    await alice.call('idle');
  });

  it('take any fault from the form, and say what the server does not take', async () => {
    await page.getByText('Any fault').click();
    const form = page.getByTestId('fault-form');
    await form.locator('select[name=kind]').selectOption('flow-closed');
    await form.locator('input[name=code]').fill('1005');
    await form.locator('select[name=method]').selectOption('MESSAGE');
    await press('Add fault');
    await form.getByText('expected a close code that can be sent').waitFor();
    await form.locator('input[name=code]').fill('4000');
    await press('Add fault');
    await page.getByRole('button', { name: 'End WebSocket closed, close code 4000 · everybody · MESSAGE' }).click();
    await expect.poll(() => page.getByTestId('active-faults').locator('li').count()).toBe(0);
  });

  it('explain a call that the relay refuses, by the cause that only the server knows', async () => {
    await page.getByTestId('fault-user').selectOption('alice');
    await press('Wrong password (401)');
    await page.waitForTimeout(1100);
    const before = await alice.part('credential-username').innerText();
    await alice.part('refresh').click();
    await expect.poll(() => alice.part('credential-username').innerText()).not.toBe(before);
    await alice.part('dial').click();
    await expect
      .poll(() => problemsOf(alice).then((problems) => problems.join(' ')), { timeout: 20_000 })
      .toContain('refused alice’s Allocate (401): the password does not fit this USERNAME');
    await alice
      .part('hang-up')
      .click({ timeout: 2000 })
      .catch(() => undefined);
    await alice.call('idle');
    await press('End all');
  });

  it('turn all of that into a test, which passes elsewhere', { timeout: RUN_MS + STORY_MS }, async () => {
    await press('WebSocket cut');
    await alice.registration('connecting');
    await alice.registration('registered');
    await press('Copy as test');
    const text = await page.getByTestId('copied-test').inputValue();
    for (const part of ['ratio: 0.2', `kind: 'credential-wrong-password'`, `'wrong-key-or-password'`, 'flow-cut']) {
      expect(text).toContain(part);
    }
    using project = new OtherProject();
    project.write('copied.test.ts', text);
    expect(await project.test(RUN_MS)).toEqual({ 'copied.test.ts': '' });
    expect(await project.types(['copied.test.ts'])).toBe('');
  });

  it('break no rule of the content security policy', () => {
    expect(served.errors.filter((error) => error.includes('Content Security Policy'))).toEqual([]);
  });
});

/** In, out, loss, round-trip time, jitter of a call that is well: bits flow. */
const FLOWING = [/^[1-9]/, /^[1-9]/, /^\d/, /^\d/, /^\d/].map((pattern): unknown => expect.stringMatching(pattern));
