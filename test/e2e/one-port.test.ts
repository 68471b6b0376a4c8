import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser } from 'playwright-core';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { peer } from '../peers/peers.ts';
import { call, launchBrowser, openDemoPage, pathOf, register, type DemoPage } from './browser.ts';

const chromium = peer('chromium');

describe.skipIf(!chromium)('one port', { timeout: 120_000 }, () => {
  let lab: Lab;
  let browser: Browser;
  let alice: DemoPage;
  let bob: DemoPage;

  beforeAll(async () => {
    // A relay needs some listener of its own; no browser is told to use it.
    const listeners = [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }];
    lab = await startLab({ config: { edge: { turnOnHttps: true }, turn: { listeners } } });
    browser = await launchBrowser(chromium ?? '');
    alice = await openDemoPage(browser, lab.addresses.page ?? '');
    bob = await openDemoPage(browser, lab.addresses.page ?? '');
  });

  afterAll(async () => {
    await browser.close();
    await lab.stop();
  });

  it('carries page, SIP and a relayed call of two browsers', async () => {
    const { port } = lab.addresses.https[0]!;
    const secure = lab.turnUris.filter((uri) => uri.startsWith('turns:'));
    expect(secure).toEqual([`turns:127.0.0.1:${port}?transport=tcp`]);
    await register(alice.pane, 'alice');
    await register(bob.pane, 'bob');
    for (const { pane } of [alice, bob]) await pane.part('transport').selectOption('tls');
    await call(alice.pane, bob.pane);
    for (const { pane, page } of [alice, bob]) {
      const before = await pathOf(pane);
      expect(before).toMatchObject({ local: 'relay', remote: 'relay', protocol: 'tls' });
      await page.waitForTimeout(2000);
      expect((await pathOf(pane)).packets).toBeGreaterThan(before.packets);
    }
    const { allocations } = lab.server.snapshot();
    expect(new Set(allocations.map(({ transport }) => transport))).toEqual(new Set(['tls']));
    await alice.pane.part('hang-up').click();
    expect([...alice.errors, ...bob.errors]).toEqual([]);
  });
});
