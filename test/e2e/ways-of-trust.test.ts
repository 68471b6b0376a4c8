import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behind, DOMAIN, type Home, PASSWORD, startCore, startHome } from '../peers/ims.ts';
import { type KamailioCore } from '../peers/kamailio-core.ts';
import { peer } from '../peers/peers.ts';
import { Rfc7635Client, type SessionToken } from '../turn/support/rfc7635-client.ts';
import { codeOf } from '../turn/support/rfc8489-client.ts';
import {
  call,
  credentialOf,
  type DemoPage,
  gatherRelays,
  launchBrowser,
  logIn,
  openDemoPage,
  pathOf,
  signInAsGuest,
  signInByPassword,
  signInByWeb,
} from './browser.ts';
import { Portal, PORTAL_CLIENT } from './portal.ts';

/*
 * Every way to register, before every core, with every way to a TURN credential, in Chromium: the title of each test below is a row. The Kamailio is one that takes
 * the edge's word for a user (trusted node authentication), for all rows. What goes deeper, with another set-up:
 *
 *   web-sign-in.test.ts          all that the page offers for scenarios 2 and 3, and what it says when they fail
 *   external-core.test.ts        scenario 1 before Kamailio by UDP and TCP, the loss of a WebSocket in a call
 *   delivered-call.test.ts       approach 2 by Redis, with coturn and with a fleet; revocation in a call
 *   ../peers/ims-web-identity    scenarios 2 and 3 before Kamailio with JsSIP and SIP.js, their ends
 *   ../peers/coturn-oauth        tokens of RFC 7635 with coturn
 */

const CORES = ['embedded core', 'Kamailio'] as const;
const APPROACHES = ['shared-key', 'delivered'] as const;
const SCENARIOS = [
  'scenario 1, IMS password',
  'scenario 2, web login',
  'scenario 3, identity lent to a named user',
  'scenario 3, identity lent to a guest',
] as const;

type Approach = (typeof APPROACHES)[number];
type Scenario = (typeof SCENARIOS)[number];

/** Who is called: another user at each server, as both servers have one core. */
const CALLEES: Readonly<Record<Approach, string>> = { 'shared-key': 'bob', delivered: 'carol' };
const NAME_FORM: Readonly<Record<Approach, RegExp>> = { 'shared-key': /^\d+:/, delivered: /^[\w-]{24}$/ };

/** Before the page's own: its REGISTER asks for what a TURN client outside of browsers uses. */
const ASK_FOR_TOKEN = `
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    send.call(this, String(data).replace(/^TURN-Cred-Req: turn/m, 'TURN-Cred-Req: oauth'));
  };
`;

const chromium = peer('chromium');
const kamailio = peer('kamailio');

function startTrusting(approach: Approach, core: KamailioCore | undefined): Promise<Home> {
  const users = ['alice', ...Object.values(CALLEES)].map((name) => ({ name, password: PASSWORD }));
  const secret = 'of-no-use-outside-of-this-test';
  return startHome({
    traces: true,
    edge: { demoPage: true, core: core ? behind(core, 'udp') : { users } },
    more: {
      credentials: { approach },
      oauth: {
        keys: [{ kid: 'north', key: Buffer.alloc(32, 'K').toString('base64') }],
        authorizationServer: { enabled: true, issuer: `https://waf.${DOMAIN}` },
        wwsf: { enabled: true, guests: true },
        clients: [{ id: 'wwsf', secret, namesUsers: true, pool: ['guest{1-8}'] }, PORTAL_CLIENT],
        users,
      },
    },
  });
}

/** Two servers before one core, with a page on which somebody waits for calls. */
class Site implements AsyncDisposable {
  readonly #homes: ReadonlyMap<Approach, Home>;
  readonly #core: KamailioCore | undefined;
  readonly #browser: Browser;
  readonly callees = new Map<Approach, DemoPage>();
  /** What the servers have sent to cores and clients. */
  readonly sent: string[] = [];
  /** What they have received of clients. */
  readonly received: string[] = [];
  /** What clients have received, as the browser tells. */
  readonly frames: string[] = [];
  #members = 0;

  static async open(browser: Browser, kind: (typeof CORES)[number]): Promise<Site> {
    const core = kind === 'Kamailio' ? await startCore(kamailio!) : undefined;
    const homes = new Map<Approach, Home>();
    for (const approach of APPROACHES) homes.set(approach, await startTrusting(approach, core));
    const site = new Site(browser, homes, core);
    for (const approach of APPROACHES) {
      const opened = await site.openPage(approach);
      await signInByPassword(opened.pane, CALLEES[approach], PASSWORD);
      await opened.pane.registration('registered');
      site.callees.set(approach, opened);
    }
    return site;
  }

  private constructor(browser: Browser, homes: ReadonlyMap<Approach, Home>, core: KamailioCore | undefined) {
    this.#browser = browser;
    this.#homes = homes;
    this.#core = core;
    for (const { server } of homes.values()) {
      server.on('message', ({ from, to, text = '' }) => {
        if (from === 'wic') this.received.push(text);
        if (to === 'wic' || to === 'core') this.sent.push(text);
      });
    }
  }

  addresses(approach: Approach) {
    return this.#homes.get(approach)!.server.addresses;
  }

  async openPage(approach: Approach, script?: string): Promise<DemoPage> {
    const { page = '' } = this.addresses(approach);
    const opened = await openDemoPage(this.#browser, page, script, 'user-name');
    opened.page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => this.frames.push(payload.toString()));
    });
    return opened;
  }

  /** Signs in on a page of its own. */
  async signedIn(approach: Approach, scenario: Scenario, script?: string): Promise<DemoPage> {
    const opened = await this.openPage(approach, script);
    const { page, pane } = opened;
    switch (scenario) {
      case 'scenario 1, IMS password':
        await signInByPassword(pane, 'alice', PASSWORD);
        break;
      case 'scenario 2, web login':
        await signInByWeb(opened, 'alice', PASSWORD);
        break;
      case 'scenario 3, identity lent to a named user':
        await new Portal(page.url(), DOMAIN).serve(page, `member${++this.#members}`);
        await pane.part('sign-in').selectOption('web');
        await pane.part('register').click();
        break;
      case 'scenario 3, identity lent to a guest':
        await signInAsGuest(pane);
    }
    await pane.registration('registered');
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { page } of this.callees.values()) await page.context().close();
    for (const home of this.#homes.values()) await home[Symbol.asyncDispose]();
    await this.#core?.[Symbol.asyncDispose]();
  }
}

/** Asks the page's web server for TURN credentials, in the name of whoever is logged in. */
async function turnCredentials<T>(page: Page, form: 'ice' | 'token'): Promise<T> {
  const url = `/turn-credentials?form=${form}`;
  const told: unknown = await page.evaluate(`fetch('${url}').then((answer) => answer.json())`);
  return told as T;
}

const base64 = (text = ''): Buffer => Buffer.from(text, 'base64');

let browser: Browser | undefined;

beforeAll(async () => {
  if (chromium) browser = await launchBrowser(chromium);
});

afterAll(() => browser?.close());

describe.skipIf(!chromium).each(CORES)('before the %s', { timeout: 60_000 }, (core) => {
  describe.skipIf(core === 'Kamailio' && !kamailio)('a browser', () => {
    let site: Site;

    beforeAll(async () => {
      site = await Site.open(browser!, core);
    });

    afterAll(() => site[Symbol.asyncDispose]());

    /** A TURN client outside of browsers gets a relay by this token. */
    async function expectRelay(token: SessionToken): Promise<void> {
      const client = await Rfc7635Client.open({ transport: 'udp', port: site.addresses('shared-key').turn[0]!.port });
      await client.discover();
      client.token = token;
      expect(codeOf(await client.allocate())).toBe(0);
      client.close();
    }

    describe.each(SCENARIOS)('by %s', (scenario) => {
      let asking: Page;

      beforeAll(async () => {
        asking = (await site.signedIn('shared-key', scenario, ASK_FOR_TOKEN)).page;
      });

      afterAll(() => asking.context().close());

      it.each(APPROACHES)('calls from relay to relay with the credential of its REGISTER: %s', async (approach) => {
        const { page, pane } = await site.signedIn(approach, scenario);
        expect((await credentialOf(pane)).username).toMatch(NAME_FORM[approach]);
        const callee = site.callees.get(approach)!.pane;
        await pane.part('callee').fill(CALLEES[approach]);
        await call(pane, callee);
        for (const one of [pane, callee]) expect(await pathOf(one)).toMatchObject({ local: 'relay', remote: 'relay' });
        await pane.part('hang-up').click();
        await callee.call('idle');
        await page.context().close();
      });

      it('has a token for a TURN client in the answer to its REGISTER', async () => {
        const answer = site.frames.findLast((text) => /^TURN-Token: /m.test(text)) ?? '';
        const field = (name: string) => new RegExp(`^${name}: (.+)\\r$`, 'm').exec(answer)?.[1];
        const [kid = '', token, key] = ['TURN-Username', 'TURN-Token', 'TURN-Password'].map(field);
        await expectRelay({ kid, token: base64(token), macKey: base64(key) });
      });

      it('has a relay by what its web server gives at /turn-credentials', async () => {
        if (scenario === 'scenario 3, identity lent to a named user') {
          // A web server elsewhere has but the tokens of the WAF to give.
          const told = await turnCredentials<Record<'access_token' | 'kid' | 'key', string>>(asking, 'token');
          await expectRelay({ kid: told.kid, token: base64(told.access_token), macKey: base64(told.key) });
        } else {
          if (scenario === 'scenario 1, IMS password') {
            // The IMS has authenticated its user, the web server has not (TS 33.203 X.5.3).
            const login = await asking.context().newPage();
            await login.goto(new URL('/wwsf/login', asking.url()).href);
            await logIn(login, 'alice', PASSWORD);
            await login.waitForURL('**/wwsf/done');
          }
          const { iceServers } = await turnCredentials<{
            iceServers: [{ urls: [string]; username: string; credential: string }];
          }>(asking, 'ice');
          const [{ urls, username, credential }] = iceServers;
          expect((await gatherRelays(asking, { urls: urls[0], username, credential })).relays).not.toEqual([]);
        }
      });
    });

    it('is sent no token of another, and the core is sent none', () => {
      const shown = (texts: readonly string[]) =>
        texts.filter((text) => /bearer|access_token|\beyJ[\w-]+\./i.test(text));
      const calls = (texts: readonly string[]) => texts.filter((text) => text.startsWith('INVITE '));
      // Of eight calls, six by a token, which JsSIP puts into each request.
      expect(shown(calls(site.received))).toHaveLength(6);
      expect(calls(site.frames)).toHaveLength(8);
      expect([shown(site.sent), shown(site.frames)]).toEqual([[], []]);
    });
  });
});
