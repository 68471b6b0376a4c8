import * as z from 'zod';
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
    address: ipAddress.meta({
      description: 'Address to listen on. `0.0.0.0` and `::` mean all addresses of the machine.',
    }),
    port: portNumber.optional().meta({ description: 'Port to listen on.', defaultText: '3478, or 5349 for tls' }),
    proxyProtocolFrom: proxyRanges,
    publicHost: publicHost.optional().meta({
      description: 'Host name or address of this listener in the TURN URIs that the edge hands out.',
      expected: 'a host name or an IP address',
      defaultText: 'the value of `turn.publicHost`',
    }),
    realm: realmText.optional().meta({
      description: 'Realm of the clients of this listener, one of `turn.realms`.',
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
    .meta({ description: 'Clients whose ORIGIN attribute is one of these belong to this realm.' }),
});

const LAB_LISTENERS = ['127.0.0.1', '::1'].flatMap((address) =>
  (['udp', 'tcp', 'tls'] as const).map((transport) => ({ transport, address })),
);

const relay = section(
  {
    addresses: z.array(ipAddress).min(1).default(['127.0.0.1', '::1']).meta({
      description:
        'Local addresses of relayed transport addresses. The allocations of a family are spread evenly over its addresses.',
    }),
    externalAddresses: z
      .record(ipAddress, ipAddress)
      .default({})
      .meta({ description: 'Behind 1:1 NAT: the address that peers see instead of a local relay address.' }),
    ports: section(
      {
        min: wholeNumber(1024, 65_535, 49_152, 'Lowest relay port.'),
        max: wholeNumber(1024, 65_535, 65_535, 'Highest relay port.'),
      },
      'Port range of relayed transport addresses (RFC 8656 §7.2).',
    ),
    portQuarantineSec: seconds(
      0,
      3600,
      60,
      'Seconds for which a freed relay port is not used again while others are free.',
    ),
  },
  'Relayed transport addresses.',
);

const allocation = section(
  {
    defaultLifetimeSec: seconds(
      60,
      86_400,
      600,
      'Lifetime, in seconds, of an allocation whose client asks for none or for less.',
    ),
    maxLifetimeSec: seconds(60, 86_400, 3600, 'Longest lifetime, in seconds, that one request is granted.'),
    permissionLifetimeSec: seconds(30, 3600, 300, 'Lifetime of a permission in seconds. RFC 8656 §9 says 300.'),
    channelLifetimeSec: seconds(30, 7200, 600, 'Lifetime of a channel in seconds. RFC 8656 §12 says 600.'),
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
      'Most relayed addresses of one user, over all registrations and credentials. A further one is answered 486.',
    ),
    perAddress: wholeNumber(
      1,
      1_000_000,
      1000,
      'Most relayed addresses of clients at one IPv4 address or IPv6 /64. A further one is answered 486. The default is a tenth of the default total, so that no address has all; a hundred subscribers who share an address behind a carrier’s NAT have ten each.',
    ),
    total: wholeNumber(1, 1_000_000, 10_000, 'Most relayed addresses of this server. A further one is answered 486.'),
  },
  'Limits of relayed addresses.',
);

const bandwidth = section(
  {
    allocationBytesPerSec: bytesPerSec('of one allocation'),
    userBytesPerSec: bytesPerSec('of one user, over all of its allocations'),
    totalBytesPerSec: bytesPerSec('of the whole server'),
  },
  'Limits of relayed bandwidth: payload only, each direction by itself. Datagrams above a limit are dropped and counted.',
);

function bytesPerSec(whose: string) {
  return wholeNumber(0, 1_000_000_000_000, 0, `Most bytes a second ${whose}; 0: no limit.`);
}

const answerLimit = section(
  {
    perSec: wholeNumber(0, 1_000_000, 100, 'Answers a second to one IPv4 address or IPv6 /64; 0: no limit.'),
    burst: wholeNumber(1, 1_000_000, 1000, 'Most such answers at once to one address.'),
    sources: wholeNumber(
      64,
      1_000_000,
      65_536,
      'Addresses that the limit remembers. A full table forgets the address that was silent longest.',
    ),
    exempt: z.array(ipRange).default(['127.0.0.0/8', '::1']).meta({
      description: 'Address ranges without this limit, such as a load balancer whose address many clients share.',
    }),
  },
  'Limit of answers to requests that prove nothing: Binding, and everything that is not authenticated. Over UDP, requests above the limit are dropped, so that forged requests do not flood their victim with answers. Over TCP and TLS, counted apart, a client above the limit is read later. After this many wrong passwords over UDP, requests of an address without an allocation are not checked.',
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
        'Ranges that are allowed although they are special-purpose. A metadata service, an address of this machine and an address of the core are opened only by an entry for that one address.',
    }),
    deny: z.array(ipRange).default([]).meta({ description: 'Ranges that are denied. `deny` wins over `allow`.' }),
    allowPrivate: flag(false, 'For labs: allow loopback and private ranges as peers, those of this machine too.'),
  },
  'Peer policy. Denied by default: special-purpose ranges, all addresses of this machine but for live relays, and the core (`edge.core.uris`, `edge.core.trusted`).',
);

const alternateServer = z.strictObject({
  address: ipAddress.meta({
    description: 'Address of another TURN server. Clients of its address family are sent there.',
  }),
  port: z.int().min(1).max(65_535).default(3478).meta({ description: 'UDP and TCP port of that server.' }),
  tlsPort: z.int().min(1).max(65_535).default(5349).meta({ description: 'TLS port of that server.' }),
  host: hostName.optional().meta({
    description: 'Name in the certificate of that server, which TLS clients are told.',
    defaultText: 'the name by which they know this server',
  }),
  weight: wholeNumber(1, 1000, 1, 'How often that server is chosen, relative to the others.'),
});

const stream = section(
  {
    frameBytes: wholeNumber(
      1500,
      131_072,
      65_552,
      'Longest STUN message or ChannelData from a TCP or TLS client, in bytes. A longer one is dropped. The default is the longest that the format allows.',
    ),
    handshakeSec: seconds(1, 120, 10, 'Longest time of a TLS handshake, in seconds.'),
    stuckSec: seconds(
      1,
      600,
      30,
      'Seconds after which a connection is closed if it reads nothing of what waits for it.',
    ),
    idleUnauthenticatedSec: seconds(1, 600, 10, 'Seconds after which a connection without an allocation is closed.'),
    bufferedBytes: wholeNumber(
      4096,
      16_777_216,
      262_144,
      'Most unsent bytes of one connection. Further datagrams to it are dropped.',
    ),
    connections: wholeNumber(
      1,
      1_000_000,
      10_000,
      'Most TCP and TLS connections. If all are taken, one without an allocation is closed for a new one.',
    ),
    connectionsPerAddress: wholeNumber(
      1,
      1_000_000,
      1000,
      'Most TCP and TLS connections of one IPv4 address or IPv6 /64.',
    ),
    connectionsPerSecPerAddress: wholeNumber(
      1,
      100_000,
      40,
      'Most new TCP and TLS connections a second of one address, sustained. Further ones are closed. `turn.answerLimit.exempt` has no limit.',
    ),
    connectionBurstPerAddress: wholeNumber(1, 100_000, 400, 'Most new TCP and TLS connections of one address at once.'),
  },
  'TCP and TLS clients.',
);

const tcpRelay = section(
  {
    enabled: flag(true, 'Let clients on TCP or TLS allocate TCP relays. Needs Linux with the optional package koffi.'),
    connectTimeoutSec: seconds(
      30,
      300,
      30,
      'Seconds for which a Connect waits for the peer. RFC 6062 §5.2 says at least 30.',
    ),
    pendingPerAllocation: wholeNumber(1, 1000, 16, 'Most connections of one allocation that its client has not bound.'),
    connectionsPerAllocation: wholeNumber(1, 10_000, 64, 'Most connections with peers of one allocation.'),
    connections: wholeNumber(1, 1_000_000, 5000, 'Most connections with peers of this server.'),
    bufferedBytes: wholeNumber(
      16_384,
      16_777_216,
      65_536,
      'Most unsent bytes of one direction; beyond it the sender is not read. A side that takes nothing for `turn.stream.stuckSec` ends both.',
    ),
  },
  'TCP between relay and peers (RFC 6062).',
);

const sockets = section(
  {
    listenerBufferBytes: wholeNumber(
      0,
      268_435_456,
      4_194_304,
      'Bytes of the kernel buffers of a UDP listener; 0: the system’s default.',
    ),
    relayBufferBytes: wholeNumber(
      0,
      268_435_456,
      1_048_576,
      'Bytes of the kernel buffers of each relay port, for bursts such as a video frame of 300 datagrams. Memory is used only while datagrams wait. Linux grants up to net.core.rmem_max. 0: the system’s default.',
    ),
    clockResolutionMs: wholeNumber(
      0,
      1000,
      20,
      'Milliseconds by which a packet may notice the end of its channel late. 0: the clock is read for each packet.',
    ),
  },
  'UDP sockets.',
);

export const turnSection = section(
  {
    enabled: flag(true, 'Run the TURN server.'),
    realm: realmText.optional().meta({
      description: 'TURN realm of the credentials that the edge issues.',
      defaultText: 'the value of `domain`',
    }),
    realms: z.array(otherRealm).default([]).meta({ description: 'Further realms.' }),
    passwordAlgorithms: z
      .array(z.enum(['sha256', 'md5']))
      .default(['sha256', 'md5'])
      .meta({
        description:
          'Key hashes offered to clients of RFC 8489, best first. Clients that do not know the offer use MD5; they are refused if the list is not empty and lacks `md5`. SHA-256 is not offered if a user has only a `key`.',
      }),
    usernameAnonymity: flag(
      false,
      'Ask clients of RFC 8489 to send USERHASH instead of USERNAME. Set it only if every credential comes from this process or from `credentials.users`: other names cannot be found by their hash.',
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
    nonceLifetimeSec: seconds(
      60,
      86_400,
      3600,
      'Lifetime of a nonce in seconds. RFC 8656 §7.2 asks for a change at least hourly.',
    ),
    quota,
    bandwidth,
    answerLimit,
    natDiscovery,
    peers,
    legacyChannelNumbers: flag(
      false,
      'Let clients bind channels 0x5000 to 0x7FFF as well. Older clients choose them, `turnutils_uclient` among them.',
    ),
    expiryPolicy: z.enum(['allocate-only', 'cap', 'strict']).default('cap').meta({
      description:
        'What the end of a credential means for an allocation. `allocate-only`: nothing, as in coturn. `cap`: no lifetime goes beyond it. `strict`: as `cap`, and no request succeeds after it.',
    }),
    alternateServers: z.array(alternateServer).max(100).default([]).meta({
      description: 'Servers to which clients that want a new allocation are sent (300 with ALTERNATE-SERVER).',
    }),
    redirect: z.enum(['draining', 'loaded', 'all']).default('draining').meta({
      description:
        'When clients are sent to `alternateServers`. `draining`: while the server drains. `loaded`: also from `redirectAbovePercent` on. `all`: always.',
    }),
    redirectAbovePercent: wholeNumber(
      1,
      100,
      80,
      'Percentage of `quota.total` from which `loaded` sends clients away.',
    ),
    drainSec: seconds(
      0,
      86_400,
      10,
      'Seconds for which SIGTERM and `server.drain()` wait for allocations to end, after the WebSockets are closed. No new allocation is created meanwhile.',
    ),
    stream,
    tcpRelay,
    sockets,
    reservationSec: seconds(
      30,
      300,
      30,
      'Seconds for which EVEN-PORT keeps the next port. RFC 8656 §7.2 says at least 30.',
    ),
    mobility: flag(
      false,
      'Let clients take an allocation to another address or connection (RFC 8016). It is off because no browser asks for it, and because the allocation of such a client keeps its port until it expires, even if the connection is gone.',
    ),
    dataPlane: z.enum(['auto', 'node', 'batch']).default('auto').meta({
      description:
        '`node`: plain sockets on the main thread. `auto`: those, with sockets that can set DF and report ICMP errors on Linux with the optional package koffi. `batch`: on Linux with koffi, threads that move many datagrams of UDP clients by one system call; TCP and TLS clients stay on the main thread. Where `batch` cannot serve, `auto` takes its place and the log says why.',
    }),
    shards: z
      .union([z.literal('auto'), z.number().int().min(1).max(64)])
      .default('auto')
      .meta({
        description:
          'Threads of the data plane `batch`. `auto`: one for each processor. Each takes about 10 MiB of memory.',
        expected: 'auto, or a whole number from 1 to 64',
      }),
  },
  'The TURN server.',
);
