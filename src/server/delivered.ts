import { defaultRealm } from '../config/long-term-users.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { readsUsers } from '../config/schema/redis-rules.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type CredentialIssuer, type CredentialVerifier } from '../credentials/credential.ts';
import { type Delivery } from '../credentials/delivered/delivery.ts';
import { type DeliveryObservers } from '../credentials/delivered/delivery-events.ts';
import { type CredentialStore } from '../credentials/delivered/delivery-words.ts';
import { createDeliveredIssuer } from '../credentials/delivered/issuer.ts';
import { MemoryStore } from '../credentials/delivered/memory-store.ts';
import { createDeliveredVerifier } from '../credentials/delivered/verifier.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { type RedisLink } from '../redis/link.ts';
import { RedisDelivery } from '../redis/redis-delivery.ts';
import { RedisUserKeys } from '../redis/redis-user-keys.ts';
import { type ServerWrap } from './server-wrap.ts';

/** Approach 2, as configured, in one run of a server. */
export interface Delivered {
  /** Makes the credentials of approach 2; absent when the edge makes them by another approach. */
  readonly issuer: CredentialIssuer | undefined;
  /** Absent where the TURN server honours nobody to whom something was delivered. */
  readonly verifier: CredentialVerifier | undefined;
  /** Takes a revoked credential out of the store, as its issuer may have forgotten it. */
  readonly takeBack: (entry: Revocation) => void;
}

export interface DeliveredPorts {
  /** The link to Redis; absent: credentials are delivered within this process. */
  readonly link: RedisLink | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Denies the name of a credential that was taken back. */
  readonly revoke: (entry: Revocation) => void;
  readonly isRevoked: (user: string, now: Now) => boolean;
  readonly events: DeliveryObservers;
  /** What stands around a store in this process. */
  readonly wrapStore: ServerWrap['store'];
}

export function createDelivered(config: Config, secrets: LoadedSecrets, ports: DeliveredPorts): Delivered {
  const { link } = ports;
  if (!link) return createInMemory(config, secrets, ports);
  const { maxRegistrations } = config.credentials;
  const delivery = delivers(config) ? new RedisDelivery({ ...ports, link, max: maxRegistrations }) : undefined;
  return {
    issuer: delivery && createIssuer(config, secrets, { delivery, store: 'redis' }, ports),
    verifier: readsUsers(config)
      ? createDeliveredVerifier(new RedisUserKeys({ ...ports, link, maxRemembered: config.redis.rememberedUsers }))
      : undefined,
    takeBack: takesBack(config, delivery),
  };
}

function createInMemory(config: Config, secrets: LoadedSecrets, ports: DeliveredPorts): Delivered {
  if (!delivers(config)) return { issuer: undefined, verifier: undefined, takeBack: takesBack(config, undefined) };
  const memory = new MemoryStore(config.credentials.delivered.maxCredentials);
  const store = ports.wrapStore?.(memory) ?? memory;
  return {
    issuer: createIssuer(config, secrets, { delivery: store, store: 'memory' }, ports),
    verifier: createDeliveredVerifier(store),
    takeBack: takesBack(config, store),
  };
}

function delivers({ credentials }: Config): boolean {
  return credentials.approach === 'delivered';
}

function takesBack(config: Config, delivery: Delivery | undefined): Delivered['takeBack'] {
  const realm = defaultRealm(config);
  return ({ user, untilSec }) => {
    delivery?.remove({ user, realm, expiresAtSec: untilSec });
  };
}

function createIssuer(
  config: Config,
  { pseudonymKey }: LoadedSecrets,
  { delivery, store }: { readonly delivery: Delivery; readonly store: CredentialStore },
  { revoke, events }: DeliveredPorts,
): CredentialIssuer {
  const { policy, ttl, maxRegistrations } = config.credentials;
  const realm = defaultRealm(config);
  return createDeliveredIssuer({
    delivery,
    store,
    events,
    realm,
    policy,
    ttl,
    personKey: pseudonymKey,
    maxRegistrations,
    revoke,
  });
}
