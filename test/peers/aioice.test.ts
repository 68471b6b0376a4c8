import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { turnServerOptions } from '../turn/support/options.ts';
import { staticVerifier } from '../turn/support/static-verifier.ts';
import { pythonWith, run, type Outcome } from './peers.ts';

const python = pythonWith('aioice');
const SCRIPT = fileURLToPath(new URL('aioice-client.py', import.meta.url));
const MESSAGES = 50;

let server: TurnServer;

function talk(transport: 'udp' | 'tcp' | 'tls', password = 'alice-secret'): Promise<Outcome> {
  const { port } = server.addresses.find((at) => at.transport === transport)!;
  return run(python!, [SCRIPT, transport, String(port), 'alice', password, String(MESSAGES)], 60_000);
}

describe.skipIf(!python)('aioice against our server', () => {
  beforeAll(async () => {
    const listeners = (['udp', 'tcp', 'tls'] as const).map((transport) => ({
      transport,
      address: '127.0.0.1',
      port: 0,
    }));
    server = new TurnServer(turnServerOptions({ listeners, tls: await makeCertificate() }), {
      verifier: staticVerifier({ alice: 'alice-secret' }),
      logger: silentLogger,
    });
    await server.start();
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each(['udp', 'tcp', 'tls'] as const)(
    'allocates over %s, loses nothing by a channel, and deletes what it had',
    { timeout: 90_000 },
    async (transport) => {
      const { output, exitCode } = await talk(transport);
      expect(output).toContain(`back ${MESSAGES} of ${MESSAGES}`);
      expect(exitCode).toBe(0);
      expect(server.stats()).toMatchObject({ allocations: 0, relayPortsTaken: 0 });
    },
  );

  it('is refused with a wrong password', { timeout: 90_000 }, async () => {
    const { output, exitCode } = await talk('udp', 'wrong');
    expect(exitCode).not.toBe(0);
    expect(output).toContain('401');
  });
});
