import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../peers/peers.ts';
import { axeFaults } from './axe.ts';
import { call, pathOf, problemsOf, signInAsGuest, signInByWeb, type PhonePane } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

const chromium = peer('chromium');

describe.skipIf(!chromium)('the page of a server with a web server (WWSF)', { timeout: 120_000 }, () => {
  let opened: ServedPage;
  let first: PhonePane;
  let second: PhonePane;

  beforeAll(async () => {
    opened = await servePage({ flags: ['--config', 'config/web-sign-in.yaml'] });
    ({ pane: first, second } = opened);
    await opened.page.locator('#add-pane').click();
  });

  afterAll(() => opened[Symbol.asyncDispose]());

  it('is accessible with the choice of three ways', async () => {
    expect(await axeFaults(opened.page)).toEqual([]);
    expect(await first.part('sign-in').locator('option').allTextContents()).toHaveLength(3);
  });

  it('registers a user who logs in at the web server (scenario 2), without an IMS password', async () => {
    const alice = opened.server.ready.users.find(({ name }) => name === 'alice')!;
    await signInByWeb(opened, alice.name, alice.password);
    await first.registration('registered');
    expect(await first.part('title').innerText()).toBe('alice');
    expect(await first.part('credential-username').innerText()).toMatch(/^\d+:/);
  });

  it('calls through the relay between a web login and an IMS password', async () => {
    await second.part('sign-in').selectOption('password');
    await second.part('lab-user').selectOption('bob');
    await second.part('register').click();
    await second.registration('registered');
    await first.part('callee-choice').selectOption('bob');
    await call(first, second);
    for (const pane of [first, second]) expect(await pathOf(pane)).toMatchObject({ local: 'relay', remote: 'relay' });
    await first.part('hang-up').click();
    for (const pane of [first, second]) await pane.call('idle');
  });

  it('registers a guest by an identity that is lent (scenario 3), who calls through the relay', async () => {
    await first.part('sign-out').click();
    await first.registration('signed-out');
    await signInAsGuest(first);
    await first.registration('registered');
    expect(await first.part('title').innerText()).toMatch(/^guest\d$/);
    await first.part('callee-choice').selectOption('bob');
    await call(first, second);
    expect(await pathOf(first)).toMatchObject({ local: 'relay', remote: 'relay' });
  });

  it('asks again who it is after a sign-out', async () => {
    await first.part('sign-out').click();
    await first.registration('signed-out');
    await expect
      .poll(async () =>
        (await opened.page.request.get(new URL('/wwsf/session', opened.server.ready.page).href)).status(),
      )
      .toBe(204);
    const popup = opened.page.waitForEvent('popup');
    await first.part('sign-in').selectOption('web');
    await first.part('register').click();
    await (await popup).close();
    await expect.poll(() => problemsOf(first)).toEqual(['Nobody has logged in.']);
  });

  it('shows no error in the console', () => {
    expect(opened.errors).toEqual([]);
  });
});
