import { describe, expect, it } from 'vitest';
import { EpcscfTurnError } from '../../../../src/base/errors.ts';
import { formatIp, parseIp } from '../../../../src/base/ip.ts';
import { parseIpRange } from '../../../../src/base/ip-range.ts';
import { type TransportAddress } from '../../../../src/base/transport-address.ts';
import { type PeerOptions, type TurnEngineOptions } from '../../../../src/turn/engine/engine-options.ts';
import { PeerPolicy } from '../../../../src/turn/engine/peers/peer-policy.ts';
import { SPECIAL_PURPOSE_RANGES } from '../../../../src/turn/engine/peers/special-purpose-ranges.ts';
import { address, engineOptions } from '../world.ts';

interface Setup extends Partial<PeerOptions> {
  readonly relays?: readonly string[];
  readonly listeners?: readonly string[];
  readonly own?: readonly string[];
  readonly live?: readonly string[];
}

function policy({ relays, listeners, own, live, ...peers }: Setup = {}): PeerPolicy {
  const base = engineOptions();
  const options: TurnEngineOptions = {
    ...base,
    peers: { ...base.peers, ...peers },
    relay: { ...base.relay, addresses: relays ?? base.relay.addresses },
    listeners: (listeners ?? []).map(address),
    ownAddresses: own ?? [],
  };
  return new PeerPolicy(options, (peer) => (live ?? []).includes(text(peer)));
}

const text = (peer: TransportAddress): string =>
  peer.family === 4 ? `${peer.address}:${peer.port}` : `[${peer.address}]:${peer.port}`;

/** What the policy says of an address, written in any of its spellings. */
function ruleOf(of: PeerPolicy, spelled: string): string {
  const rule = of.addressRule(formatIp(parseIp(spelled)!));
  return typeof rule === 'string' ? rule : rule.denied;
}

const peer = (spelled: string): TransportAddress => {
  const colon = spelled.lastIndexOf(':');
  const bytes = parseIp(spelled.slice(0, colon).replace(/^\[|\]$/g, ''))!;
  return { family: bytes.length === 4 ? 4 : 6, address: formatIp(bytes), port: Number(spelled.slice(colon + 1)) };
};

describe('by default a public address is open', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2000::1',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2001:db7::1',
    '2003::1',
    '2606:4700::1111',
    '2a00:1450::2',
    '3ffe::1',
  ])('%s', (spelled) => {
    expect(ruleOf(policy(), spelled)).toBe('open');
  });
});

describe('by default a special-purpose IPv4 address is denied', () => {
  it.each([
    ['this network', '0.0.0.0', 'not-unicast'],
    ['this network', '0.255.255.255', 'not-unicast'],
    ['private', '10.0.0.0', 'private'],
    ['private', '10.255.255.255', 'private'],
    ['shared', '100.64.0.0', 'private'],
    ['shared', '100.127.255.255', 'private'],
    ['loopback', '127.0.0.1', 'private'],
    ['loopback', '127.255.255.255', 'private'],
    ['link-local', '169.254.0.1', 'special-purpose'],
    ['metadata', '169.254.169.254', 'metadata'],
    ['metadata', '100.100.100.200', 'metadata'],
    ['metadata', '192.0.0.192', 'metadata'],
    ['metadata', '168.63.129.16', 'metadata'],
    ['metadata', '169.254.170.2', 'metadata'],
    ['private', '172.16.0.0', 'private'],
    ['private', '172.31.255.255', 'private'],
    ['IETF protocol assignments', '192.0.0.170', 'special-purpose'],
    ['documentation', '192.0.2.1', 'special-purpose'],
    ['6to4 relay anycast', '192.88.99.1', 'special-purpose'],
    ['private', '192.168.0.1', 'private'],
    ['benchmarking', '198.18.0.1', 'special-purpose'],
    ['benchmarking', '198.19.255.255', 'special-purpose'],
    ['documentation', '198.51.100.1', 'special-purpose'],
    ['documentation', '203.0.113.1', 'special-purpose'],
    ['multicast', '224.0.0.1', 'not-unicast'],
    ['multicast', '239.255.255.255', 'not-unicast'],
    ['reserved', '240.0.0.1', 'special-purpose'],
    ['reserved', '255.255.255.254', 'special-purpose'],
    ['broadcast', '255.255.255.255', 'not-unicast'],
  ])('%s %s', (_what, spelled, cause) => {
    expect(ruleOf(policy(), spelled)).toBe(cause);
  });
});

describe('by default a special-purpose IPv6 address is denied', () => {
  it.each([
    ['unspecified', '::', 'not-unicast'],
    ['loopback', '::1', 'private'],
    ['loopback spelled out', '0:0:0:0:0:0:0:1', 'private'],
    ['discard-only', '100::1', 'special-purpose'],
    ['dummy prefix', '100:0:0:1::1', 'special-purpose'],
    ['benchmarking', '2001:2::1', 'special-purpose'],
    ['ORCHID', '2001:10::1', 'special-purpose'],
    ['ORCHIDv2', '2001:20::1', 'special-purpose'],
    ['the end of IETF assignments', '2001:1ff:ffff::1', 'special-purpose'],
    ['documentation', '2001:db8::1', 'special-purpose'],
    ['documentation', '3fff:fff::1', 'special-purpose'],
    ['segment routing', '5f00::1', 'special-purpose'],
    ['ULA', 'fc00::1', 'private'],
    ['ULA', 'fdff:ffff::1', 'private'],
    ['metadata', 'fd00:ec2::254', 'metadata'],
    ['metadata', 'fd20:ce::254', 'metadata'],
    ['metadata', 'fd00:c1::a9fe:a9fe', 'metadata'],
    ['link-local', 'fe80::1', 'special-purpose'],
    ['link-local', 'febf:ffff::1', 'special-purpose'],
    ['site-local', 'fec0::1', 'special-purpose'],
    ['site-local', 'feff::1', 'special-purpose'],
    ['multicast', 'ff02::1', 'not-unicast'],
    ['multicast', 'ff0e::1', 'not-unicast'],
    ['unassigned', '1000::1', 'special-purpose'],
    ['unassigned', '4000::1', 'special-purpose'],
    ['unassigned', 'e000::1', 'special-purpose'],
    ['unassigned', 'fe00::1', 'special-purpose'],
  ])('%s %s', (_what, spelled, cause) => {
    expect(ruleOf(policy(), spelled)).toBe(cause);
  });
});

describe('IPv4 inside IPv6 is denied in every encoding, whatever the inner address and the lists', () => {
  const inner = [
    ['a public address', '8.8.8.8', '0808:0808'],
    ['loopback', '127.0.0.1', '7f00:0001'],
    ['metadata', '169.254.169.254', 'a9fe:a9fe'],
    ['a private address', '10.0.0.1', '0a00:0001'],
  ] as const;
  const encodings: readonly (readonly [string, (dotted: string, hex: string) => string])[] = [
    ['IPv4-mapped, dotted', (dotted) => `::ffff:${dotted}`],
    ['IPv4-mapped, hex', (_dotted, hex) => `::ffff:${hex}`],
    ['IPv4-mapped, spelled out', (_dotted, hex) => `0:0:0:0:0:ffff:${hex}`],
    ['IPv4-compatible', (dotted) => `::${dotted}`],
    ['IPv4-translated', (_dotted, hex) => `::ffff:0:${hex}`],
    ['NAT64', (dotted) => `64:ff9b::${dotted}`],
    ['local-use NAT64', (_dotted, hex) => `64:ff9b:1::${hex}`],
    ['local-use NAT64, inner prefix', (_dotted, hex) => `64:ff9b:1:abcd:1::${hex}`],
    ['6to4', (_dotted, hex) => `2002:${hex}::1`],
    ['Teredo', (_dotted, hex) => `2001:0:${hex}::1`],
    ['ISATAP, local', (_dotted, hex) => `fe80::5efe:${hex}`],
    ['ISATAP, local, global inner', (_dotted, hex) => `fe80::200:5efe:${hex}`],
    ['ISATAP under a public prefix', (_dotted, hex) => `2a00:1450:0:1:0:5efe:${hex}`],
    ['ISATAP under a public prefix, global inner', (_dotted, hex) => `2a00:1450:0:1:200:5efe:${hex}`],
  ];
  const table = encodings.flatMap(([encoding, encode]) =>
    inner.map(([what, dotted, hex]) => [encoding, what, encode(dotted, hex)] as const),
  );

  it.each(table)('%s of %s: %s', (_encoding, _what, spelled) => {
    const wideOpen = policy({ allow: ['::/0', '0.0.0.0/0'], allowPrivate: true });
    expect(ruleOf(policy(), spelled)).toBe('ipv4-in-ipv6');
    expect(ruleOf(wideOpen, spelled)).toBe('ipv4-in-ipv6');
    expect(wideOpen.peerDenial({ ...peer(`[${spelled}]:80`) })).toBe('ipv4-in-ipv6');
  });
});

describe('allowPrivate', () => {
  it.each([
    ['loopback', '127.0.0.1', 'open'],
    ['loopback', '::1', 'open'],
    ['RFC 1918', '10.1.2.3', 'open'],
    ['RFC 1918', '172.20.0.1', 'open'],
    ['RFC 1918', '192.168.1.1', 'open'],
    ['shared', '100.64.0.1', 'open'],
    ['ULA', 'fd12:3456::1', 'open'],
    ['metadata', '169.254.169.254', 'metadata'],
    ['metadata within the shared range', '100.100.100.200', 'metadata'],
    ['metadata within ULA', 'fd00:ec2::254', 'metadata'],
    ['metadata within ULA', 'fd20:ce::254', 'metadata'],
    ['metadata at a public address', '168.63.129.16', 'metadata'],
    ['link-local', '169.254.1.1', 'special-purpose'],
    ['link-local', 'fe80::1', 'special-purpose'],
    ['site-local', 'fec0::1', 'special-purpose'],
    ['documentation', '192.0.2.1', 'special-purpose'],
    ['multicast', '224.0.0.1', 'not-unicast'],
    ['unspecified', '0.0.0.0', 'not-unicast'],
  ])('says of %s %s: %s', (_what, spelled, rule) => {
    expect(ruleOf(policy({ allowPrivate: true }), spelled)).toBe(rule);
  });

  it('gives way to the deny list', () => {
    expect(ruleOf(policy({ allowPrivate: true, deny: ['10.0.0.0/8'] }), '10.1.1.1')).toBe('deny-list');
  });
});

describe('the lists', () => {
  it('deny what is open otherwise, as address, block and range', () => {
    const some = policy({ deny: ['9.9.9.9', '8.8.0.0/16', '2606:4700::/32', '1.1.1.10-1.1.1.20'] });
    expect(['9.9.9.9', '8.8.4.4', '2606:4700::1', '1.1.1.10', '1.1.1.20'].map((a) => ruleOf(some, a))).toEqual(
      Array(5).fill('deny-list'),
    );
    expect(['9.9.9.10', '8.9.0.0', '2606:4701::', '1.1.1.21'].map((a) => ruleOf(some, a))).toEqual(
      Array(4).fill('open'),
    );
  });

  it('allow what is denied otherwise', () => {
    const some = policy({ allow: ['10.1.0.0/16', '192.0.2.1', 'fd12::/16', 'fe80::/10'] });
    expect(['10.1.2.3', '192.0.2.1', 'fd12::1', 'fe80::1'].map((a) => ruleOf(some, a))).toEqual(Array(4).fill('open'));
    expect(ruleOf(some, '10.2.0.1')).toBe('private');
  });

  it('deny before they allow', () => {
    expect(ruleOf(policy({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }), '10.1.1.1')).toBe('deny-list');
  });

  it('open a metadata service only to an entry for its one address', () => {
    expect(ruleOf(policy({ allow: ['169.254.0.0/16'] }), '169.254.169.254')).toBe('metadata');
    expect(ruleOf(policy({ allow: ['169.254.169.254'] }), '169.254.169.254')).toBe('open');
  });

  it.each(['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1'])('never open %s', (spelled) => {
    expect(ruleOf(policy({ allow: ['0.0.0.0/0', '::/0'] }), spelled)).toBe('not-unicast');
  });

  it('do not let a list of one family speak for the other', () => {
    expect(ruleOf(policy({ deny: ['0.0.0.0/0'] }), '2606:4700::1')).toBe('open');
  });

  it.each([
    ['no address', 'localhost'],
    ['nothing', ''],
    ['host bits', '10.1.2.3/8'],
    ['a prefix too long', '10.0.0.0/33'],
    ['a zone', 'fe80::1%eth0'],
    ['two families', '10.0.0.1-::1'],
    ['a range backwards', '10.0.0.2-10.0.0.1'],
    ['a port', '10.0.0.1:80'],
    ['a short form', '10.1'],
    ['an octal form', '010.0.0.1'],
  ])('stop the start at an entry with %s', (_what, entry) => {
    for (const list of ['allow', 'deny'] as const) {
      const start = (): PeerPolicy => policy({ [list]: ['9.9.9.9', entry] });
      expect(start).toThrow(EpcscfTurnError);
      expect(start).toThrow(`turn.peers.${list}.1: expected an IP address`);
    }
  });
});

describe('our own listeners are never a peer', () => {
  it.each([
    ['an address', '8.8.4.1:3478', '8.8.4.1:3478'],
    ['an IPv6 address', '[2a00:1450::1]:5349', '[2a00:1450::1]:5349'],
    ['one address, on an external one that leads to it', '10.0.0.5:3478', '9.9.9.9:3478'],
    ['one address, on the relay address', '10.0.0.5:3478', '8.8.4.1:3478'],
    ['one address, on loopback', '10.0.0.5:3478', '127.0.0.1:3478'],
    ['the wildcard, on the relay address', '0.0.0.0:3478', '8.8.4.1:3478'],
    ['the wildcard, on a named own address', '0.0.0.0:3478', '9.9.9.9:3478'],
    ['the IPv6 wildcard, on the relay address', '[::]:3478', '[2a00:1450::1]:3478'],
    ['the IPv6 wildcard, dual-stack', '[::]:3478', '8.8.4.1:3478'],
    ['the wildcard, on loopback', '0.0.0.0:3478', '127.0.0.1:3478'],
    ['the wildcard, on another loopback', '0.0.0.0:3478', '127.9.9.9:3478'],
    ['the wildcard, on IPv6 loopback', '[::]:3478', '[::1]:3478'],
  ])('listening on %s (%s): not %s', (_what, listener, target) => {
    const some = policy({
      listeners: [listener],
      own: ['9.9.9.9'],
      live: [target],
      allowPrivate: true,
      allow: ['0.0.0.0/0', '::/0'],
    });
    expect(some.peerDenial(peer(target))).toBe('own-listener');
  });

  it('but other hosts are', () => {
    const some = policy({ listeners: ['0.0.0.0:3478', '8.8.4.1:5349'] });
    expect(some.peerDenial(peer('1.1.1.1:3478'))).toBeUndefined();
    expect(some.peerDenial(peer('1.1.1.1:5349'))).toBeUndefined();
  });
});

describe('our own relayed addresses', () => {
  it('are peers while they live, on a closed address and against the deny list', () => {
    const some = policy({
      relays: ['127.0.0.1', '9.9.9.9'],
      deny: ['9.9.9.9'],
      live: ['127.0.0.1:50000', '9.9.9.9:50000'],
    });
    for (const relay of ['127.0.0.1', '9.9.9.9']) {
      expect(ruleOf(some, relay)).toBe('own-relays-only');
      expect(some.peerDenial(peer(`${relay}:50000`))).toBeUndefined();
      expect(some.peerDenial(peer(`${relay}:50001`))).toBe('not-a-live-relay');
    }
  });

  it('are found whatever the spelling of the option', () => {
    expect(ruleOf(policy({ relays: ['0:0:0:0:0:0:0:1'] }), '::1')).toBe('own-relays-only');
  });

  it('that are public are closed like any other: live relays are all that is reached there', () => {
    const some = policy({ live: ['8.8.4.1:50000'] });
    expect(ruleOf(some, '8.8.4.1')).toBe('own-relays-only');
    expect(some.peerDenial(peer('8.8.4.1:50000'))).toBeUndefined();
    expect(some.peerDenial(peer('8.8.4.1:6379'))).toBe('not-a-live-relay');
  });

  it('open to an allow entry for the one address, and to no wider one', () => {
    expect(ruleOf(policy({ allow: ['8.8.4.1'] }), '8.8.4.1')).toBe('open');
    expect(ruleOf(policy({ allow: ['8.8.0.0/16', '0.0.0.0/0'] }), '8.8.4.1')).toBe('own-relays-only');
  });

  it.each(['relays', 'own'] as const)('that are no addresses stop the start: %s', (list) => {
    expect(() => policy({ [list]: ['example.org'] })).toThrow(EpcscfTurnError);
  });
});

describe('other addresses of this machine', () => {
  it.each([
    ['an external one', { own: ['9.9.9.9'] }, '9.9.9.9', 'own-address'],
    ['that of a listener', { listeners: ['9.9.9.9:3478'] }, '9.9.9.9', 'own-address'],
    ['an IPv6 one', { own: ['2606:4700::1'] }, '2606:4700:0::1', 'own-address'],
    ['a private one', { own: ['10.0.0.1'], allow: ['10.0.0.0/8'] }, '10.0.0.1', 'private'],
    ['a public one within an allowed range', { own: ['9.9.9.9'], allow: ['9.9.9.0/24'] }, '9.9.9.9', 'own-address'],
  ] as const)('are no peers: %s', (_what, setup, spelled, cause) => {
    expect(ruleOf(policy(setup), spelled)).toBe(cause);
  });

  it.each([
    ['an entry for the one address', { own: ['9.9.9.9'], allow: ['9.0.0.0/8', '9.9.9.9'] }, '9.9.9.9'],
    ['an entry for the one private address', { own: ['10.0.0.1'], allow: ['10.0.0.1'] }, '10.0.0.1'],
    ['allowPrivate, where they are private', { own: ['10.0.0.1'], allowPrivate: true }, '10.0.0.1'],
  ] as const)('open to %s', (_what, setup, spelled) => {
    expect(ruleOf(policy(setup), spelled)).toBe('open');
  });

  it('stay closed to allowPrivate where they are public', () => {
    expect(ruleOf(policy({ own: ['9.9.9.9'], allowPrivate: true }), '9.9.9.9')).toBe('own-address');
  });

  it('are those of the interfaces too, as they come and go', () => {
    const some = policy();
    expect(ruleOf(some, '9.9.9.9')).toBe('open');
    expect(some.setHostAddresses(['9.9.9.9', '2606:4700::1'])).toBe(true);
    expect(ruleOf(some, '9.9.9.9')).toBe('own-address');
    expect(ruleOf(some, '2606:4700::1')).toBe('own-address');
    expect(some.setHostAddresses(['2606:4700::1'])).toBe(false);
    expect(ruleOf(some, '9.9.9.9')).toBe('open');
  });

  it('are all of a prefix that the machine answers for', () => {
    const some = policy();
    expect(some.setHostAddresses(['9.9.9.0/24', '2606:4700::/64'])).toBe(true);
    for (const spelled of ['9.9.9.0', '9.9.9.77', '2606:4700::ffff']) expect(ruleOf(some, spelled)).toBe('own-address');
    for (const spelled of ['9.9.8.255', '9.9.10.0', '2606:4700:0:1::']) expect(ruleOf(some, spelled)).toBe('open');
    expect(some.setHostAddresses(['9.9.9.0/24'])).toBe(false);
    expect(ruleOf(some, '2606:4700::ffff')).toBe('open');
  });

  it('leave a lab what allowPrivate gives it, where a private prefix is of the machine', () => {
    const some = policy({ allowPrivate: true });
    some.setHostAddresses(['10.1.0.0/16', '127.0.0.1']);
    expect(ruleOf(some, '10.1.2.3')).toBe('open');
    expect(ruleOf(some, '127.0.0.2')).toBe(ruleOf(policy({ allowPrivate: true }), '127.0.0.2'));
  });
});

describe('the core behind the edge', () => {
  const named = (setup: Setup = {}): PeerPolicy => {
    const some = policy(setup);
    some.setCoreAddresses([peer('9.9.9.9:5060'), peer('[2606:4700::1]:5061')]);
    return some;
  };

  it.each(['9.9.9.9', '2606:4700::1'])('is no peer, at any port: %s', (spelled) => {
    expect(ruleOf(named(), spelled)).toBe('core');
  });

  it('is none either where a range says so', () => {
    const some = policy({ core: ['9.9.0.0/16'], allowPrivate: true, allow: ['9.0.0.0/8'] });
    expect(ruleOf(some, '9.9.1.1')).toBe('core');
    expect(ruleOf(some, '9.8.1.1')).toBe('open');
  });

  it('is closed to allowPrivate and to an allowed range', () => {
    const some = policy({ allowPrivate: true, allow: ['10.0.0.0/8'] });
    some.setCoreAddresses([peer('10.0.0.2:5060')]);
    expect(ruleOf(some, '10.0.0.2')).toBe('core');
    expect(ruleOf(some, '10.0.0.3')).toBe('open');
  });

  it('opens to an allow entry for its one address, for media there, and still not where it is reached', () => {
    const some = named({ allow: ['9.9.9.9'] });
    expect(some.peerDenial(peer('9.9.9.9:16384'))).toBeUndefined();
    expect(some.peerDenial(peer('9.9.9.9:5060'))).toBe('core');
    expect(some.peerDenial(peer('9.9.9.9:5061'))).toBe('core');
  });

  it('moves: what its names led to before is open again', () => {
    const some = named();
    expect(some.setCoreAddresses([peer('1.1.1.1:5060')])).toBe(true);
    expect(ruleOf(some, '9.9.9.9')).toBe('open');
    expect(ruleOf(some, '1.1.1.1')).toBe('core');
    expect(some.setCoreAddresses([peer('1.1.1.1:5060')])).toBe(false);
  });

  it('on this machine is closed at its port on every address of it, where its address is open otherwise', () => {
    const some = policy({
      relays: ['127.0.0.1'],
      own: ['9.9.9.9'],
      allow: ['127.0.0.1', '9.9.9.9'],
      allowPrivate: true,
    });
    some.setCoreAddresses([peer('127.0.0.1:5060')]);
    expect(some.peerDenial(peer('127.0.0.1:5060'))).toBe('core');
    expect(some.peerDenial(peer('127.0.0.2:5060'))).toBe('core');
    expect(some.peerDenial(peer('9.9.9.9:5060'))).toBe('core');
    expect(some.peerDenial(peer('9.9.9.9:5062'))).toBeUndefined();
  });
});

describe('a peer', () => {
  it('on port 0 is none', () => {
    expect(policy().peerDenial(peer('1.1.1.1:0'))).toBe('port-zero');
  });

  it('on a denied address is none, with the cause', () => {
    expect(policy().peerDenial(peer('192.168.0.1:80'))).toBe('private');
  });

  it('that is no address is none', () => {
    expect(policy().addressRule('example.org')).toEqual({ denied: 'not-an-address' });
    expect(policy().addressRule('fe80::1%eth0')).toEqual({ denied: 'not-an-address' });
  });
});

describe('the table of special-purpose ranges', () => {
  it.each(SPECIAL_PURPOSE_RANGES.map(([range, , name]) => [range, name]))('reads %s (%s)', (range) => {
    expect(parseIpRange(range)).toBeDefined();
  });

  it('has no row that an earlier one hides', () => {
    const ranges = SPECIAL_PURPOSE_RANGES.map(([range]) => parseIpRange(range)!);
    ranges.forEach((range, index) => {
      const hidden = ranges
        .slice(0, index)
        .some(({ family, first, last }) => family === range.family && first <= range.first && range.last <= last);
      expect(hidden, SPECIAL_PURPOSE_RANGES[index]![0]).toBe(false);
    });
  });
});
