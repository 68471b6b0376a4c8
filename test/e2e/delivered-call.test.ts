import { describe, expect, it } from 'vitest';
import { startCoturn, turnserver } from '../peers/coturn-redis.ts';
import { peer } from '../peers/peers.ts';
import { freePort, redisServer, startRedis } from '../peers/redis.ts';
import { call, credentialOf, launchBrowser, openDemoPage, pathOf, register } from './browser.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

const chromium = peer('chromium');
const DOMAIN = 'example.com';
const HOLD_MS = 2000;
/** 15 pictures and 50 audio packets a second are sent; what is well below says that media does not flow. */
const LEAST_PACKETS = 20;

/** An edge that delivers to the TURN server at that port. */
function startEdge(redisUrl: string, turnPort: number): Promise<ServerProcess> {
  return startServerProcess([
    `domain=${DOMAIN}`,
    'turn.enabled=false',
    `edge.credential.uris=["turn:127.0.0.1:${turnPort}?transport=udp"]`,
    'credentials.approach=delivered',
    `redis.servers=["${redisUrl}"]`,
  ]);
}

/** Two browsers call each other by way of their relays; resolves with the names that they used. */
async function callThrough(edge: ServerProcess): Promise<readonly string[]> {
  const browser = await launchBrowser(chromium ?? '');
  try {
    const pages = [await openDemoPage(browser, edge.ready.page), await openDemoPage(browser, edge.ready.page)] as const;
    const panes = pages.map(({ pane }) => pane);
    const [alice, bob] = [pages[0].pane, pages[1].pane];
    await register(alice, 'alice');
    await register(bob, 'bob');
    for (const pane of panes) await pane.part('transport').selectOption('udp');
    const credentials = await Promise.all(panes.map(credentialOf));
    await call(alice, bob);
    const before = await Promise.all(panes.map(pathOf));
    await pages[0].page.waitForTimeout(HOLD_MS);
    const after = await Promise.all(panes.map(pathOf));
    for (const [i, path] of after.entries()) {
      expect(path).toMatchObject({ local: 'relay', remote: 'relay', protocol: 'udp' });
      expect(path.packets - before[i]!.packets).toBeGreaterThan(LEAST_PACKETS);
    }
    return credentials.map(({ username }) => username);
  } finally {
    await browser.close();
  }
}

describe.skipIf(!chromium || !redisServer)('two browsers with delivered credentials', { timeout: 90_000 }, () => {
  it('call through a relay that knows nothing but the Redis', async () => {
    await using store = await startRedis();
    const turnPort = await freePort();
    const relay = await startServerProcess([
      `domain=${DOMAIN}`,
      'edge.enabled=false',
      `turn.listeners=[{transport: udp, address: 127.0.0.1, port: ${turnPort}}]`,
      `redis.servers=["${store.url}"]`,
    ]);
    const edge = await startEdge(store.url, turnPort);
    const names = await callThrough(edge);
    for (const name of names) {
      expect(name).toMatch(/^[\w-]{24}$/);
      expect(relay.log()).toContain(name);
    }
    expect([await edge.stop(), await relay.stop()]).toEqual([0, 0]);
  });

  it.skipIf(!turnserver)('call through coturn, which reads the Redis', async () => {
    await using store = await startRedis();
    await using coturn = await startCoturn(store);
    const edge = await startEdge(store.url, coturn.port);
    const heard = await store.hear('turn/realm/*/user/*/allocation/*/status');
    const names = await callThrough(edge);
    const told = heard.messages.map(([channel]) => channel);
    for (const name of names) expect(told.some((channel) => channel.includes(`/user/${name}/`))).toBe(true);
    await heard[Symbol.asyncDispose]();
    expect(await edge.stop()).toBe(0);
  });
});
