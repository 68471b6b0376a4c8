import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DOMAIN, type Ims, PASSWORD, startIms } from '../peers/ims.ts';
import { peer } from '../peers/peers.ts';
import {
  call,
  credentialOf,
  type DemoPage,
  launchBrowser,
  openDemoPage,
  pathOf,
  type PhonePane,
  problemsOf,
  signInByPassword,
} from './browser.ts';

const HOLD_MS = 2000;
/** 15 pictures and 50 audio packets a second are sent; what is well below says that media does not flow. */
const LEAST_PACKETS = (HOLD_MS / 1000) * 20;

const chromium = peer('chromium');
const kamailio = peer('kamailio');

describe.skipIf(!chromium || !kamailio).each(['udp', 'tcp'] as const)(
  'two browsers with Kamailio behind the edge, by %s',
  { timeout: 90_000 },
  (transport) => {
    let ims: Ims;
    let browser: Browser;
    let alice: DemoPage;
    let bob: DemoPage;

    beforeAll(async () => {
      ims = await startIms(kamailio!, { transport, edge: { demoPage: true } });
      browser = await launchBrowser(chromium!);
      const { page = '' } = ims.server.addresses;
      alice = await openDemoPage(browser, page, undefined, 'user-name');
      bob = await openDemoPage(browser, page, undefined, 'user-name');
    }, 90_000);

    afterAll(async () => {
      await browser.close();
      await ims[Symbol.asyncDispose]();
    });

    const panes = () => [alice.pane, bob.pane];

    async function expectMedia(): Promise<void> {
      const before = await Promise.all(panes().map(pathOf));
      await alice.page.waitForTimeout(HOLD_MS);
      const after = await Promise.all(panes().map(pathOf));
      for (const [i, path] of after.entries()) {
        expect(path).toMatchObject({ local: 'relay', remote: 'relay' });
        expect(path.packets - before[i]!.packets).toBeGreaterThan(LEAST_PACKETS);
      }
    }

    async function dial(caller: PhonePane, callee: PhonePane, user: string): Promise<void> {
      await caller.part('callee').fill(user);
      await call(caller, callee);
    }

    it('hear that a password is wrong, register with the right one and get their credentials', async () => {
      await signInByPassword(alice.pane, 'alice', 'of-somebody-else');
      await expect
        .poll(() => problemsOf(alice.pane), { timeout: 20_000 })
        .toEqual([expect.stringMatching(/^User name or password is wrong\./)]);
      await signInByPassword(alice.pane, 'alice', PASSWORD);
      await signInByPassword(bob.pane, 'bob', PASSWORD);
      for (const pane of panes()) {
        await pane.registration('registered');
        expect((await credentialOf(pane)).username).toMatch(/^\d+:/);
      }
    });

    it('call each other through relay candidates, with media on both sides', async () => {
      await dial(alice.pane, bob.pane, 'bob');
      await expectMedia();
      await bob.pane.part('hang-up').click();
      for (const pane of panes()) await pane.call('idle');
      await dial(bob.pane, alice.pane, 'alice');
      await expectMedia();
      await bob.pane.part('hang-up').click();
      for (const pane of panes()) await pane.call('idle');
    });

    it('talk on while one of them loses its WebSocket and reconnects, and the other can hang up', async () => {
      await dial(alice.pane, bob.pane, 'bob');
      const back = new Promise((resolve) => {
        ims.server.on('registered', resolve);
      });
      ims.cut(`sip:bob@${DOMAIN}`);
      await back;
      await bob.pane.registration('registered');
      await expectMedia();
      await alice.pane.part('hang-up').click();
      for (const pane of panes()) await pane.call('idle');
    });

    it('show no error and break no rule of the content security policy', () => {
      const unexpected = [...alice.errors, ...bob.errors].filter((text) => !text.includes('WebSocket connection to'));
      expect(unexpected).toEqual([]);
    });
  },
);
