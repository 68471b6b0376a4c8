import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { turnServerOptions } from '../turn/support/options.ts';
import { staticVerifier } from '../turn/support/static-verifier.ts';
import { pythonWith, run } from './peers.ts';

const python = pythonWith('gi.repository.Nice');
const SCRIPT = fileURLToPath(new URL('libnice-client.py', import.meta.url));
const MESSAGES = 50;

let server: TurnServer;

describe.skipIf(!python)('libnice against our server', () => {
  beforeAll(async () => {
    const listeners = (['udp', 'tcp'] as const).map((transport) => ({ transport, address: '127.0.0.1', port: 0 }));
    server = new TurnServer(turnServerOptions({ listeners }), {
      verifier: staticVerifier({ alice: 'alice-secret' }),
      logger: silentLogger,
    });
    await server.start();
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each(['udp', 'tcp'] as const)(
    'meets itself over two relays of clients on %s, and gets everything across unchanged',
    { timeout: 120_000 },
    async (transport) => {
      const { port } = server.addresses.find((at) => at.transport === transport)!;
      const args = [SCRIPT, transport, String(port), 'alice', 'alice-secret', String(MESSAGES)];
      const { output, exitCode } = await run(python!, args, 90_000);
      expect(output).toContain(`arrived ${MESSAGES * 1000} of ${MESSAGES * 1000}, unchanged`);
      expect(exitCode).toBe(0);
      expect(server.stats()!.requestsRefused).toBe(0);
    },
  );
});
