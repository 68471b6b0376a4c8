import { z } from 'zod';
import {
  flag,
  hostName,
  ipAddress,
  ipRange,
  portNumber,
  proxyRanges,
  realmText,
  seconds,
  section,
  wholeNumber,
} from './fields.ts';

const publicHost = z.union([hostName, ipAddress]);

const listener = z
  .strictObject({
    transport: z.enum(['udp', 'tcp', 'tls']).meta({ description: 'Transport between client and server.' }),
    address: ipAddress.meta({ description: 'Address to listen on; `0.0.0.0` and `::` are all of the machine.' }),
    port: portNumber.optional().meta({ description: 'Port to listen on.', defaultText: '3478, or 5349 for tls' }),
    proxyProtocolFrom: proxyRanges,
    publicHost: publicHost.optional().meta({
      description: 'Host name or address of this listener in the TURN URIs that the edge hands out.',
      expected: 'a host name or an IP address',
      defaultText: 'the value of `turn.publicHost`',
    }),
    realm: realmText.optional().meta({
      description: 'Realm of the clients that come here; one of `turn.realms`.',
      defaultText: 'the value of `turn.realm`',
    }),
  })
  .transform((written) => ({ ...written, port: written.port ?? (written.transport === 'tls' ? 5349 : 3478) }));

const otherRealm = z.strictObject({
  realm: realmText.meta({ description: 'Name of a further realm, for users of its own.' }),
  origins: z
    .array(
      z
        .string()
        .regex(/^[\x21-\x7e]{1,267}$/)
        .meta({ expected: 'a web origin such as https://app.example' }),
    )
    .default([])
    .meta({ description: 'Clients whose ORIGIN attribute is one of these are of this realm.' }),
});

const LAB_LISTENERS = ['127.0.0.1', '::1'].flatMap((address) =>
  (['udp', 'tcp', 'tls'] as const).map((transport) => ({ transport, address })),
);

const relay = section(
  {
    addresses: z.array(ipAddress).min(1).default(['127.0.0.1', '::1']).meta({
      description: 'Local addresses of relayed transport addresses; those of one family share its allocations evenly.',
    }),
    externalAddresses: z
      .record(ipAddress, ipAddress)
      .default({})
      .meta({ description: 'Behind 1:1 NAT: what peers see instead of a local relay address.' }),
    ports: section(
      {
        min: wholeNumber(1024, 65_535, 49_152, 'Lowest relay port.'),
        max: wholeNumber(1024, 65_535, 65_535, 'Highest relay port.'),
      },
      'Port range of relayed transport addresses (RFC 8656 §7.2).',
    ),
    portQuarantineSec: seconds(0, 3600, 60, 'How long a freed relay port rests while others are free.'),
  },
  'Relayed transport addresses.',
);

const allocation = section(
  {
    defaultLifetimeSec: seconds(60, 86_400, 600, 'Lifetime of an allocation that asks for none or less.'),
    maxLifetimeSec: seconds(60, 86_400, 3600, 'Longest lifetime granted at a time.'),
    permissionLifetimeSec: seconds(30, 3600, 300, 'Lifetime of a permission; RFC 8656 §9 says 300.'),
    channelLifetimeSec: seconds(30, 7200, 600, 'Lifetime of a channel; RFC 8656 §12 says 600.'),
    permissions: wholeNumber(1, 10_000, 64, 'Most permissions of one allocation.'),
    channels: wholeNumber(1, 4096, 64, 'Most channels of one allocation.'),
  },
  'Bounds of each allocation.',
);

const quota = section(
  {
    perUser: wholeNumber(
      1,
      1_000_000,
      100,
      'Most relayed addresses of one user, over all registrations and credentials (486 beyond).',
    ),
    perAddress: wholeNumber(
      1,
      1_000_000,
      1000,
      'Most relayed addresses of clients at one IPv4 address or IPv6 /64 (486 beyond). A tenth of the default total: nobody has all, and the subscribers who share an address behind a carrier’s NAT, seldom more than a hundred, have ten each.',
    ),
    total: wholeNumber(1, 1_000_000, 10_000, 'Most relayed addresses of this server (486 beyond).'),
  },
  'Quotas.',
);

const bandwidth = section(
  {
    allocationBytesPerSec: bytesPerSec('Of one allocation'),
    userBytesPerSec: bytesPerSec('Of one user, over all that it has'),
    totalBytesPerSec: bytesPerSec('Of the whole server'),
  },
  'Bandwidth of what is relayed, payload only and each direction by itself. Datagrams beyond are dropped and counted.',
);

function bytesPerSec(whose: string) {
  return wholeNumber(0, 1_000_000_000_000, 0, `${whose}, in bytes a second; 0: no limit.`);
}

const answerLimit = section(
  {
    perSec: wholeNumber(0, 1_000_000, 100, 'A second to one IPv4 address or IPv6 /64; 0: no limit.'),
    burst: wholeNumber(1, 1_000_000, 1000, 'The same at once.'),
    sources: wholeNumber(64, 1_000_000, 65_536, 'Addresses told apart; past it the longest silent is forgotten.'),
    exempt: z
      .array(ipRange)
      .default(['127.0.0.0/8', '::1'])
      .meta({ description: 'Ranges without a limit, such as a load balancer whose address many clients share.' }),
  },
  'Answers to requests that prove nothing (Binding, and all that are not authenticated). Over UDP the rest is dropped, so that forged requests do not bury their victim in answers; over TCP and TLS, counted apart, a client over it is read on when its turn comes. After so many wrong passwords over UDP, what an address without an allocation sends is not looked at.',
);

const natDiscovery = section(
  {
    alternateAddress: ipAddress.optional().meta({
      description:
        'A second address of this machine. Clients can then test their NAT with the first UDP listener of its family.',
      defaultText: 'none: no discovery',
    }),
    alternatePort: portNumber.default(3479).meta({ description: 'The second port, used on both addresses.' }),
  },
  'NAT behaviour discovery (RFC 5780): Binding at two addresses and two ports. Its answers count in `turn.answerLimit`.',
);

const peers = section(
  {
    allow: z.array(ipRange).default([]).meta({
      description:
        'Ranges that are allowed although they are special-purpose. A metadata service, an address of this machine and one of the core open only to an entry for that one address.',
    }),
    deny: z.array(ipRange).default([]).meta({ description: 'Ranges that are denied; wins over `allow`.' }),
    allowPrivate: flag(false, 'For labs: opens loopback and private ranges as peers, those of this machine too.'),
  },
  'Peer policy. Denied by default: special-purpose ranges, all addresses of this machine but for live relays, and the core (`edge.core.uris`, `edge.core.trusted`).',
);

const alternateServer = z.strictObject({
  address: ipAddress.meta({ description: 'Address of another TURN server; clients of its family are sent there.' }),
  port: z.int().min(1).max(65_535).default(3478).meta({ description: 'Its port for UDP and TCP.' }),
  tlsPort: z.int().min(1).max(65_535).default(5349).meta({ description: 'Its port for TLS.' }),
  host: hostName.optional().meta({
    description: 'Name in its certificate, told to TLS clients.',
    defaultText: 'the name by which they know this server',
  }),
  weight: wholeNumber(1, 1000, 1, 'How often it is chosen, relative to the others.'),
});

const stream = section(
  {
    frameBytes: wholeNumber(
      1500,
      131_072,
      65_552,
      'Longest STUN message or ChannelData from a TCP or TLS client; what is longer is dropped. The default takes all that can be written.',
    ),
    handshakeSec: seconds(1, 120, 10, 'How long a TLS handshake may take.'),
    stuckSec: seconds(1, 600, 30, 'A connection that reads nothing of what waits for it is closed after this.'),
    idleUnauthenticatedSec: seconds(1, 600, 10, 'A connection without an allocation is closed after this.'),
    bufferedBytes: wholeNumber(
      4096,
      16_777_216,
      262_144,
      'Unsent bytes of one connection, past which datagrams to it are dropped.',
    ),
    connections: wholeNumber(
      1,
      1_000_000,
      10_000,
      'Most TCP and TLS connections. Past it one without an allocation makes room.',
    ),
    connectionsPerAddress: wholeNumber(1, 1_000_000, 1000, 'The same of one IPv4 address or IPv6 /64.'),
    connectionsPerSecPerAddress: wholeNumber(
      1,
      100_000,
      40,
      'New TCP and TLS connections of one address a second, sustained; more are closed. `turn.answerLimit.exempt` are not limited.',
    ),
    connectionBurstPerAddress: wholeNumber(1, 100_000, 400, 'The same at once.'),
  },
  'TCP and TLS clients.',
);

const tcpRelay = section(
  {
    enabled: flag(true, 'Let clients on TCP or TLS allocate TCP relays. Needs Linux with the optional package koffi.'),
    connectTimeoutSec: seconds(30, 300, 30, 'How long a Connect waits for the peer; RFC 6062 §5.2 says at least 30.'),
    pendingPerAllocation: wholeNumber(1, 1000, 16, 'Most connections of one allocation that no client has bound.'),
    connectionsPerAllocation: wholeNumber(1, 10_000, 64, 'Most connections with peers of one allocation.'),
    connections: wholeNumber(1, 1_000_000, 5000, 'Most connections with peers of this server.'),
    bufferedBytes: wholeNumber(
      16_384,
      16_777_216,
      65_536,
      'Unsent bytes of one direction, past which the other side is not read; a side that takes nothing for `turn.stream.stuckSec` ends both.',
    ),
  },
  'TCP between relay and peers (RFC 6062).',
);

const sockets = section(
  {
    listenerBufferBytes: wholeNumber(0, 268_435_456, 4_194_304, 'Kernel buffers of a UDP listener; 0: the default.'),
    relayBufferBytes: wholeNumber(
      0,
      268_435_456,
      1_048_576,
      'Kernel buffers of each relay port, for bursts such as a video frame of 300 datagrams; memory is taken only while something waits. Linux grants up to net.core.rmem_max. 0: the default.',
    ),
    clockResolutionMs: wholeNumber(
      0,
      1000,
      20,
      'How late a packet may notice the end of its channel; 0 costs a clock reading each.',
    ),
  },
  'UDP sockets.',
);

export const turnSection = section(
  {
    enabled: flag(true, 'Run the TURN server.'),
    realm: realmText.optional().meta({
      description: 'TURN realm; what the edge hands out is good in this one.',
      defaultText: 'the value of `domain`',
    }),
    realms: z.array(otherRealm).default([]).meta({ description: 'Further realms.' }),
    passwordAlgorithms: z
      .array(z.enum(['sha256', 'md5']))
      .default(['sha256', 'md5'])
      .meta({
        description:
          'Key hashes offered to clients of RFC 8489, best first; others ignore the offer and use MD5, unless it is not in a list that is not empty. SHA-256 is left out when a user has no more than a `key`.',
      }),
    usernameAnonymity: flag(
      false,
      'Ask clients of RFC 8489 to send USERHASH instead of USERNAME. Only where every credential comes from this process or `credentials.users`: other names cannot be found by their hash.',
    ),
    software: flag(true, 'Send the SOFTWARE attribute.'),
    publicHost: publicHost.optional().meta({
      description: 'Host name or address in the TURN URIs that the edge hands out.',
      expected: 'a host name or an IP address',
      defaultText: 'the listener’s own address',
    }),
    listeners: z.array(listener).min(1).prefault(LAB_LISTENERS).meta({
      description: 'Where clients reach the server.',
      defaultText: 'udp and tcp 3478, tls 5349, on 127.0.0.1 and ::1',
    }),
    relay,
    allocation,
    nonceLifetimeSec: seconds(60, 86_400, 3600, 'Nonce lifetime; RFC 8656 §7.2 asks for a change at least hourly.'),
    quota,
    bandwidth,
    answerLimit,
    natDiscovery,
    peers,
    legacyChannelNumbers: flag(
      false,
      'Let clients bind channels 0x5000 to 0x7FFF as well: older ones, `turnutils_uclient` among them, still choose them.',
    ),
    expiryPolicy: z.enum(['allocate-only', 'cap', 'strict']).default('cap').meta({
      description:
        'What the end of a credential means after Allocate. `allocate-only`: nothing, as in coturn; `cap`: no lifetime passes it; `strict`: no request succeeds after it, either.',
    }),
    alternateServers: z
      .array(alternateServer)
      .max(100)
      .default([])
      .meta({ description: 'Servers to send clients to (300 and ALTERNATE-SERVER) that want a new allocation.' }),
    redirect: z.enum(['draining', 'loaded', 'all']).default('draining').meta({
      description:
        'When clients are sent to `alternateServers`. `draining`: while the server is drained; `loaded`: also at `redirectAbovePercent`; `all`: always.',
    }),
    redirectAbovePercent: wholeNumber(1, 100, 80, 'Share of `quota.total` from which `loaded` sends clients away.'),
    drainSec: seconds(
      0,
      86_400,
      10,
      'How long allocations are waited for by SIGTERM, or `server.drain()`, once the WebSockets are closed; no new one is made then.',
    ),
    stream,
    tcpRelay,
    sockets,
    reservationSec: seconds(30, 300, 30, 'How long EVEN-PORT keeps the next port (RFC 8656 §7.2 says at least 30).'),
    mobility: flag(
      false,
      'Let clients take an allocation to another address or connection (RFC 8016). Off, as no browser asks for it, and as the allocation of such a client holds its port until it expires when the connection is gone.',
    ),
    dataPlane: z.enum(['auto', 'node']).default('auto').meta({
      description:
        '`auto`: on Linux with the optional package koffi, relay sockets that can set DF and tell of ICMP errors; `node`: without.',
    }),
  },
  'The TURN server.',
);
