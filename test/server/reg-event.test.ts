import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { createServer, type ServerEvents } from '../../src/index.ts';
import { contactOf, documentOf, FakeScscf } from '../edge/reg-event/support/fake-scscf.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { TurnClient } from '../turn/support/turn-client.ts';

it.each(['shared-key', 'delivered'] as const)(
  'a user whom the core cuts off loses registration, credential and live relay before the core has its answer, by approach %s',
  async (approach) => {
    await using scscf = await FakeScscf.start('127.0.0.2', 'tcp');
    const server = await createServer(
      {
        domain: 'example.com',
        edge: {
          listen: { addresses: ['127.0.0.1'], port: 0 },
          demoPage: false,
          core: { kind: 'external', uris: [scscf.uri], listen: { addresses: ['127.0.0.1'], port: 0 } },
        },
        credentials: { approach },
        turn: { listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], relay: { addresses: ['127.0.0.1'] } },
      },
      { logger: silentLogger, state: new MemoryState() },
    );
    await server.start();
    const told: (keyof ServerEvents)[] = [];
    for (const name of ['unregistered', 'credential-revoked', 'allocation-ended'] as const) {
      server.on(name, () => told.push(name));
    }
    const wic = new Wic('alice', await WicSocket.connect(server.addresses.webSocket!));
    const { request, answer } = await scscf.admit(wic, { headers: { 'TURN-Cred-Req': '' } });
    const username = answer.headers.get('TURN-Username')!;
    const password = answer.headers.get('TURN-Password')!;
    const subscriber = await scscf.grant();
    const contact = contactOf(wic, request);
    await subscriber.notify(documentOf(wic, [contact]));
    const [turn] = server.addresses.turn;
    const client = await TurnClient.connect({ transport: 'udp', server: turn!, username, password });
    await client.allocate();

    const ended = { ...contact, state: 'terminated', event: 'deactivated' } as const;
    const document = documentOf(wic, [ended], { version: 1, isFull: false, state: 'terminated' });
    expect((await subscriber.notify(document)).status).toBe(200);
    expect(told.toSorted()).toEqual(['allocation-ended', 'credential-revoked', 'unregistered']);
    const again = await TurnClient.connect({ transport: 'udp', server: turn!, username, password });
    await expect(again.allocate()).rejects.toThrow(/^401/);
    client.close();
    again.close();
    await server.stop();
  },
);
