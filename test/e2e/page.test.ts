import { type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../peers/peers.ts';
import { axeFaults } from './axe.ts';
import { call, pathOf, problemsOf, register, type PhonePane } from './browser.ts';
import { servePage, type ServedPage } from './served-page.ts';

/** Nobody who talks would ask what happened. */
const LONGEST_GAP_MS = 2000;
/** Of a page at rest; Lighthouse calls 0.1 good for a page that loads. */
const MOST_SHIFT = 0.02;
const LOOKS = (['light', 'dark'] as const).flatMap((scheme) =>
  [1280, 390].map((width) => ({ scheme, width, height: 844 })),
);

/** For a machine that does much else. */
const PATIENTLY = { timeout: 20_000 };

const chromium = peer('chromium');

describe.skipIf(!chromium)('the page of a lab, two users in one tab', { timeout: 240_000 }, () => {
  let opened: ServedPage;
  let page: Page;
  let alice: PhonePane;
  let bob: PhonePane;

  beforeAll(async () => {
    opened = await servePage({ flags: ['--lab-control'], script: WATCH_MEDIA });
    ({ page, pane: alice, second: bob } = opened);
  });

  afterAll(() => opened[Symbol.asyncDispose]());

  const panes = (): PhonePane[] => [alice, bob];
  const arrows = (): Promise<number> => page.locator('[data-testid=ladder] > li').count();

  /** What axe finds serious, in every look of the page. */
  async function faultsInEveryLook(): Promise<string[]> {
    const found: string[] = [];
    for (const { scheme, width, height } of LOOKS) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height });
      for (const fault of await axeFaults(page)) found.push(`${scheme} ${width}: ${fault}`);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      if (overflow !== 0) found.push(`${scheme} ${width}: wider than the window by ${String(overflow)}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 844 });
    return found;
  }

  it('is accessible before anybody has registered', async () => {
    expect(await faultsInEveryLook()).toEqual([]);
  });

  it('registers both, by keyboard alone', async () => {
    await alice.part('lab-user').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await alice.registration('registered');
    await page.locator('#add-pane').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await bob.registration('registered');
    expect(await Promise.all(panes().map((pane) => pane.part('title').innerText()))).toEqual(['alice', 'bob']);
    for (const pane of panes()) {
      expect(await pane.part('credential-username').innerText()).toMatch(/^\d+:u/);
      expect(await pane.part('credential-password').innerText()).toMatch(/^•+$/);
      expect(await pane.part('credential-bar').getAttribute('aria-valuetext')).toMatch(/^\d+ (h|min|s)/);
    }
    expect(await faultsInEveryLook()).toEqual([]);
  });

  it('shows no password of a credential, and no digest response, anywhere until asked', async () => {
    const { passwords } = await page.evaluate<{ passwords: string[] }>(CREDENTIALS);
    expect(passwords).toHaveLength(2);
    const html = await page.content();
    for (const password of passwords) expect(html).not.toContain(password);
    await alice.part('show-password').click();
    expect(passwords).toContain(await alice.part('credential-password').innerText());
    await alice.part('show-password').click();
  });

  it('calls through the relay, while the ladder grows', async () => {
    const before = await arrows();
    await call(alice, bob);
    for (const pane of panes()) {
      expect(await pathOf(pane)).toMatchObject({ local: 'relay', remote: 'relay' });
      await pane.root.locator('[data-part=candidate-list] .chosen').waitFor();
    }
    expect(await arrows()).toBeGreaterThan(before + 10);
    expect(await faultsInEveryLook()).toEqual([]);
  });

  it('does not shift while the charts of a call run', async () => {
    await page.waitForTimeout(1000);
    await page.evaluate(WATCH_SHIFTS);
    await page.waitForTimeout(5000);
    expect(await page.evaluate('shifts')).toBeLessThan(MOST_SHIFT);
  });

  it('moves the call to a fresh credential while media goes on', async () => {
    const before = await Promise.all(panes().map((pane) => pane.part('ice-pair').innerText()));
    const username = await alice.part('credential-username').innerText();
    await page.evaluate('watchMedia()');
    await alice.part('refresh-and-move').click();
    for (const [i, pane] of panes().entries()) {
      await expect.poll(() => pane.part('ice-pair').innerText(), PATIENTLY).not.toBe(before[i]);
    }
    await page.waitForTimeout(3000);
    const { arrivals, longestGapMs } = await page.evaluate<{ arrivals: number; longestGapMs: number }>('mediaSeen()');
    expect(arrivals).toBeGreaterThan(30);
    expect(longestGapMs).toBeLessThan(LONGEST_GAP_MS);
    expect(await alice.part('credential-username').innerText()).not.toBe(username);
    expect(await alice.part('status').innerText()).toBe('In a call, moved to the new credential');
    expect(await alice.root.locator('[data-part=candidate-list] .old').count()).toBeGreaterThan(0);
  });

  it('hangs up', async () => {
    await alice.part('hang-up').click();
    for (const pane of panes()) await pane.call('idle');
    for (const pane of panes()) expect(await problemsOf(pane)).toEqual([]);
  });

  it('tells why a relay refused the credential: 401 as the browser sees it, and the cause as the server knows it', async () => {
    await page.locator('[data-testid=fault-user]').selectOption('alice');
    await page.locator('[data-fault=credential-wrong-password]').click();
    await expect.poll(() => page.evaluate(ACTIVE_FAULTS), PATIENTLY).toEqual(['credential-wrong-password']);
    const username = await alice.part('credential-username').innerText();
    await alice.part('refresh').click();
    await expect.poll(() => alice.part('credential-username').innerText(), PATIENTLY).not.toBe(username);
    await alice.part('dial').click();
    const told = async (): Promise<string> => (await problemsOf(alice)).join('\n');
    await expect.poll(told, PATIENTLY).toMatch(/The relay refuses the credential \(401\)/);
    await expect.poll(told, PATIENTLY).toMatch(/The TURN server refused alice’s Allocate \(401\): .*password/);
    expect(await axeFaults(page)).toEqual([]);
    await alice.part('hang-up').click();
    await alice.call('idle');
    await page.evaluate(CLEAR_FAULTS);
    await alice.part('dismiss').click();
    expect(await problemsOf(alice)).toEqual([]);
  });

  it('answers as echo when asked to: what comes in goes back, without media of its own', async () => {
    // The credential of the fault is of no use any more; two of one second would be the same.
    await page.waitForTimeout(1100);
    await alice.part('refresh').click();
    await bob.part('echo').check();
    await alice.part('dial').click();
    for (const pane of panes()) await pane.call('in-call');
    const { packets } = await pathOf(alice);
    await expect.poll(async () => (await pathOf(alice)).packets, PATIENTLY).toBeGreaterThan(packets + 30);
    expect(await page.evaluate('outgoingKinds(connections.at(-1))')).toEqual(['audio', 'video']);
    expect(await page.evaluate(`document.querySelector('#pane-2 [data-part="local-video"]').srcObject`)).toBeNull();
    await bob.part('hang-up').click();
    for (const pane of panes()) await pane.call('idle');
  });

  it('tells why the WebSocket ended, and that the user is registered again', async () => {
    await page.locator('[data-fault=flow-cut]').click();
    await expect
      .poll(() => problemsOf(alice), PATIENTLY)
      .toEqual([expect.stringMatching(/^Alice’s WebSocket ended: /), expect.stringMatching(/^The fault flow-cut hit/)]);
    await alice.registration('registered');
    await expect.poll(() => alice.part('status').innerText(), PATIENTLY).toBe('Registered');
  });

  it.each([
    ['busy', /^The other side is busy/],
    ['decline', /^The other side declined/],
  ])('says what became of a call to the peer %s', async (callee, words) => {
    await alice.part('callee-choice').selectOption(callee);
    await alice.part('dial').click();
    await alice.call('idle');
    expect(await problemsOf(alice)).toEqual([expect.stringMatching(words)]);
  });

  it('signs out, and takes the second user away', async () => {
    await alice.part('sign-out').click();
    await alice.registration('signed-out');
    await bob.part('remove').click();
    await page.locator('#add-pane').waitFor();
    expect(await bob.root.count()).toBe(0);
    expect(await page.evaluate('document.activeElement.id')).toBe('add-pane');
  });

  it('shows no error and breaks no rule of the content security policy', () => {
    expect(opened.errors).toEqual([]);
  });
});

describe.skipIf(!chromium)('the page of a lab whose relay may not reach the peer', { timeout: 120_000 }, () => {
  it('tells which peer the policy denies, once it is plain that media finds no way', async () => {
    const settings = ['turn.peers.deny=["0.0.0.0/0", "::/0"]'];
    await using served = await servePage({ settings, flags: ['--lab-control'] });
    const { page, pane: alice, second: bob } = served;
    await register(alice, 'alice');
    await page.click('#add-pane');
    await register(bob, 'bob');
    // A relay may always reach its own relayed addresses, so this takes a peer without one.
    await page.locator('[data-testid=fault-user]').selectOption('bob');
    await page.locator('[data-fault=turn-answer]').click();
    await bob.part('policy').selectOption('all');
    await call(alice, bob);
    const told = async (pane: PhonePane): Promise<string> => (await problemsOf(pane)).join('\n');
    await expect
      .poll(() => told(bob), PATIENTLY)
      .toMatch(/The relay has no room for another call of this user now \(486\)/);
    await expect
      .poll(() => told(alice), PATIENTLY)
      .toMatch(/The relay does not carry alice’s media to \S+:\d+: .+\.\n[^]*No sound or picture came through/);
  });
});

describe.skipIf(!chromium)('the page without lab control', { timeout: 120_000 }, () => {
  it('shows the SIP of its own tab, says how to open the rest, and asks nothing that is not there', async () => {
    await using served = await servePage();
    const { page, pane, errors } = served;
    const hint = await page.locator('#how-to-open-lab').innerText();
    expect(hint).toContain('npm run lab');
    expect(await page.locator('#faults').isVisible()).toBe(false);
    await register(pane, 'alice');
    await page.locator('[data-testid=ladder] > li[data-label="200 REGISTER"]').waitFor();
    expect(await page.locator('[data-testid=ladder] > li[data-to=core]').count()).toBe(0);
    expect(await pane.part('callee-choice').locator('option').allInnerTexts()).toEqual(['bob', 'somebody else…']);
    expect(await axeFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
  });
});

const ACTIVE_FAULTS = `fetch('/lab/faults').then((answer) => answer.json()).then(({ faults }) => faults.map(({ kind }) => kind))`;
const CLEAR_FAULTS = `fetch('/lab/faults', { method: 'DELETE' })`;
const CREDENTIALS = `Promise.all(['alice', 'bob'].map((user) => fetch('/lab/credentials/' + user).then((answer) => answer.json())))
  .then((credentials) => ({ passwords: credentials.map(({ password }) => password) }))`;

/** Parts of the page move when nobody did anything. */
const WATCH_SHIFTS = `{
  globalThis.shifts = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shifts += value;
  }).observe({ type: 'layout-shift' });
}`;

/** Keeps the peer connections of the page, and looks every 100 ms whether something came in. */
const WATCH_MEDIA = `
  globalThis.connections = [];
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };
  const packetsIn = async (connection) => {
    let packets = 0;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp') packets += report.packetsReceived;
    }
    return packets;
  };
  const watched = [];
  globalThis.watchMedia = () => {
    for (const connection of connections.filter(({ connectionState }) => connectionState === 'connected')) {
      const times = [performance.now()];
      watched.push(times);
      let seen = 0;
      setInterval(async () => {
        const packets = await packetsIn(connection);
        if (packets > seen) times.push(performance.now());
        seen = packets;
      }, 100);
    }
  };
  globalThis.mediaSeen = () => {
    const gaps = watched.flatMap((times) => [...times, performance.now()].slice(1).map((time, i) => time - times[i]));
    return { arrivals: Math.min(...watched.map(({ length }) => length)), longestGapMs: Math.max(...gaps) };
  };
  globalThis.outgoingKinds = (connection) => connection.getSenders().map(({ track }) => track?.kind).sort();
`;
