import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settled } from '../../../../../src/base/outcome.ts';
import { CoreResolver } from '../../../../../src/edge/core/external/transport/core-resolver.ts';
import { parseSipUri } from '../../../../../src/sip/uri.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { DnsServer } from './dns-server.ts';

let dns: DnsServer;
let clock: FakeClock;
let resolver: CoreResolver;

beforeEach(async () => {
  dns = await DnsServer.start();
  clock = new FakeClock();
  resolver = new CoreResolver({ servers: [dns.address], clock, timeoutMs: 700, random: () => 0 });
});

afterEach(() => {
  resolver.close();
  dns.close();
});

/** `udp 192.0.2.1:5060`, with the server name behind it where there is one. */
async function resolve(text: string): Promise<string[]> {
  const uri = parseSipUri(text);
  if (!uri.ok) throw new Error(`${text} was expected to be a URI`);
  const found = await settled(resolver.resolve(uri.value));
  return found.map(({ transport, address, port, serverName }) => {
    return `${transport} ${address} ${port}${serverName === undefined ? '' : ` ${serverName}`}`;
  });
}

function core(): DnsServer {
  return dns
    .host('a.example', '192.0.2.1', '2001:db8::1')
    .host('b.example', '192.0.2.2')
    .host('c.example', '192.0.2.3');
}

describe('a URI with an address', () => {
  it.each([
    ['sip:192.0.2.1', 'udp 192.0.2.1 5060'],
    ['sip:192.0.2.1:5080;transport=tcp', 'tcp 192.0.2.1 5080'],
    ['sip:192.0.2.1;transport=TLS', 'tls 192.0.2.1 5061 192.0.2.1'],
    ['sips:[2001:DB8:0::1]', 'tls 2001:db8::1 5061 2001:db8::1'],
    ['sip:core.example;maddr=192.0.2.9', 'udp 192.0.2.9 5060'],
  ])('%s leads there without a question', async (uri, place) => {
    expect(await resolve(uri)).toEqual([place]);
    expect(dns.asked).toEqual([]);
  });

  it.each(['sip:192.0.2.1;transport=sctp', 'sips:192.0.2.1;transport=udp', 'sip:core.example;transport=ws'])(
    '%s leads nowhere',
    async (uri) => {
      expect(await resolve(uri)).toEqual([]);
    },
  );
});

describe('a URI with a name (RFC 3263)', () => {
  it('and a port is asked for addresses only', async () => {
    core();
    expect(await resolve('sip:a.example:5070')).toEqual(['udp 192.0.2.1 5070', 'udp 2001:db8::1 5070']);
    expect(await resolve('sips:b.example:5070')).toEqual(['tls 192.0.2.2 5070 b.example']);
    expect(new Set(dns.asked.map((question) => question.split(' ')[0]))).toEqual(new Set(['A', 'AAAA']));
  });

  it('follows NAPTR by order and preference to SRV', async () => {
    core()
      .naptr('ims.example', 20, 1, 'SIP+D2U', '_sip._udp.other.example')
      .naptr('ims.example', 10, 2, 'sip+d2t', '_sip._tcp.ims.example')
      .naptr('ims.example', 10, 1, 'SIPS+D2T', '_sips._tcp.ims.example')
      .naptr('ims.example', 5, 1, 'SIP+D2S', '_sip._sctp.ims.example')
      .naptr('ims.example', 5, 1, 'E2U+sip', 'x.example', 'u')
      .srv('_sip._tcp.ims.example', 1, 0, 5080, 'b.example')
      .srv('_sips._tcp.ims.example', 1, 0, 5081, 'c.example');
    expect(await resolve('sip:ims.example')).toEqual(['tls 192.0.2.3 5081 ims.example', 'tcp 192.0.2.2 5080']);
    expect(dns.asked).not.toContain('SRV _sip._udp.other.example');
  });

  it('goes by TLS alone when it is sips', async () => {
    core()
      .naptr('ims.example', 1, 1, 'SIP+D2U', '_sip._udp.ims.example')
      .naptr('ims.example', 2, 1, 'SIPS+D2T', '_sips._tcp.ims.example')
      .srv('_sip._udp.ims.example', 1, 0, 5060, 'a.example')
      .srv('_sips._tcp.ims.example', 1, 0, 5061, 'b.example');
    expect(await resolve('sips:ims.example')).toEqual(['tls 192.0.2.2 5061 ims.example']);
  });

  it('finds SRV of each transport without NAPTR, UDP first, and of one when it names that', async () => {
    core().srv('_sip._tcp.ims.example', 1, 0, 5070, 'b.example').srv('_sip._udp.ims.example', 1, 0, 5071, 'c.example');
    expect(await resolve('sip:ims.example')).toEqual(['udp 192.0.2.3 5071', 'tcp 192.0.2.2 5070']);
    dns.asked.length = 0;
    expect(await resolve('sip:ims.example;transport=tcp')).toEqual(['tcp 192.0.2.2 5070']);
    expect(dns.asked.filter((question) => !question.startsWith('A'))).toEqual(['SRV _sip._tcp.ims.example']);
  });

  it('takes SRV records by priority, and leaves out one that says there is no such service', async () => {
    core()
      .srv('_sip._udp.ims.example', 20, 9, 5060, 'a.example')
      .srv('_sip._udp.ims.example', 10, 0, 5060, 'b.example')
      .srv('_sip._udp.ims.example', 5, 0, 5060, 'nobody.example')
      .srv('_sip._tcp.ims.example', 0, 0, 0, '.');
    expect(await resolve('sip:ims.example')).toEqual([
      'udp 192.0.2.2 5060',
      'udp 192.0.2.1 5060',
      'udp 2001:db8::1 5060',
    ]);
  });

  it.each([
    ['sip:a.example', ['udp 192.0.2.1 5060', 'udp 2001:db8::1 5060']],
    ['sips:b.example', ['tls 192.0.2.2 5061 b.example']],
    ['sip:b.example;transport=tls', ['tls 192.0.2.2 5061 b.example']],
  ])('of %s, without SRV, is its address at the default port', async (uri, places) => {
    core();
    expect(await resolve(uri)).toEqual(places);
  });

  it('may be one of the hosts file', async () => {
    expect(await resolve('sip:localhost;transport=tcp')).toContain('tcp 127.0.0.1 5060');
  });

  it('that nobody knows leads nowhere', async () => {
    expect(await resolve('sip:nobody.invalid')).toEqual([]);
  });
});

describe('what was found', () => {
  it('holds for half a minute, and is asked once by many at the same time', async () => {
    core();
    await Promise.all([resolve('sip:b.example:1'), resolve('sip:b.example:1')]);
    clock.advance(29_000);
    dns.clear();
    expect(await resolve('sip:b.example:1')).toEqual(['udp 192.0.2.2 1']);
    expect(dns.asked).toHaveLength(2);
    dns.host('b.example', '192.0.2.7');
    clock.advance(2_000);
    expect(await resolve('sip:b.example:1')).toEqual(['udp 192.0.2.7 1']);
  });

  it('to be nothing holds for five seconds only', async () => {
    expect(await resolve('sip:new.invalid:1')).toEqual([]);
    dns.host('new.invalid', '192.0.2.5');
    expect(await resolve('sip:new.invalid:1')).toEqual([]);
    clock.advance(5_000);
    expect(await resolve('sip:new.invalid:1')).toEqual(['udp 192.0.2.5 1']);
  });

  it.each(['silent', 'failing'] as const)('goes on to hold while the DNS server is %s', async (mood) => {
    core();
    expect(await resolve('sip:b.example:1')).toEqual(['udp 192.0.2.2 1']);
    dns.mood = mood;
    clock.advance(60_000);
    expect(await resolve('sip:b.example:1')).toEqual(['udp 192.0.2.2 1']);
    dns.mood = 'well';
    dns.clear().host('b.example', '192.0.2.8');
    clock.advance(5_000);
    expect(await resolve('sip:b.example:1')).toEqual(['udp 192.0.2.8 1']);
  });

  it('is not replaced by less while part of DNS is silent', async () => {
    core().srv('_sip._udp.b.example', 1, 0, 5099, 'c.example');
    expect(await resolve('sip:b.example;transport=udp')).toEqual(['udp 192.0.2.3 5099']);
    dns.mood = 'failing';
    clock.advance(60_000);
    expect(await resolve('sip:b.example;transport=udp')).toEqual(['udp 192.0.2.3 5099']);
  });
});
