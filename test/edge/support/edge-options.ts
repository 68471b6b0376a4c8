import { Secret } from '../../../src/base/secret.ts';
import { type EdgeOptions, type EmbeddedCoreOptions } from '../../../src/edge/edge-options.ts';
import { createUserDirectory } from '../../../src/edge/user-directory.ts';

type Overrides = { readonly core?: Partial<EmbeddedCoreOptions> } & {
  readonly [K in Exclude<keyof EdgeOptions, 'core'>]?: EdgeOptions[K] extends readonly unknown[]
    ? EdgeOptions[K]
    : EdgeOptions[K] extends object
      ? Partial<EdgeOptions[K]>
      : EdgeOptions[K];
};

export const PASSWORDS = new Map([
  ['alice', new Secret('wonderland')],
  ['bob', new Secret('builder')],
  ['carol', new Secret('christmas')],
]);

/** Options of a small lab, each group open to change. */
export function edgeOptions(overrides: Overrides = {}): EdgeOptions {
  return {
    domain: overrides.domain ?? 'example.com',
    path: overrides.path ?? '/',
    origins: { allow: ['self'], allowMissing: true, ...overrides.origins },
    publicHosts: overrides.publicHosts ?? [],
    limits: {
      messageBytes: 65_536,
      headerCount: 128,
      lineBytes: 8192,
      fragments: 16,
      bufferedChunks: 64,
      bufferedBytes: 1_048_576,
      connections: 1000,
      connectionsPerAddress: 100,
      messagesPerSec: 1000,
      messageBurst: 1000,
      transactions: 2000,
      transactionsPerFlow: 100,
      contactsPerFlow: 16,
      unregisteredSec: 30,
      authenticationFailures: 10,
      messagesPerSecPerAddress: 1000,
      messageBurstPerAddress: 10_000,
      requestsPerSecPerIdentity: 1000,
      requestBurstPerIdentity: 10_000,
      handshakesPerSecPerAddress: 1000,
      handshakeBurstPerAddress: 1000,
      authenticationFailuresPerIdentity: 100,
      authenticationDelaySec: 30,
      authenticationFailuresPerAddress: 1000,
      sources: 1000,
      exempt: [],
      ...overrides.limits,
    },
    keepalive: { pingSec: 25, pongTimeoutSec: 10, ...overrides.keepalive },
    registration: {
      defaultExpiresSec: 600,
      minExpiresSec: 60,
      maxExpiresSec: 7200,
      contactsPerUser: 10,
      ...overrides.registration,
    },
    transaction: { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, timerCSec: 185, retryAfterSec: 5, ...overrides.transaction },
    core: {
      kind: 'embedded',
      digest: { algorithms: ['SHA-256', 'MD5'], nonceLifetimeSec: 300 },
      users: createUserDirectory(PASSWORDS),
      ...overrides.core,
    },
    credential: {
      headers: 'both',
      uris: ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349?transport=tcp'],
      realm: 'turn.example.com',
      burst: 10,
      intervalSec: 10,
      ...overrides.credential,
    },
    webIdentity: overrides.webIdentity,
  };
}
