import { describe, expect, it } from 'vitest';
import { startCoturn, turnserver } from '../peers/coturn-redis.ts';
import { peer } from '../peers/peers.ts';
import { Fleet } from '../peers/redis-fleet.ts';
import { redisServer, startRedis, until } from '../peers/redis.ts';
import { call, credentialOf, launchBrowser, openDemoPage, pathOf, register } from './browser.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';
import { freePort } from '../support/free-port.ts';

const chromium = peer('chromium');
const DOMAIN = 'example.com';
const HOLD_MS = 2000;
/** 15 pictures and 50 audio packets a second are sent; what is well below says that media does not flow. */
const LEAST_PACKETS = 20;

/** An edge that delivers to the TURN servers at those ports. */
function startEdge(redisUrl: string, ...turnPorts: number[]): Promise<ServerProcess> {
  const uris = turnPorts.map((port) => `"turn:127.0.0.1:${port}?transport=udp"`);
  return startServerProcess([
    `domain=${DOMAIN}`,
    'turn.enabled=false',
    `edge.credential.uris=[${uris.join(', ')}]`,
    'credentials.approach=delivered',
    `redis.servers=["${redisUrl}"]`,
  ]);
}

/** A relay that knows nothing but the Redis. */
function startRelay(redisUrl: string, turnPort: number): Promise<ServerProcess> {
  return startServerProcess([
    `domain=${DOMAIN}`,
    'edge.enabled=false',
    `turn.listeners=[{transport: udp, address: 127.0.0.1, port: ${turnPort}}]`,
    `redis.servers=["${redisUrl}"]`,
  ]);
}

/**
 * Two browsers call each other by way of their relays; resolves with the names that they used. `during`: with these names, while media flows; resolves
 * to whether it is to flow on.
 */
async function callThrough(
  edge: ServerProcess,
  during: (names: readonly string[]) => Promise<boolean> = () => Promise.resolve(true),
): Promise<readonly string[]> {
  const browser = await launchBrowser(chromium ?? '');
  try {
    const pages = [await openDemoPage(browser, edge.ready.page), await openDemoPage(browser, edge.ready.page)] as const;
    const panes = pages.map(({ pane }) => pane);
    const [alice, bob] = [pages[0].pane, pages[1].pane];
    await register(alice, 'alice');
    await register(bob, 'bob');
    for (const pane of panes) await pane.part('transport').selectOption('udp');
    const names = (await Promise.all(panes.map(credentialOf))).map(({ username }) => username);
    await call(alice, bob);
    for (const path of await Promise.all(panes.map(pathOf))) {
      expect(path).toMatchObject({ local: 'relay', remote: 'relay', protocol: 'udp' });
    }
    const received = async (): Promise<readonly number[]> => {
      const before = await Promise.all(panes.map(pathOf));
      await pages[0].page.waitForTimeout(HOLD_MS);
      return (await Promise.all(panes.map(pathOf))).map(({ packets }, i) => packets - before[i]!.packets);
    };
    const flow = async () => (await received()).map((packets) => packets > LEAST_PACKETS);
    expect(await flow()).toEqual([true, true]);
    const goesOn = await during(names);
    // What the page shows is up to a second old.
    await expect.poll(flow, { timeout: 20_000 }).toEqual([goesOn, goesOn]);
    return names;
  } finally {
    await browser.close();
  }
}

describe.skipIf(!chromium || !redisServer)('two browsers with delivered credentials', { timeout: 90_000 }, () => {
  it('call through a relay that knows nothing but the Redis', async () => {
    await using store = await startRedis();
    const turnPort = await freePort();
    const relay = await startRelay(store.url, turnPort);
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

  it('lose their relays at once, at both TURN servers of a fleet, when an operator revokes them', async () => {
    await using store = await startRedis();
    await using fleet = new Fleet();
    const ports = [await freePort(), await freePort()];
    const relays = await Promise.all(ports.map((port) => startRelay(store.url, port)));
    const edge = await startEdge(store.url, ...ports);
    const operator = await fleet.relay({ servers: [store.url] });
    const lines = (relay: ServerProcess, name: string, text: string): number =>
      relay
        .log()
        .split('\n')
        .filter((line) => line.includes(`"user":"${name}"`) && line.includes(text)).length;
    let tookMs = Infinity;
    await callThrough(edge, async (names) => {
      const held = relays.flatMap((relay) => names.map((name) => ({ relay, name })));
      for (const { relay, name } of held) expect(lines(relay, name, 'allocation created')).toBeGreaterThan(0);
      const startMs = performance.now();
      for (const name of names) operator.revokeName(name);
      await until(() => held.every(({ relay, name }) => lines(relay, name, '"cause":"revoked"') > 0));
      tookMs = performance.now() - startMs;
      return false;
    });
    expect(tookMs).toBeLessThan(1000);
    await Promise.all([edge, ...relays].map((one) => one.stop()));
  });
});
