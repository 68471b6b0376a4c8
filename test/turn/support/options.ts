import { type TurnServerOptions } from '../../../src/turn/turn-server-options.ts';
import { DATA_PLANE, SHARDS } from '../../support/data-plane.ts';

/** Everything on loopback and port 0, lab policy, limits that tests do not meet by accident. */
export function turnServerOptions(overrides: Partial<TurnServerOptions> = {}): TurnServerOptions {
  return {
    realm: 'ims.example',
    originRealms: new Map(),
    passwordAlgorithms: ['sha256', 'md5'],
    usernameAnonymity: false,
    software: undefined,
    nonceLifetimeSec: 3600,
    listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }],
    tls: undefined,
    relay: {
      addresses: ['127.0.0.1', '::1'],
      externalAddresses: {},
      ports: { min: 49_152, max: 65_535 },
      portQuarantineSec: 0,
    },
    allocation: {
      defaultLifetimeSec: 600,
      maxLifetimeSec: 3600,
      permissionLifetimeSec: 300,
      channelLifetimeSec: 600,
      permissions: 64,
      channels: 64,
    },
    quota: { perUser: 1000, total: 10_000 },
    peers: { allow: [], deny: [], allowPrivate: true },
    legacyChannelNumbers: false,
    expiryPolicy: 'cap',
    reservationSec: 30,
    mobility: false,
    stream: {
      frameBytes: 70_000,
      idleUnauthenticatedSec: 10,
      handshakeSec: 10,
      stuckSec: 10,
      bufferedBytes: 262_144,
      connections: 1000,
      connectionsPerAddress: 1000,
    },
    sockets: { listenerBufferBytes: 4_194_304, relayBufferBytes: 1_048_576, clockResolutionMs: 20 },
    dataPlane: DATA_PLANE,
    shards: SHARDS,
    tcpRelay: {
      connectTimeoutSec: 30,
      pendingPerAllocation: 16,
      connectionsPerAllocation: 64,
      connections: 1000,
      bufferedBytes: 65_536,
    },
    ...overrides,
  };
}
