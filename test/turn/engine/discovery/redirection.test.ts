import { describe, expect, it } from 'vitest';
import { alternateDomain, alternateServer, errorCode } from '../../../../src/stun/attributes/rfc8489.ts';
import {
  additionalAddressFamily,
  evenPort,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
} from '../../../../src/stun/attributes/rfc8656.ts';
import { checkIntegrity } from '../../../../src/stun/integrity.ts';
import { Method } from '../../../../src/stun/message-type.ts';
import { type RedirectOptions } from '../../../../src/turn/engine/discovery/redirection.ts';
import { address, codeOf, plain, World } from '../world.ts';

const east4 = { address: '203.0.114.1', port: 3478, tlsPort: 5349, host: 'east.example', weight: 1 };
const east6 = { ...east4, address: '2a00:1450::e' };
const west4 = { address: '203.0.114.2', port: 3479, tlsPort: 443, host: 'west.example', weight: 3 };

function world(redirect: Partial<RedirectOptions>, more: ConstructorParameters<typeof World>[0] = {}): World {
  return new World({ redirect: { servers: [east4], when: 'draining', abovePercent: 80, ...redirect }, ...more });
}

describe('a server with alternates', () => {
  it('serves every client itself unless told otherwise', () => {
    const here = world({ servers: [east4, west4] });
    for (let i = 0; i < 10; i++) expect(codeOf(here.client().as('alice').allocate())).toBe(0);
    expect(here.engine.stats().draining).toBe(false);
  });

  it('that sends all away answers an authenticated Allocate with 300, signed, and allocates nothing', () => {
    const here = world({ when: 'all' });
    const client = here.client().as('alice');
    const answer = client.allocate();
    expect(answer.get(errorCode)).toEqual({ code: 300, reason: 'Try Alternate' });
    expect(answer.getAll(alternateServer)).toEqual([address('203.0.114.1:3478')]);
    expect(answer.has(alternateDomain)).toBe(false);
    expect(checkIntegrity(answer, client.key16())).toBe('valid');
    expect(here.causes('request-refused')).toEqual(['redirected']);
    expect(here.plane.binds).toBe(0);
  });

  it('tells no stranger of them', () => {
    const here = world({ when: 'all' });
    const client = here.client();
    const answer = client.exchange(plain(Method.Allocate, 'request', (m) => m.add(requestedTransport, 17)))!;
    expect(codeOf(answer)).toBe(401);
    expect(answer.has(alternateServer)).toBe(false);
  });

  it('refuses what is wrong before it sends anybody anywhere', () => {
    const client = world({ when: 'all' }).client().as('alice');
    expect(codeOf(client.request(Method.Allocate))).toBe(400);
    expect(codeOf(client.allocate((m) => m.add(additionalAddressFamily, 1)))).toBe(400);
    expect(codeOf(client.allocate((m) => m.add(requestedAddressFamily, 7)))).toBe(440);
  });

  it('names one of the client’s family first and one of the other after it, under the same name', () => {
    const here = world({ when: 'all', servers: [west4, east6] });
    const six = here.client('[2a00:1450::99]:4000').as('alice');
    expect(six.allocate().getAll(alternateServer)).toEqual([address('[2a00:1450::e]:3478')]);
    const both = world({ when: 'all', servers: [east4, east6] });
    const answer = both.client('[2a00:1450::99]:4000').as('alice').allocate();
    expect(answer.getAll(alternateServer).map(({ family }) => family)).toEqual([6, 4]);
    const four = both.client().as('alice').allocate();
    expect(four.getAll(alternateServer).map(({ family }) => family)).toEqual([4, 6]);
  });

  it('serves a client for whose family it has none', () => {
    const here = world({ when: 'all' });
    expect(codeOf(here.client('[2a00:1450::99]:4000').as('alice').allocate())).toBe(0);
  });

  it('tells a TLS client the TLS port and the name in the certificate', () => {
    const here = world({ when: 'all', servers: [west4] });
    const answer = here.client(undefined, 'tls').as('alice').allocate();
    expect(answer.getAll(alternateServer)).toEqual([address('203.0.114.2:443')]);
    expect(answer.get(alternateDomain)).toBe('west.example');
    expect(here.client(undefined, 'tcp').as('alice').allocate().getAll(alternateServer)).toEqual([
      address('203.0.114.2:3479'),
    ]);
  });

  it('chooses by weight', () => {
    const here = world({ when: 'all', servers: [east4, west4] });
    const drawn: number[] = [];
    let next = 0;
    here.randomInt = (below) => {
      drawn.push(below);
      return next++ % below;
    };
    const ports = Array.from({ length: 8 }, () => here.client().as('alice').allocate().get(alternateServer)!.port);
    expect(ports).toEqual([3478, 3479, 3479, 3479, 3478, 3479, 3479, 3479]);
    expect(new Set(drawn)).toEqual(new Set([4]));
  });

  it('refuses an address that is none at start', () => {
    expect(() => world({ servers: [{ ...east4, address: 'east' }] })).toThrow(
      'turn.alternateServers.0.address: expected an IP address, got "east"',
    );
  });
});

describe('a server that is loaded', () => {
  it('sends clients away from its share of the quota on, and serves them again below it', () => {
    const here = world({ when: 'loaded', abovePercent: 50 }, { quota: { perUser: 100, total: 4 } });
    const clients = [here.client().as('alice'), here.client().as('bob')];
    expect(clients.map((client) => codeOf(client.allocate()))).toEqual([0, 0]);
    expect(codeOf(here.client().as('carol').allocate())).toBe(300);
    clients[0]!.request(Method.Refresh, (m) => m.add(lifetime, 0));
    expect(codeOf(here.client().as('carol').allocate())).toBe(0);
  });

  it('counts both families of an allocation and held ports', () => {
    const here = world({ when: 'loaded', abovePercent: 100 }, { quota: { perUser: 100, total: 4 } });
    here
      .client()
      .as('alice')
      .allocate((m) => m.add(additionalAddressFamily, 2));
    here
      .client()
      .as('alice')
      .allocate((m) => m.add(evenPort, true));
    expect(codeOf(here.client().as('bob').allocate())).toBe(300);
  });

  it('answers 486 where it has nobody to send the client to', () => {
    const here = world({ when: 'loaded' }, { quota: { perUser: 100, total: 1 } });
    const six = (host: string) => here.client(`[2a00:1450::${host}]:4000`).as('alice');
    expect([codeOf(six('1').allocate()), codeOf(six('2').allocate())]).toEqual([0, 486]);
  });
});

describe('a server that is drained', () => {
  it('sends new allocations away while those that exist go on', () => {
    const here = world({});
    const client = here.client().as('alice');
    client.allocate();
    here.engine.draining = true;
    expect(codeOf(here.client().as('bob').allocate())).toBe(300);
    expect(codeOf(client.request(Method.Refresh, (m) => m.add(lifetime, 1800)))).toBe(0);
    const permitted = client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address('203.0.114.7:1')));
    expect(codeOf(permitted)).toBe(0);
    expect(here.engine.stats()).toMatchObject({ draining: true, allocations: 1 });
    here.engine.draining = false;
    expect(codeOf(here.client().as('bob').allocate())).toBe(0);
  });

  it.each([
    ['without alternates', []],
    ['without one of the client’s family', [east6]],
  ])('%s answers 508', (_what, servers) => {
    const here = world({ servers });
    here.engine.draining = true;
    expect(codeOf(here.client().as('bob').allocate())).toBe(508);
    expect(here.causes('request-refused')).toEqual(['draining']);
  });

  it('answers a retransmitted Allocate as before', () => {
    const here = world({});
    const client = here.client().as('alice');
    client.allocate(undefined, Buffer.alloc(12, 1));
    here.engine.draining = true;
    expect(codeOf(client.allocate(undefined, Buffer.alloc(12, 1)))).toBe(0);
  });

  it('hands a held port to the client that shows its token', () => {
    const here = world({});
    const token = here
      .client()
      .as('alice')
      .allocate((m) => m.add(evenPort, true))
      .get(reservationToken)!;
    here.engine.draining = true;
    const second = here.client().as('alice');
    expect(codeOf(second.allocate((m) => m.add(reservationToken, token)))).toBe(0);
  });
});
