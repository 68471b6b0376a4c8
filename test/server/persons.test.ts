import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createServer } from '../../src/index.ts';
import { Server } from '../../src/server/server.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { unwrap } from '../support/unwrap.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A TURN server where a user may have three relayed addresses. */
async function relay(pseudonymKey: string): Promise<Server> {
  const server = await createServer(
    {
      stateDir: mkdtempSync(join(tmpdir(), 'persons-')),
      edge: { enabled: false },
      credentials: { secret: 'km-of-the-whole-fleet', pseudonymKey },
      turn: {
        listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
        relay: { addresses: ['127.0.0.1'] },
        quota: { perUser: 3, total: 20 },
      },
    },
    { logger: silentLogger },
  );
  await server.start();
  closers.push(() => server.stop());
  return server;
}

/** What an Allocate with a new credential of the edge `from` is answered. */
async function allocate(at: Server, from: Server, registrationId: string, person: string): Promise<string> {
  const request = { registrationId, person, grantedExpiresSec: 600 };
  const issued = Server.secretsOf(from).sharedKey.issuer.issue(request, systemClock.now());
  const { username, password } = unwrap(issued);
  const client = await TurnClient.connect({
    transport: 'udp',
    server: at.addresses.turn[0]!,
    username,
    password: password.revealText(),
  });
  closers.push(() => {
    client.close();
  });
  return client.allocate().then(
    () => 'granted',
    (error: unknown) => (error as Error).message.slice(0, 3),
  );
}

it('new registrations bring a user no more relayed addresses, and others are served', async () => {
  const server = await relay('pseudonym-key');
  const answers: string[] = [];
  for (let i = 0; i < 5; i++) answers.push(await allocate(server, server, `device ${i}`, 'mallory'));
  expect(answers).toEqual(['granted', 'granted', 'granted', '486', '486']);
  expect(await allocate(server, server, 'device', 'alice')).toBe('granted');
  expect(server.users()).toHaveLength(4);
});

it('that holds on a relay that knows Km and not the pseudonym key', async () => {
  const [edge, far] = [await relay('of-the-edge'), await relay('of-nobody')];
  const answers: string[] = [];
  for (let i = 0; i < 4; i++) answers.push(await allocate(far, edge, `device ${i}`, 'mallory'));
  expect(answers).toEqual(['granted', 'granted', 'granted', '486']);
});
