import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { formatBanner, formatReadyLine } from '../../src/cli/banner.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { type ConfigInput, createServer, type Server } from '../../src/index.ts';

const PORT = { listen: { addresses: ['127.0.0.1'], port: 0 } };
const RELAY = {
  listeners: [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }],
  relay: { addresses: ['127.0.0.1'] },
};
const TOKEN_KEY = { kid: 'north', key: Buffer.alloc(32, 'K').toString('base64') };
const KM_CHOSEN = 'a shared key Km, generated';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function printed(config: ConfigInput): Promise<{ banner: string; ready: Record<string, unknown>; port: number }> {
  const server = await createServer(config, { logger: silentLogger, state: new MemoryState() });
  servers.push(server);
  const addresses = await server.start();
  const ready = JSON.parse(formatReadyLine('1.2.3', addresses, server)) as Record<string, unknown>;
  return { banner: formatBanner('1.2.3', addresses, server), ready, port: addresses.https[0]?.port ?? 0 };
}

it('an authorization server alone is told by its URL, and nothing of a key that nobody uses', async () => {
  const oauth = { authorizationServer: { enabled: true } };
  const { banner, ready, port } = await printed({ edge: { ...PORT, enabled: false }, turn: { enabled: false }, oauth });
  expect(banner).toContain(`  WAF         https://localhost:${port}\n`);
  expect(banner).not.toContain(KM_CHOSEN);
  expect(ready.authorizationServer).toBe(`https://localhost:${port}`);
});

it('approach 2 and access tokens are told, where clients get them', async () => {
  const { banner } = await printed({
    edge: { ...PORT, demoPage: false },
    turn: RELAY,
    credentials: { approach: 'delivered' },
    oauth: { keys: [TOKEN_KEY] },
  });
  expect(banner).toContain('  Credentials delivered (approach 2), kept in the memory of this process\n');
  expect(banner).toContain('              access tokens (RFC 7635), by the key north\n');
  expect(banner).not.toContain(KM_CHOSEN);
});

it('a lab as it is says nothing of ways that are not configured', async () => {
  const { banner, ready } = await printed({ edge: { ...PORT, demoPage: false }, turn: RELAY });
  expect(banner).not.toMatch(/^ {2}(?:Credentials|WAF|WWSF|Admin) /m);
  expect(banner).toContain(KM_CHOSEN);
  expect(ready).not.toHaveProperty('authorizationServer');
});
