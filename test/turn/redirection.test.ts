import { beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { type RedirectOptions } from '../../src/turn/engine/discovery/redirection.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { makeCertificate } from './support/certificate.ts';
import { type KeyPair } from '../../src/base/key-pair.ts';
import { turnServerOptions } from './support/options.ts';
import { staticVerifier } from './support/static-verifier.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

let certificate: KeyPair;

beforeAll(async () => {
  certificate = await makeCertificate();
});

const elsewhere: RedirectOptions = {
  servers: [{ address: '127.0.0.2', port: 3478, tlsPort: 5349, weight: 1 }],
  when: 'draining',
  abovePercent: 80,
};

describe.each(['udp', 'tcp', 'tls'] as const)('a server that is drained, over %s', (transport) => {
  const start = (redirect?: RedirectOptions) =>
    startServer({ listeners: [{ transport, address: '127.0.0.1', port: 0 }], tls: certificate, redirect });

  it('keeps relaying for whom it has, sends newcomers away, and takes them again when it resumes', async () => {
    const server = await start(elsewhere);
    const old = await connectClient(server, { transport, ca: certificate.cert });
    const peer = await echoPeer();
    await old.allocate();
    server.drain();
    expect(server.stats()).toMatchObject({ draining: true, allocations: 1 });
    const newcomer = await connectClient(server, { transport, ca: certificate.cert, username: 'bob' });
    await expect(newcomer.allocate()).rejects.toThrow('300 Try Alternate');
    await old.bindChannel(0x4000, peer.address);
    old.sendChannel(0x4000, Buffer.from('still here'));
    expect(await old.receive()).toMatchObject([{ channel: 0x4000, data: Buffer.from('still here') }]);
    await old.refresh(600);
    await old.refresh(0);
    expect(server.stats()).toMatchObject({ draining: true, allocations: 0 });
    server.resume();
    await expect(newcomer.allocate()).resolves.toMatchObject({ family: 4 });
  });

  it('answers 508 where it has nobody to send them to', async () => {
    const server = await start();
    server.drain();
    const newcomer = await connectClient(server, { transport, ca: certificate.cert });
    await expect(newcomer.allocate()).rejects.toThrow('508');
  });
});

describe('a TURN server that is not started', () => {
  it('has nothing to drain', () => {
    const ports = { verifier: staticVerifier({}), logger: silentLogger };
    const server = new TurnServer(turnServerOptions(), ports);
    expect([server.drain(), server.resume()]).toEqual([false, false]);
  });
});
