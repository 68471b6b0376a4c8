import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser } from 'playwright-core';
import { peer } from '../peers/peers.ts';
import {
  call,
  credentialOf,
  gatherRelays,
  launchBrowser,
  openDemoPage,
  pathOf,
  problemsOf,
  register,
  type DemoPage,
} from './browser.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

/** How long a call must carry media; the tests proper need only see that it flows. */
const CALL_SEC = Number(process.env.E2E_CALL_SEC ?? 3);
const HOLD_MS = CALL_SEC * 1000;
/** 15 pictures and 50 audio packets a second are sent; what is well below says that media does not flow. */
const LEAST_PACKETS_PER_SEC = 20;
const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

const chromium = peer('chromium');

describe.skipIf(!chromium)('two browsers', { timeout: 60_000 + 4 * HOLD_MS }, () => {
  let server: ServerProcess;
  let browser: Browser;
  let alice: DemoPage;
  let bob: DemoPage;

  beforeAll(async () => {
    server = await startServerProcess();
    browser = await launchBrowser(chromium ?? '');
    alice = await openDemoPage(browser, server.ready.page);
    bob = await openDemoPage(browser, server.ready.page);
    await register(alice.pane, 'alice');
    await register(bob.pane, 'bob');
  });

  afterAll(async () => {
    await browser.close();
    expect(await server.stop()).toBe(0);
  });

  const panes = () => [alice.pane, bob.pane];
  const turnUri = (transport: (typeof TRANSPORTS)[number]) => {
    const start = transport === 'tls' ? 'turns:' : 'turn:';
    const end = transport === 'udp' ? 'udp' : 'tcp';
    return server.ready.turnUris.find((uri) => uri.startsWith(start) && uri.endsWith(end)) ?? '';
  };

  async function callThrough(transport: (typeof TRANSPORTS)[number]): Promise<void> {
    for (const pane of panes()) await pane.part('transport').selectOption(transport);
    await call(alice.pane, bob.pane);
    const before = await Promise.all(panes().map(pathOf));
    await alice.page.waitForTimeout(HOLD_MS);
    const after = await Promise.all(panes().map(pathOf));
    for (const [i, path] of after.entries()) {
      expect(path).toMatchObject({ local: 'relay', remote: 'relay', protocol: transport });
      expect(path.packets - before[i]!.packets).toBeGreaterThan((CALL_SEC - 1) * LEAST_PACKETS_PER_SEC);
    }
    await alice.pane.part('hang-up').click();
    for (const pane of panes()) await pane.call('idle');
  }

  it.each(TRANSPORTS)('call through relay candidates reached by %s, with media on both sides', callThrough);

  it('call with the fresh credential that OPTIONS brought', async () => {
    for (const pane of panes()) {
      const before = await credentialOf(pane);
      // t counts seconds: two credentials of one second are the same.
      await pane.page.waitForTimeout(1100);
      await pane.part('refresh').click();
      await expect
        .poll(() => pane.part('credential-username').innerText(), { timeout: 20_000 })
        .not.toBe(before.username);
    }
    await callThrough('udp');
  });

  it('hear in plain words that the other side declined', async () => {
    await alice.pane.part('dial').click();
    await bob.pane.call('incoming');
    await bob.pane.part('decline').click();
    for (const pane of panes()) await pane.call('idle');
    expect(await problemsOf(alice.pane)).toEqual([expect.stringMatching(/^The other side declined the call\./)]);
  });

  it('see a call that was cancelled end on both sides', async () => {
    await alice.pane.part('dial').click();
    await bob.pane.call('incoming');
    await alice.pane.part('hang-up').click();
    for (const pane of panes()) await pane.call('idle');
  });

  it('hear in plain words that a password is wrong or a user is not there', async () => {
    const { page, pane } = await openDemoPage(browser, server.ready.page);
    await pane.part('lab-user').selectOption('another user…');
    await pane.part('user-name').fill('alice');
    await pane.part('user-password').fill('not-her-password');
    await pane.part('register').click();
    await expect
      .poll(() => problemsOf(pane), { timeout: 20_000 })
      .toEqual([expect.stringMatching(/^User name or password is wrong\./)]);
    await pane.part('user-password').fill(server.ready.users.find(({ name }) => name === 'alice')?.password ?? '');
    await pane.part('register').click();
    await pane.registration('registered');
    await pane.part('callee-choice').selectOption('somebody else…');
    await pane.part('callee').fill('nobody');
    await pane.part('dial').click();
    await expect
      .poll(() => problemsOf(pane), { timeout: 20_000 })
      .toEqual([expect.stringMatching(/^(There is no such user|The other side is not)/)]);
    await page.context().close();
  });

  it('show no error and break no rule of the content security policy', () => {
    expect([...alice.errors, ...bob.errors]).toEqual([]);
  });

  describe.each(TRANSPORTS)('by %s', (transport) => {
    it('get a relay candidate for the credential of the registration', async () => {
      const { username, password } = await credentialOf(alice.pane);
      const server = { urls: turnUri(transport), username, credential: password };
      const { relays, errorCodes } = await gatherRelays(alice.page, server);
      expect(relays).not.toEqual([]);
      expect(errorCodes).toEqual([]);
    });

    it.each([
      ['a t that has passed', expired],
      ['a t that was moved', moved],
      ['a wrong password', wrongPassword],
      ['the password of another user', passwordOfAnother],
    ])('get no relay candidate but 401 for %s', async (_what, forge) => {
      const own = await credentialOf(alice.pane);
      const other = await credentialOf(bob.pane);
      const { username, password } = forge(own, other, server.km);
      const { relays, errorCodes } = await gatherRelays(alice.page, {
        urls: turnUri(transport),
        username,
        credential: password,
      });
      expect(relays).toEqual([]);
      expect(errorCodes.length).toBeGreaterThan(0);
      expect(new Set(errorCodes)).toEqual(new Set([401]));
    });
  });
});

interface Credential {
  readonly username: string;
  readonly password: string;
}

/** Made with the right Km: only its time is over. */
function expired(own: Credential, _other: Credential, km: string): Credential {
  const username = `${Math.floor(Date.now() / 1000) - 1}:${nameOf(own)}`;
  return { username, password: createHmac('sha1', km).update(username).digest('base64') };
}

function moved(own: Credential): Credential {
  const t = Number(own.username.split(':', 1)[0]);
  return { username: `${t + 3600}:${nameOf(own)}`, password: own.password };
}

function wrongPassword(own: Credential): Credential {
  return { username: own.username, password: Buffer.alloc(20, 7).toString('base64') };
}

function passwordOfAnother(own: Credential, other: Credential): Credential {
  return { username: own.username, password: other.password };
}

function nameOf({ username }: Credential): string {
  return username.slice(username.indexOf(':') + 1);
}
