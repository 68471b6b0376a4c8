import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { origin } from '../../../stun/attributes/draft-stun-origin.ts';
import { realm as realmAttribute } from '../../../stun/attributes/rfc8489.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { type ClientPath, type ClientTransport } from '../../contract/client-path.ts';

/** Which realm serves whom. Names are ASCII, unchanged by OpaqueString. */
export interface RealmOptions {
  /** The default realm, of clients for whom no other realm holds. */
  readonly realm: string;
  readonly realms: {
    /** Realm by the listener that a client came to. */
    readonly byListener: readonly { readonly listener: ListenerName; readonly realm: string }[];
    /** Realm by web origin (draft-ietf-tram-stun-origin), which wins over the listener's. */
    readonly byOrigin: ReadonlyMap<string, string>;
  };
}

export interface ListenerName {
  readonly transport: ClientTransport;
  readonly local: TransportAddress;
}

/**
 * The realms of one engine. Which one a client is challenged in follows from where it came in and from the ORIGIN it tells, which anybody may
 * claim: a realm says which users exist and separates their quotas, and the password says who is one of them.
 */
export class Realms {
  readonly #default: string;
  readonly #byListener: ReadonlyMap<string, string>;
  readonly #byOrigin: ReadonlyMap<string, string>;
  readonly #ofOrigins: ReadonlySet<string>;

  constructor({ realm, realms: { byListener, byOrigin } }: RealmOptions) {
    this.#default = realm;
    this.#byListener = new Map(byListener.map((one) => [listenerKey(one.listener), one.realm]));
    this.#byOrigin = byOrigin;
    this.#ofOrigins = new Set(byOrigin.values());
  }

  /**
   * The realm that a request must be of, and that it is challenged in. Without ORIGIN it may name the realm of an origin, as a client need not
   * repeat ORIGIN in each request; the nonce tells whether it was challenged there.
   */
  of(message: StunMessage, client: ClientPath): string {
    const byOrigin = this.#ofOrigin(message);
    if (byOrigin !== undefined) return byOrigin;
    const named = this.#ofOrigins.size === 0 ? undefined : message.get(realmAttribute);
    return named !== undefined && this.#ofOrigins.has(named) ? named : this.#ofListener(client);
  }

  /** The user as quotas and 441 know it. The same name in two realms is two users. */
  userIn(realm: string, user: string): string {
    return realm === this.#default ? user : `${user}@${realm}`;
  }

  #ofOrigin(message: StunMessage): string | undefined {
    if (this.#byOrigin.size === 0) return undefined;
    const text = message.get(origin);
    return text === undefined ? undefined : this.#byOrigin.get(text);
  }

  #ofListener(client: ClientPath): string {
    if (this.#byListener.size === 0) return this.#default;
    return this.#byListener.get(listenerKey(client)) ?? this.#byListener.get(wildcardKey(client)) ?? this.#default;
  }
}

/** The key of a wildcard listener, for clients that reach it at one of its addresses. */
function wildcardKey({ transport, local }: ListenerName): string {
  return listenerKey({ transport, local: { ...local, address: local.family === 4 ? '0.0.0.0' : '::' } });
}

function listenerKey({ transport, local }: ListenerName): string {
  return `${transport} ${formatTransportAddress(local)}`;
}
