import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../peers/peers.ts';
import { launchBrowser } from './browser.ts';
import { bundleScript, openScripted, TONE } from './page-script.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

/** Long enough for any network here, short enough that nobody who talks would ask what happened. */
const LONGEST_GAP_MS = 2000;

/** A telephone of a few lines, as the guide shows it. Text, since the types of the DOM are not those of this program. */
const PHONE = `
  import { UA, WebSocketInterface } from 'jssip';
  import { attachTurnCredentials } from './src/wic/index.ts';

  ${TONE}

  globalThis.phone = {
    async register({ url, user, password, domain, options }) {
      this.ua = new UA({ sockets: [new WebSocketInterface(url)], uri: 'sip:' + user + '@' + domain, password });
      this.turn = attachTurnCredentials(this.ua, options);
      this.ua.on('newRTCSession', ({ session }) => {
        this.session = session;
        if (session.direction === 'incoming') session.answer(this.media());
      });
      this.ua.start();
      await this.turn.ready();
    },
    media() {
      return {
        mediaStream: tone(),
        pcConfig: { iceServers: this.turn.iceServers(), iceTransportPolicy: 'relay' },
      };
    },
    call(target) {
      this.ua.call(target, this.media());
    },
    watch() {
      const arrivals = (this.arrivals = []);
      let packets = 0;
      setInterval(async () => {
        const now = await this.packets();
        if (now > packets) arrivals.push(performance.now());
        packets = now;
      }, 50);
    },
    async packets() {
      const stats = (await this.session?.connection?.getStats()) ?? new Map();
      return [...stats.values()].find(({ type }) => type === 'inbound-rtp')?.packetsReceived ?? 0;
    },
    async report() {
      const connection = this.session.connection;
      const stats = await connection.getStats();
      const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === 'transport');
      const pair = stats.get(selectedCandidatePairId);
      const local = stats.get(pair.localCandidateId);
      const times = [...(this.arrivals ?? []), performance.now()];
      return {
        state: connection.iceConnectionState,
        username: connection.getConfiguration().iceServers[0].username,
        candidateType: local.candidateType,
        relayed: local.address + ':' + local.port,
        longestGapMs: Math.max(...times.slice(1).map((time, i) => time - times[i])),
        arrivals: times.length,
        ended: this.session.isEnded(),
      };
    },
  };
`;

interface Report {
  readonly state: string;
  readonly username: string;
  readonly candidateType: string;
  readonly relayed: string;
  readonly longestGapMs: number;
  readonly arrivals: number;
  readonly ended: boolean;
}

const chromium = peer('chromium');

describe.skipIf(!chromium)('the credential helper in two browsers', { timeout: 90_000 }, () => {
  let server: ServerProcess;
  let browser: Browser;
  let phone: string;

  beforeAll(async () => {
    server = await startServerProcess(['credentials.ttl.minSec=60']);
    browser = await launchBrowser(chromium ?? '');
    phone = await bundleScript(PHONE);
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  async function open(user: string, options: object): Promise<Page> {
    const page = await openScripted(browser, server.ready.page, phone);
    const { password } = server.ready.users.find(({ name }) => name === user)!;
    const account = { url: server.ready.webSocket, user, password, domain: server.ready.realm, options };
    await page.evaluate(`phone.register(${JSON.stringify(account)})`);
    return page;
  }

  const report = (page: Page): Promise<Report> => page.evaluate('phone.report()');

  async function established(page: Page): Promise<void> {
    await expect.poll(() => page.evaluate('phone.packets()'), { timeout: 10_000 }).toBeGreaterThan(20);
  }

  it.each([
    ['the caller', 3, 100],
    ['the called', 100, 3],
    ['both at once', 3, 3],
  ])('moves a relayed call to a new credential and allocation while media goes on: %s', async (_who, first, second) => {
    const pages = [
      await open('alice', { ttlSec: 120, refreshAt: first / 120 }),
      await open('bob', { ttlSec: 120, refreshAt: second / 120 }),
    ];
    const alice = pages[0]!;
    await alice.evaluate(`phone.call('sip:bob@${server.ready.realm}')`);
    await Promise.all(pages.map(established));
    const before = await Promise.all(pages.map(report));
    await Promise.all(pages.map((page) => page.evaluate('phone.watch()')));
    const moved = async (): Promise<boolean[]> => {
      const now = await Promise.all(pages.map(report));
      expect(now.map(({ ended }) => ended)).toEqual([false, false]);
      return now.map(({ relayed }, i) => relayed !== before[i]!.relayed);
    };
    await expect.poll(moved, { timeout: 40_000, interval: 200 }).toEqual([true, true]);
    await alice.waitForTimeout(3000);
    const after = await Promise.all(pages.map(report));
    for (const [i, seconds] of [first, second].entries()) {
      expect(after[i]).toMatchObject({ candidateType: 'relay', ended: false });
      expect(after[i]!.username === before[i]!.username).toBe(seconds === 100);
      expect(after[i]!.arrivals).toBeGreaterThan(30);
      expect(after[i]!.longestGapMs).toBeLessThan(LONGEST_GAP_MS);
    }
    for (const page of pages) await page.context().close();
  });
});
