import { type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../peers/peers.ts';
import { call, register, type PhonePane } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

const WINDOWS = [
  [390, 844],
  [1280, 720],
  [1280, 900],
  [1440, 900],
  [1920, 1080],
] as const;

/** Which parts of the page lie over each other, at every place it can be scrolled to. As text, since the types of the DOM are not those of this program. */
const OVERLAPS = `(async () => {
  const parts = [...document.querySelectorAll('.pane, #add-pane, #ladder, #faults, #charts, #copy-as-test')];
  const found = new Set();
  const last = document.documentElement.scrollHeight - innerHeight;
  for (let y = 0; y <= last + 99; y += 100) {
    scrollTo(0, Math.min(y, last));
    await new Promise(requestAnimationFrame);
    const boxes = parts.filter((part) => part.checkVisibility()).map((part) => [part.id, part.getBoundingClientRect()]);
    boxes.forEach(([one, a], i) => {
      for (const [other, b] of boxes.slice(i + 1)) {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 1) found.add(one + ' and ' + other);
      }
    });
  }
  scrollTo(0, 0);
  return [...found];
})()`;

const chromium = peer('chromium');

describe.skipIf(!chromium)(
  'no part of the page lies over another, in any window and wherever it is scrolled to',
  { timeout: 120_000 },
  () => {
    let served: ServedPage;
    let page: Page;
    let alice: PhonePane;
    let bob: PhonePane;

    beforeAll(async () => {
      served = await servePage({ flags: ['--lab-control'] });
      ({ page, pane: alice, second: bob } = served);
    });

    afterAll(() => served[Symbol.asyncDispose]());

    async function overlaps(): Promise<string[]> {
      const found: string[] = [];
      for (const [width, height] of WINDOWS) {
        await page.setViewportSize({ width, height });
        for (const pair of await page.evaluate<string[]>(OVERLAPS)) found.push(`${width}×${height}: ${pair}`);
      }
      return found;
    }

    it('with nobody registered', async () => {
      expect(await overlaps()).toEqual([]);
    });

    it('with one user', async () => {
      await register(alice, 'alice');
      expect(await overlaps()).toEqual([]);
    });

    it('with two users, in a call and after it', async () => {
      await page.click('#add-pane');
      expect(await overlaps()).toEqual([]);
      await register(bob, 'bob');
      await call(alice, bob);
      expect(await overlaps()).toEqual([]);
      await alice.part('hang-up').click();
      await alice.call('idle');
      expect(await overlaps()).toEqual([]);
    });

    it('with one user in a call', async () => {
      await bob.part('remove').click();
      await alice.part('callee-choice').selectOption({ label: 'echo: sends back what comes in' });
      await alice.part('dial').click();
      await alice.call('in-call');
      expect(await overlaps()).toEqual([]);
    });
  },
);
