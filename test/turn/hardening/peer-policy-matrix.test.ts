import { describe, expect, it } from 'vitest';
import { formatIp, parseIp } from '../../../src/base/ip.ts';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import {
  channelNumber,
  data,
  requestedAddressFamily,
  requestedTransport,
  xorPeerAddress,
} from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type PeerOptions } from '../../../src/turn/engine/engine-options.ts';
import { codeOf, World, type TestClient } from '../engine/world.ts';

/** A public address, and what an attacker would rather have: loopback, a private network, a metadata service. */
const INNER = ['9.9.9.9', '127.0.0.1', '10.0.0.1', '192.168.1.1', '169.254.169.254'];

/** Every way to write an IPv4 address into an IPv6 one, each as 16 bytes around the four. */
const ENCODINGS: readonly (readonly [name: string, source: string, encode: (inner: Buffer) => Buffer])[] = [
  ['IPv4-mapped', 'RFC 4291 §2.5.5.2', (inner) => join('00000000000000000000ffff', inner)],
  ['IPv4-compatible', 'RFC 4291 §2.5.5.1', (inner) => join('000000000000000000000000', inner)],
  ['IPv4-translated', 'RFC 2765 §2.1', (inner) => join('0000000000000000ffff0000', inner)],
  ['NAT64', 'RFC 6052 §2.1', (inner) => join('0064ff9b0000000000000000', inner)],
  ['local-use NAT64, /96', 'RFC 8215', (inner) => join('0064ff9b0001000000000000', inner)],
  ['local-use NAT64, /48', 'RFC 6052 §2.2', (inner) => join('0064ff9b0001', inner, '000000000000', 2)],
  ['6to4', 'RFC 3056 §2', (inner) => join('2002', inner, '00010000000000000001')],
  [
    'Teredo',
    'RFC 4380 §4',
    (inner) =>
      join(
        '200100004136e378800063bf',
        inner.map((byte) => byte ^ 0xff),
      ),
  ],
  ['Teredo, as its server', 'RFC 4380 §4', (inner) => join('20010000', inner, '800063bff6f6f6f6')],
  ['ISATAP', 'RFC 5214 §6.1', (inner) => join('260647000000000000005efe', inner)],
  ['ISATAP, global', 'RFC 5214 §6.1', (inner) => join('260647000000000002005efe', inner)],
]; // the prefix 2606:4700::/64 is an ordinary public one

/** RFC 6052 §2.2: behind a prefix of 48 bits, the address leaves octet 8 (bits 64 to 71) out. */
function join(before: string, inner: Uint8Array, after = '', splitAt = 4): Buffer {
  const parts = [Buffer.from(before, 'hex'), inner.subarray(0, splitAt)];
  if (splitAt < 4) parts.push(Buffer.alloc(1), inner.subarray(splitAt));
  const whole = Buffer.concat([...parts, Buffer.from(after, 'hex')]);
  return Buffer.concat([whole, Buffer.alloc(16)]).subarray(0, 16);
}

const CLOSED: Partial<PeerOptions> = {};
/** The widest that an operator can write. */
const WIDE: Partial<PeerOptions> = { allow: ['0.0.0.0/0', '::/0'], allowPrivate: true };

interface Path {
  readonly name: string;
  /** Tries it, and tells whether anything was granted or passed. */
  readonly try: (world: World, client: TestClient, peer: TransportAddress) => boolean;
}

const PATHS: readonly Path[] = [
  {
    name: 'CreatePermission',
    try: (_world, client, peer) =>
      codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, peer))) === 0,
  },
  {
    name: 'ChannelBind',
    try: (_world, client, peer) =>
      codeOf(client.request(Method.ChannelBind, (m) => m.add(channelNumber, 0x4000).add(xorPeerAddress, peer))) === 0,
  },
  {
    name: 'Send',
    try: (world, client, peer) => {
      client.indicate(Method.Send, (m) => m.add(xorPeerAddress, peer).add(data, Buffer.from('x')));
      return world.plane.sent.length > 0;
    },
  },
  {
    name: 'incoming data',
    try: (world, client, peer) => {
      const before = client.inbox.length;
      world.engine.onPeerData(client.relayOf(peer.family), peer, Buffer.from('x'));
      return client.inbox.length > before;
    },
  },
];

/** Of a TCP relay (RFC 6062). */
const TCP_PATHS: readonly Path[] = [
  {
    name: 'Connect',
    try: (world, client, peer) => {
      client.exchange(client.signed(Method.Connect, (m) => m.add(xorPeerAddress, peer)));
      return world.plane.tcp!.connecting.size > 0;
    },
  },
  {
    name: 'TCP accept',
    try: (world, client, peer) => {
      client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, peer));
      return world.engine.onPeerAccepted(client.relayOf(peer.family), peer) !== undefined;
    },
  },
];

function peerAt(bytes: Buffer): TransportAddress {
  return { family: bytes.length === 4 ? 4 : 6, address: formatIp(bytes), port: 80 };
}

/** A client with a relay of this family, that was permitted whatever it could get by asking before. */
function allocated(
  peers: Partial<PeerOptions>,
  family: 4 | 6,
  transport: 'udp' | 'tcp' = 'udp',
): { world: World; client: TestClient } {
  const world = new World({ peers: { allow: [], deny: [], allowPrivate: false, ...peers } });
  const client = world.client(undefined, transport).as('alice');
  const answer = client.request(Method.Allocate, (m) =>
    m.add(requestedTransport, transport === 'udp' ? 17 : 6).add(requestedAddressFamily, family === 4 ? 1 : 2),
  );
  expect(codeOf(answer)).toBe(0);
  return { world, client };
}

/** The names of the paths on which something was granted or passed, one after the other on one allocation: a refused grant opens no other path. */
function passing(peers: Partial<PeerOptions>, bytes: Buffer): string[] {
  const peer = peerAt(bytes);
  const { world, client } = allocated(peers, peer.family);
  const open = [
    ...PATHS.filter((path) => path.try(world, client, peer)),
    ...TCP_PATHS.filter((path) => {
      const tcp = allocated(peers, peer.family, 'tcp');
      return path.try(tcp.world, tcp.client, peer);
    }),
  ].map(({ name }) => name);
  const { permissions, channels } = client.relayOf(peer.family);
  if (permissions.size + channels.size > 0) expect(open).toContain('CreatePermission');
  return open;
}

const ALL = [...PATHS, ...TCP_PATHS].map(({ name }) => name);

describe('the peer policy, over CreatePermission, ChannelBind, Send, incoming data, Connect and TCP accept', () => {
  describe.each(ENCODINGS)('%s (%s)', (_name, _source, encode) => {
    it.each(INNER)('does not reach %s inside IPv6, even where all is allowed', (inner) => {
      const bytes = encode(Buffer.from(parseIp(inner)!));
      expect(passing(CLOSED, bytes), formatIp(bytes)).toEqual([]);
      expect(passing(WIDE, bytes), formatIp(bytes)).toEqual([]);
    });
  });

  it('lets a public address of either family pass on all of them, so that the rows above mean something', () => {
    for (const text of ['9.9.9.9', '2606:4700::1']) {
      expect(passing(CLOSED, Buffer.from(parseIp(text)!))).toEqual(ALL);
    }
  });

  it.each([
    ['100.64.0.0/10', ['100.63.255.255', '100.128.0.0'], ['100.64.0.0', '100.127.255.255']],
    ['172.16.0.0/12', ['172.15.255.255', '172.32.0.0'], ['172.16.0.0', '172.31.255.255']],
    ['198.18.0.0/15', ['198.17.255.255', '198.20.0.0'], ['198.18.0.0', '198.19.255.255']],
    ['224.0.0.0/4', ['223.255.255.255'], ['224.0.0.0', '239.255.255.255']],
    ['2001::/23', ['2001:200::'], ['2001:0:ffff::', '2001:1ff:ffff::1']],
    ['3fff::/20', ['3ffe:ffff::1', '3fff:1000::'], ['3fff::', '3fff:fff:ffff::1']],
    ['2000::/3', ['2fff::1', '3ffe::1'], ['1fff:ffff::1', '4000::1']],
  ])('ends %s inside its byte: neighbours pass, first and last do not', (_range, open, closed) => {
    for (const text of open) expect([text, passing(CLOSED, Buffer.from(parseIp(text)!))]).toEqual([text, ALL]);
    for (const text of closed) expect([text, passing(CLOSED, Buffer.from(parseIp(text)!))]).toEqual([text, []]);
  });

  it.each([
    ['9.9.8.0/23', ['9.9.7.255', '9.9.10.0'], ['9.9.8.0', '9.9.9.255']],
    ['9.9.9.8/29', ['9.9.9.7', '9.9.9.16'], ['9.9.9.8', '9.9.9.15']],
    ['9.9.9.9-9.9.10.2', ['9.9.9.8', '9.9.10.3'], ['9.9.9.9', '9.9.9.255', '9.9.10.2']],
    ['2606:4700:8000::/33', ['2606:4700:7fff:ffff::1', '2606:4701::'], ['2606:4700:8000::', '2606:4700:ffff::1']],
    ['2606:4700::f0/124', ['2606:4700::ef', '2606:4700::100'], ['2606:4700::f0', '2606:4700::ff']],
  ])('ends an operator’s %s inside its byte', (range, open, closed) => {
    const deny = { deny: [range] };
    for (const text of open) expect([text, passing(deny, Buffer.from(parseIp(text)!))]).toEqual([text, ALL]);
    for (const text of closed) expect([text, passing(deny, Buffer.from(parseIp(text)!))]).toEqual([text, []]);
  });

  it.each(['8.8.4.1:3478', '9.9.9.9:0'])('does not send to or hear %s on a permission for its address', (text) => {
    const { world, client } = allocated(CLOSED, 4);
    const colon = text.indexOf(':');
    const peer = { family: 4 as const, address: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
    const [permission, channel, ...data] = PATHS.map((path) => path.try(world, client, peer));
    expect(permission).toBe(true);
    expect(channel).toBe(false);
    expect(data).toEqual([false, false]);
    const tcp = allocated(CLOSED, 4, 'tcp');
    expect(TCP_PATHS.map((path) => path.try(tcp.world, tcp.client, peer))).toEqual([false, false]);
  });
});
