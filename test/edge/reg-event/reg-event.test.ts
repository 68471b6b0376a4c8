import { describe, expect, it } from 'vitest';
import { type EdgeOptions, type ExternalCoreOptions } from '../../../src/edge/edge-options.ts';
import { externalOptions } from '../core/external/core-bench.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type EdgeServer, startEdge } from '../support/edge-server.ts';
import { Wic } from '../support/wic.ts';
import { contactOf, documentOf, FakeScscf } from './support/fake-scscf.ts';

/** A client without a registration is sent away a second before that. */
const UNREGISTERED_SEC = 2;

async function startBefore(scscf: FakeScscf, more: Partial<ExternalCoreOptions> = {}): Promise<EdgeServer> {
  const core = { ...externalOptions([scscf.uri]), regEvent: 'auto', ...more } as const;
  const options = edgeOptions({ limits: { unregisteredSec: UNREGISTERED_SEC } });
  const server = await startEdge({ ...options, core } satisfies EdgeOptions);
  await server.edge.start();
  return server;
}

describe.each(['udp', 'tcp'] as const)('an edge before an S-CSCF that is reached by %s', (transport) => {
  it('subscribes to the default identity with the first registration, once, and ends that with the last', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', transport);
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    const identities = ['sip:boss@example.com', wic.aor];
    const register = await scscf.register(wic, { identities });
    const { request, grant } = await scscf.subscribe().then((it) => ({ request: it.request, grant: it }));
    const path = register.headers.get('Path')!;
    expect(request.uri).toBe('sip:boss@example.com');
    expect(
      Object.fromEntries(['To', 'Event', 'Accept', 'Expires'].map((name) => [name, request.headers.get(name)])),
    ).toEqual({
      To: '<sip:boss@example.com>',
      Event: 'reg',
      Accept: 'application/reginfo+xml',
      Expires: '600000',
    });
    expect(path).toContain(request.headers.get('P-Asserted-Identity')!.slice(1, -1));
    expect(request.headers.get('P-Charging-Vector')).toMatch(/icid-value=/);
    grant.grant();
    await scscf.register(wic, { identities });
    const second = new Wic('alice', await server.connect());
    await scscf.register(second, { identities });
    await scscf.register(second, { identities, expires: 0 });
    await scscf.register(wic, { identities, expires: 0 });
    const last = await scscf.core.request('SUBSCRIBE');
    expect(last.message.headers.get('Expires')).toBe('0');
    expect(last.message.headers.get('Call-ID')).toBe(request.headers.get('Call-ID'));
    expect(scscf.core.unread).toEqual([]);
  });

  it('ends a registration that the core ends, takes back its credential, and closes the WebSocket once calls had time to end', async () => {
    await using scscf = await FakeScscf.start('127.0.0.2', transport);
    await using server = await startBefore(scscf);
    const wic = new Wic('alice', await server.connect());
    const register = await scscf.register(wic);
    const subscriber = await scscf.grant();
    const contact = contactOf(wic, register);
    expect((await subscriber.notify(documentOf(wic, [contact]))).status).toBe(200);
    const ended = { ...contact, state: 'terminated', event: 'deactivated' } as const;
    const last = documentOf(wic, [ended], { version: 1, isFull: false, state: 'terminated' });
    expect((await subscriber.notify(last, { subscriptionState: 'terminated;reason=noresource' })).status).toBe(200);
    expect(server.edge.snapshot().registrations).toEqual([]);
    expect(server.issuer.released).toHaveLength(1);
    expect(server.events.named('unregistered')).toMatchObject([{ aor: wic.aor, cause: 'core-terminated' }]);
    expect(server.events.named('reg-event-obeyed')).toMatchObject([{ aor: wic.aor, cause: 'terminated' }]);
    wic.send(wic.build('OPTIONS', 'sip:example.com', 'sip:example.com', { 'TURN-Cred-Req': '' }));
    await wic.socket.response(403, 'OPTIONS');
    expect(await wic.socket.closed).toBe(1008);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'deregistered' }]);
    expect(scscf.core.unread).toEqual([]);
  });
});
