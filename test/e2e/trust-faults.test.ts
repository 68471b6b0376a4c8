import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../peers/peers.ts';
import { axeFaults } from './axe.ts';
import { problemsOf, signInAsGuest } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

const chromium = peer('chromium');
const PATIENTLY = { timeout: 15_000 };

describe.skipIf(!chromium)('faults of trust on the page of a lab with web login', { timeout: 120_000 }, () => {
  let opened: ServedPage;
  const button = (label: string) => opened.page.locator('.faults-frequent').getByRole('button', { name: label });
  const told = async (): Promise<string> => (await problemsOf(opened.pane)).join('\n');
  const endAll = async (): Promise<void> => {
    await opened.page.getByRole('button', { name: 'End all' }).click();
    await opened.page.locator('.faults-none').waitFor();
  };

  beforeAll(async () => {
    opened = await servePage({ flags: ['--config', 'config/web-sign-in.yaml', '--lab-control'] });
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  it.each([
    ['Web token expired', /The edge refused guest\d’s login: its web token has ended/],
    ['Wrong audience', /The edge refused guest\d’s login: its web token is meant for somebody else/],
    [
      'Unknown kid',
      /The edge refused guest\d’s login: its web token is signed by a key that the issuer does not publish/,
    ],
    ['Authorization server down', /The edge refused guest\d’s login: the issuer of its web token could not be asked/],
  ])('%s, by one click: a guest is not let in, and reads why', async (label, words) => {
    const { pane } = opened;
    await button(label).click();
    await opened.page.locator('.faults-active li').waitFor();
    await signInAsGuest(pane);
    await expect.poll(told, PATIENTLY).toMatch(words);
    expect(await axeFaults(opened.page)).toEqual([]);
    await endAll();
    await opened.page.reload();
    await pane.part('sign-in').waitFor();
  });

  it('of what this lab has not are refused in words', async () => {
    await opened.page.getByText('Any fault').click();
    const form = opened.page.getByTestId('fault-form');
    await form.locator('[name=kind]').selectOption('credential-store-down');
    await form.getByRole('button', { name: 'Add fault' }).click();
    const words =
      'credential-store-down can hit nothing here; it needs credentials.approach: delivered, or redis.servers';
    await expect.poll(() => form.getByRole('alert').innerText(), PATIENTLY).toContain(words);
  });

  it('ended, a guest is let in', async () => {
    await signInAsGuest(opened.pane);
    await opened.pane.registration('registered');
  });
});
