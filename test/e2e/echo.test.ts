import { type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { peer } from '../peers/peers.ts';
import { launchBrowser } from './browser.ts';
import { bundleScript, openScripted, TONE } from './page-script.ts';

/** A telephone with a tone, a drawn picture and a data channel. Text, since the types of the DOM are not those of this program. */
const PHONE = `
  import { UA, WebSocketInterface } from 'jssip';

  ${TONE}
  const picture = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
    const context = canvas.getContext('2d');
    let turn = 0;
    setInterval(() => {
      context.fillStyle = 'hsl(' + (turn += 7) + ' 80% 50%)';
      context.fillRect(turn % 160, 0, 20, 120);
    }, 50);
    return canvas.captureStream(15).getVideoTracks()[0];
  };

  globalThis.phone = {
    said: [],
    dataHeard: [],
    register({ url, uri, password }) {
      this.ua = new UA({ sockets: [new WebSocketInterface(url)], uri, password });
      const registered = new Promise((resolve) => this.ua.once('registered', () => resolve()));
      this.ua.start();
      return registered;
    },
    call(target, iceServer, iceTransportPolicy) {
      const pcConfig = { iceServers: [iceServer], iceTransportPolicy };
      const session = this.ua.call(target, { mediaStream: new MediaStream([...tone().getTracks(), picture()]), pcConfig });
      this.session = session;
      this.channel = session.connection.createDataChannel('echo');
      this.channel.onmessage = ({ data }) => {
        this.dataHeard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
      };
      this.channel.onopen = () => {
        this.channel.send('hello');
        this.channel.send(new Uint8Array([1, 2, 3]));
      };
      // Enough for these calls, where a machine without a network lets the browser look on for long.
      session.on('icecandidate', ({ candidate, ready }) => {
        if (candidate.type === 'relay') ready();
      });
      session.on('ended', ({ cause, originator }) => this.said.push('ended by ' + originator + ': ' + cause));
      session.on('failed', ({ cause }) => this.said.push('failed: ' + cause));
      session.on('progress', () => this.said.push('progress'));
      session.on('confirmed', () => this.said.push('confirmed'));
    },
    restartIce() {
      return new Promise((resolve) =>
        this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => resolve()),
      );
    },
    async report() {
      const { connection } = this.session;
      const stats = [...(await connection.getStats()).values()];
      const received = (kind) => {
        const inbound = stats.find((one) => one.type === 'inbound-rtp' && one.kind === kind);
        return inbound ? inbound.packetsReceived : 0;
      };
      const video = stats.find((one) => one.type === 'inbound-rtp' && one.kind === 'video');
      const transport = stats.find(({ type }) => type === 'transport');
      const pair = stats.find(({ id }) => id === transport?.selectedCandidatePairId);
      const candidate = (candidateId) => stats.find(({ id }) => id === candidateId);
      const remote = candidate(pair?.remoteCandidateId);
      return {
        audio: received('audio'),
        video: received('video'),
        pictures: video?.framesDecoded ?? 0,
        path: pair ? candidate(pair.localCandidateId)?.candidateType + ' to ' + remote?.candidateType : '',
        remote: remote?.address + ':' + remote?.port,
        state: connection.connectionState,
      };
    },
  };
`;

interface Report {
  readonly audio: number;
  readonly video: number;
  readonly pictures: number;
  readonly path: string;
  readonly remote: string;
  readonly state: string;
}

const chromium = peer('chromium');

describe.skipIf(!chromium)('a browser that calls echo', { timeout: 90_000 }, () => {
  let browser: Browser;
  let phone: string;

  beforeAll(async () => {
    browser = await launchBrowser(chromium ?? '');
    phone = await bundleScript(PHONE);
  });

  afterAll(() => browser.close());

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  async function register(lab: Lab): Promise<Page> {
    const page = await openScripted(browser, lab.webSocket.replace('wss:', 'https:'), phone);
    const { uri, password } = lab.users.alice!;
    await page.evaluate(`phone.register(${JSON.stringify({ url: lab.webSocket, uri, password })})`);
    return page;
  }

  async function call(lab: Lab, page: Page, peerName: string, policy: 'relay' | 'all'): Promise<void> {
    const { iceServer } = lab.mint('alice');
    const target = `sip:${peerName}@${lab.domain}`;
    await page.evaluate(
      `phone.call(${JSON.stringify(target)}, ${JSON.stringify(iceServer)}, ${JSON.stringify(policy)})`,
    );
  }

  const report = (page: Page): Promise<Report> => page.evaluate('phone.report()');
  const said = (page: Page): Promise<string[]> => page.evaluate('phone.said');

  /** Resolves when more sound and more pictures have come than there were. */
  async function mediaGrows(page: Page): Promise<Report> {
    const before = await report(page);
    const enough = async (): Promise<boolean> => {
      const { audio, pictures } = await report(page);
      return audio > before.audio + 50 && pictures > before.pictures + 10;
    };
    await expect.poll(enough, { timeout: 30_000, interval: 200 }).toBe(true);
    return report(page);
  }

  it('hears and sees itself and gets its data back, through relays only, where no other peer is permitted', async () => {
    await using lab = await startLab({ config: { turn: { peers: { allowPrivate: false } } } });
    const page = await register(lab);
    await call(lab, page, 'echo', 'relay');
    expect(await mediaGrows(page)).toMatchObject({ path: 'relay to relay', state: 'connected' });
    await expect.poll(() => page.evaluate('phone.dataHeard'), { timeout: 10_000 }).toEqual(['hello', [1, 2, 3]]);
    expect(lab.events('allocation-created').map(({ user }) => user)).toContain('echo');
    await page.evaluate('phone.session.terminate()');
    await lab.waitFor('peer-call-ended', ({ cause, user, peer: name }) => {
      return cause === 'hung-up' && user === 'alice' && name === 'echo';
    });
    // The peer's relay goes with its call.
    await expect.poll(() => lab.snapshot().allocations, { timeout: 10_000 }).toEqual([]);
  });

  it('reaches it without a relay as well', async () => {
    await using lab = await startLab();
    const page = await register(lab);
    await call(lab, page, 'echo', 'all');
    expect((await mediaGrows(page)).path).toMatch(/to host$/);
  });

  it('goes on hearing itself after an ICE restart', async () => {
    await using lab = await startLab({ config: { turn: { peers: { allowPrivate: false } } } });
    const page = await register(lab);
    await call(lab, page, 'echo', 'relay');
    await mediaGrows(page);
    for (let round = 0; round < 2; round++) {
      const before = await report(page);
      await page.evaluate('phone.restartIce()');
      // Media has moved to another allocation of the peer.
      await expect.poll(async () => (await report(page)).remote, { timeout: 20_000 }).not.toBe(before.remote);
      expect(await mediaGrows(page)).toMatchObject({ path: 'relay to relay', state: 'connected' });
    }
  });

  it('hears itself again after hold', async () => {
    await using lab = await startLab();
    const page = await register(lab);
    await call(lab, page, 'echo', 'relay');
    await mediaGrows(page);
    for (const change of ['hold', 'unhold', 'hold', 'unhold']) {
      await page.evaluate(`new Promise((resolve) => phone.session.${change}({}, () => resolve()))`);
    }
    await mediaGrows(page);
  });

  it('is rung at later, and then hears itself', async () => {
    await using lab = await startLab();
    const page = await register(lab);
    await call(lab, page, 'later-1', 'relay');
    await mediaGrows(page);
    expect(await said(page)).toEqual(['progress', 'confirmed']);
  });
});
